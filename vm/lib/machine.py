# SPDX-License-Identifier: MIT
"""The virtual machine: QEMU's command line and the kernel's."""

import json
import shlex

from . import clock, paths

# The sandbox that QEMU runs in shows what is shared under /mnt, away from the tree's own
# mounts, so that a share has no mount inside it.
_RUN = "/mnt/run"

# (tag, read-only): the modules of a debug kernel aren't in the tree.
_SHARES = (("tree", True), ("project", True), ("build", True), ("kmod", True), ("out", False))


def kernel_args(opts, kernel, accel):
    """Returns the kernel's command line."""
    args = ["console=ttyS0", "panic=-1", "oops=panic", "softlockup_panic=1", "hung_task_panic=1",
            "mitigations=off", "random.trust_cpu=on", "net.ifnames=0", "rdinit=/init"]
    # With less than 6 a WARN's first line doesn't reach the console; KUnit and
    # kmemleak speak at level 6, which takes 7.
    args.append(f"loglevel={7 if kernel.debug else 6}")
    if accel == "tcg":
        args += [f"tsc_early_khz={clock.tsc_khz()}", "no_timer_check", "tsc=reliable"]
    elif accel == "icount":
        args += ["tsc_early_khz=1000000", "no_timer_check", "tsc=reliable"]
    if opts.iommu:
        # Translate for every device: by default a kernel may let trusted ones pass.
        args += ["intel_iommu=on", "iommu=nopt"]
    return args + shlex.split(opts.append or "")


def binds(tree, kernel, out, run):
    """Returns the bwrap binds that QEMU needs for the kernel, sockets and shares."""
    return [("--ro-bind", kernel.image, "/mnt/vmlinuz"),
            ("--ro-bind", tree, "/mnt/tree"), ("--ro-bind", paths.TOP, "/mnt/project"),
            ("--ro-bind", paths.build_dir(), "/mnt/build"),
            ("--ro-bind", kernel.modules, "/mnt/kmod"),
            ("--bind", out, "/mnt/out"), ("--bind", run, _RUN)]


# Not la57: while the kernel looks at its CPUs the feature is off for a moment, and an
# interrupt then sees KASAN's shadow at the wrong place: one boot in a few splats.
_TCG_CPU = "max,la57=off"

# "String instructions are fast" makes kernel and libc copy and clear by the byte, which is
# eight times the work where instructions are emulated: a tenth of a debug kernel's boot.
_TCG_SLOW = ",erms=off,fsrm=off,fsrs=off,fzrm=off"


def _accel(accel, smp):
    if accel == "kvm":
        return ["-accel", "kvm", "-cpu", "host", "-smp", str(smp)]
    if accel == "icount":
        return ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off",
                "-cpu", _TCG_CPU, "-smp", "1"]
    return ["-accel", "tcg,thread=multi", "-cpu", _TCG_CPU + _TCG_SLOW, "-smp", str(smp)]


# When the guest sleeps a virtio device is reset, which 9p doesn't survive; but for a PCI
# Express device, as they are behind a port, that says it needn't be.
_VIRTIO_PORT = "pcie-root-port,id=vp0,chassis=2,slot=2,addr=0x1e"
_VIRTIO = "bus=vp0,multifunction=on,x-pcie-pm-no-soft-reset=on"


def _virtio(function, driver, options=""):
    return ["-device", f"{driver},{_VIRTIO},addr=0x0.{function}{options}"]


def _shares():
    for i, (tag, readonly) in enumerate(_SHARES):
        yield from ("-fsdev", f"local,id={tag},path=/mnt/{tag},security_model=none,"
                              f"multidevs=remap{',readonly=on' if readonly else ''}",
                    *_virtio(i, "virtio-9p-pci", f",fsdev={tag},mount_tag={tag}"))


def _port(name, socket, options=""):
    return ["-chardev", f"socket,id={name},path={_RUN}/{socket}{options}",
            "-device", f"virtserialport,chardev={name},name=carillon.{name}"]


# QEMU's name for our device.
GPU = "gpu0"


def gpu():
    """Returns what device_add has to know of our device."""
    return {"driver": "vfio-user-pci", "id": GPU, "bus": "rp0",
            "socket": {"type": "unix", "path": f"{_RUN}/emu.sock"}}


# Devices by what --display calls them. Their ids are the names for screendump requests.
DISPLAYS = {
    "bochs": ["-device", "bochs-display,id=bochs"],
    "virgl": ["-device", "virtio-gpu-gl-pci,id=virgl"],
}


def _displays(opts):
    """
    Yields the displays of the guest and where they show.

    virgl's commands are run by a GL context of QEMU's, for which SDL needs an X server:
    lib/with-xvfb gives it one. The other way, egl-headless, wants a GPU of the host.
    """
    yield from ("-display", "sdl,gl=on" if "virgl" in opts.display else "none", "-vga", "none")
    for name in opts.display:
        yield from DISPLAYS[name]


def _machine(opts):
    """
    A virtual IOMMU has to be told of each new mapping (caching mode), so that what QEMU tells
    the emulator is complete; and remaps interrupts only with KVM's half of the interrupt
    controller out of the way.
    """
    if not opts.iommu:
        return ["-machine", "q35,memory-backend=mem"]
    return ["-machine", "q35,memory-backend=mem,kernel-irqchip=split",
            "-device", "intel-iommu,intremap=on,caching-mode=on"]


def qemu_args(opts, kernel, accel):
    """
    Returns QEMU's command line.

    RAM has to be shared memory, else the emulator's DMA goes nowhere, silently.
    """
    args = [f"{paths.IN_PROJECT}/vm/lib/with-xvfb"] if "virgl" in opts.display else []
    args += ["qemu-system-x86_64", "-nodefaults", "-no-user-config", *_displays(opts),
             "-no-reboot", *_machine(opts),
             "-object", f"memory-backend-memfd,id=mem,size={opts.mem},share=on", "-m", opts.mem]
    args += _accel(accel, opts.smp)
    args += ["-kernel", "/mnt/vmlinuz", "-initrd", f"{_RUN}/initramfs",
             "-append", " ".join(kernel_args(opts, kernel, accel))]
    if opts.shell:
        args += ["-chardev", "stdio,id=console,mux=on,signal=off,logfile=/mnt/out/vm-logs/console.log",
                 "-mon", "chardev=console"]
    else:
        args += ["-chardev", "file,id=console,path=/mnt/out/vm-logs/console.log"]
    args += ["-serial", "chardev:console", "-device", _VIRTIO_PORT, *_shares(),
             *_virtio(len(_SHARES), "virtio-serial-pci")]
    for name in ("result", "output", "request"):
        args += _port(name, f"{name}.sock")
    args += ["-qmp", f"unix:{_RUN}/qmp.sock,server=on,wait=off"]
    if opts.emu:
        args += ["-device", "pcie-root-port,id=rp0,chassis=1,slot=1", "-device", json.dumps(gpu())]
        # The emulator may die, and another one be started.
        args += _port("ctl", "control.sock", ",reconnect-ms=100")
    return args + shlex.split(opts.qemu_args or "")
