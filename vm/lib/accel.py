# SPDX-License-Identifier: MIT
"""KVM or TCG: the device node proves little, so a kernel has to boot with it once."""

import os
import pathlib

from . import initramfs, kernels, paths, proc, sandbox

_LIMIT_S = 20


def _boots(tree):
    """Whether the stock kernel gets to its first program under KVM."""
    kernel = kernels.find(tree, "stock")
    with proc.run_dir() as run:
        archive = pathlib.Path(run) / "initramfs"
        archive.write_bytes(initramfs.build(tree, kernel, ""))
        binds = [("--ro-bind", kernel.image, "/mnt/vmlinuz"), ("--bind", run, "/mnt/run"),
                 ("--dev-bind", "/dev/kvm", "/dev/kvm")]
        qemu = ["qemu-system-x86_64", "-nodefaults", "-display", "none", "-no-reboot",
                "-machine", "q35", "-accel", "kvm", "-cpu", "host", "-m", "512M", "-smp", "2",
                "-kernel", "/mnt/vmlinuz", "-initrd", "/mnt/run/initramfs", "-serial", "stdio",
                "-append", "console=ttyS0 panic=-1 loglevel=4 carillon.selftest rdinit=/init"]
        child = proc.spawn(sandbox.command(tree, qemu, binds=binds),
                           stdin=proc.subprocess.DEVNULL, stdout=proc.subprocess.PIPE,
                           stderr=proc.subprocess.STDOUT)
        try:
            said, _ = child.communicate(timeout=_LIMIT_S)
            return b"carillon-selftest: up" in said
        except proc.subprocess.TimeoutExpired:
            return False
        finally:
            proc.stop(child)


def _kvm_works(tree):
    """The verdict on KVM, found once per boot of the host and user."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    note = paths.cache_dir() / "kvm-verdict"
    with proc.lock(paths.cache_dir() / "kvm.lock"):
        if note.exists():
            known, _, verdict = note.read_text(encoding="ascii").partition(" ")
            if known == boot:
                return verdict == "yes"
        proc.say("vm: trying KVM (once per boot of this machine) …")
        works = _boots(tree)
        proc.say(f"vm: KVM {'works' if works else 'does not boot a kernel here: TCG'}")
        fresh = note.with_suffix(".new")
        fresh.write_text(f"{boot} {'yes' if works else 'no'}", encoding="ascii")
        fresh.replace(note)
    return works


def choose(asked, tree):
    """Returns kvm or tcg for the --accel option @asked."""
    if asked != "auto":
        return asked
    return "kvm" if _kvm_works(tree) else "tcg"
