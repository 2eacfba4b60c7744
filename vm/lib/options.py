# SPDX-License-Identifier: MIT
"""The options of vm/run and vm/shell."""

import argparse

from . import kernels, machine

_EPILOG = """\
In the guest: the project is at /carillon (the working directory), build products at
/carillon-build, $OUT comes back to --out, $KDIR has the modules of the kernel that runs.
Exit code: the command's, or 99 a splat, 98 no result, 124 out of time, 125 no start.
"""


def parser(shell=False):
    """Returns the parser of vm/run, or of vm/shell if @shell."""
    arg = argparse.ArgumentParser(
        description="Opens a shell in a guest." if shell else "Runs a command in a guest.",
        epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = arg.add_argument
    add("--kernel", choices=kernels.NAMES, default="stock")
    add("--emu-args", metavar="ARGS", help="further arguments of carillon-emu")
    add("--no-emu", dest="emu", action="store_false", help="no emulated GPU")
    add("--irq", choices=("msi", "msix"), help="interrupt kind that the GPU offers (default: both)")
    add("--display", action="append", choices=sorted(machine.DISPLAYS), default=[],
        help="give the guest a display, or two: bochs, or virgl, a GPU with a Mesa driver")
    add("--iommu", action="store_true", help="a virtual IOMMU, which translates all DMA")
    add("--mem", default="1G")
    add("--smp", type=int, default=2)
    add("--timeout", type=float, default=600, metavar="S", help="of the command (default 600)")
    add("--boot-timeout", type=float, default=180, metavar="S", help="(default 180)")
    add("--out", metavar="DIR", help="where $OUT and vm-logs go (default: a new one in out/vm)")
    add("--allow-splat", action="store_true", help="splats and taints don't fail the run")
    add("--allow-taint", type=int, default=0, metavar="MASK",
        help="bits of the kernel's taint that don't fail the run, beside those of our modules")
    add("--no-load", dest="load", action="store_false", help="don't load our modules")
    add("--no-unload", dest="unload", action="store_false",
        help="don't require that our modules can be unloaded after the command")
    add("--no-leaks", dest="leaks", action="store_false", help="no kmemleak scan (kasan)")
    add("--no-build", dest="build", action="store_false", help="take modules and emulator as they are")
    add("--param", action="append", metavar="MOD.NAME=V", help="a parameter of a module")
    add("--env", action="append", metavar="NAME=V", help="a variable for the command")
    add("--append", metavar="ARGS", help="further kernel parameters")
    add("--qemu-args", metavar="ARGS", help="further arguments of QEMU")
    add("--icount", action="store_true", help="one CPU whose clock follows the instruction count")
    add("--accel", choices=("auto", "kvm", "tcg"), default="auto")
    add("--quiet", action="store_true", help="no line about the boot")
    arg.set_defaults(shell=shell)
    if shell:
        arg.set_defaults(cmd=["true"])
    else:
        add("cmd", nargs="+", metavar="CMD")
    return arg
