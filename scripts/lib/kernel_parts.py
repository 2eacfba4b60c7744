# SPDX-License-Identifier: MIT
"""Files of the kernel's source package, built as modules for a guest's kernel.

Some of the kernel that tests want isn't in the kernel they run on: sw_sync isn't in
Debian's, the kernel's own KUnit suites aren't in ours. Their files are copied out of the
source package into the build folder and built there against that kernel. Nothing of it
is part of the project.
"""

import dataclasses
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

from lib import build, kernels, paths, proc, tree
from lib.proc import Failure


@dataclasses.dataclass(frozen=True)
class Part:
    """
    Some files and how they are built.

    @name: of the folder they are built in
    @files: paths in the kernel's source; each has the same path in that folder
    @kbuild: text of the Kbuild file at the top of it
    @extra: further files, as (name, text) pairs
    """

    name: str
    files: tuple
    kbuild: str
    extra: tuple = ()


_ABOUT = """// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

MODULE_DESCRIPTION("%s");
MODULE_LICENSE("GPL");
"""

# Where it's configured at all it's built in, so it has no module's description.
SW_SYNC = Part(
    "sw_sync",
    ("drivers/dma-buf/sw_sync.c", "drivers/dma-buf/sync_debug.c",
     "drivers/dma-buf/sync_debug.h", "drivers/dma-buf/sync_trace.h"),
    "obj-m := sw-sync.o\n"
    "sw-sync-y := drivers/dma-buf/sw_sync.o drivers/dma-buf/sync_debug.o about.o\n"
    "CFLAGS_drivers/dma-buf/sync_debug.o := -include linux/module.h\n"
    # Its trace header is looked for as ../../drivers/dma-buf/sync_trace.h.
    "CFLAGS_drivers/dma-buf/sw_sync.o := -I$(src)/drivers/dma-buf\n",
    (("about.c", _ABOUT % "Software sync timelines for tests"),))


def _source():
    """The kernel's source, unpacked."""
    got = subprocess.run([paths.TOP / "scripts/kernel", "--source"], stdout=subprocess.PIPE,
                         text=True, check=False)
    if got.returncode:
        raise Failure("no kernel source")
    return pathlib.Path(got.stdout.strip())


def _series(top):
    """The series that the source @top is of: 7.2, say."""
    text = (top / "Makefile").read_text(encoding="utf-8")
    return ".".join(re.search(r"^%s = (\d+)$" % key, text, re.M)[1]
                    for key in ("VERSION", "PATCHLEVEL"))


def _lay_out(part, top, folder):
    """Fills @folder with @part's files."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in part.files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(top / name, folder / name)
    for name, text in (("Kbuild", part.kbuild), *part.extra):
        (folder / name).write_text(text, encoding="utf-8")


def modules(part, kernel_name):
    """
    Builds @part for the kernel @kernel_name, unless it's there already.

    Returns the folder of its modules, below the build folder. Raises Failure if it doesn't
    build, or if the source package is of another series than the kernel.
    """
    root, top = tree.get(), _source()
    kernel = kernels.find(root, kernel_name)
    if not re.match(re.escape(_series(top)) + r"\b", kernel.release):
        raise Failure("%s needs the source of Linux %s, and the root tree has that of %s"
                      % (part.name, kernel.release, _series(top)))
    inside = "%s-%s" % (part.name, kernel_name)
    base = paths.build_dir() / "kernel-parts"
    folder, log = base / inside, base / (inside + ".log")
    base.mkdir(exist_ok=True)
    want = hashlib.sha256(repr((part, str(top), kernel.build, str(root))).encode()).hexdigest()
    with proc.lock(base / (inside + ".lock"), "waiting for another build of " + inside):
        stamp = folder / ".built"
        if stamp.exists() and stamp.read_text(encoding="ascii") == want:
            return folder
        _lay_out(part, top, folder)
        argv = ["make", "-C", kernel.build, "M=%s/kernel-parts/%s" % (paths.IN_BUILD, inside),
                "-j%d" % (os.cpu_count() or 1), "modules"]
        if build.in_tree(root, argv, log, kernel.binds):
            raise Failure("%s doesn't build for %s, log: %s" % (part.name, kernel.release, log))
        stamp.write_text(want, encoding="ascii")
    return folder
