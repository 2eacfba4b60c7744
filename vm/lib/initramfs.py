# SPDX-License-Identifier: MIT
"""The initramfs of a run: busybox, the modules for the root, and the job."""

import pathlib

from . import cpio, kernels, paths


def build(tree, kernel, job):
    """
    Returns the bytes of an initramfs.

    @job is the text of the shell script that the guest's init runs; it travels
    in the archive, so no channel is needed before the root is mounted.
    """
    arch = cpio.Archive()
    busybox = pathlib.Path(tree) / "usr/bin/busybox"
    arch.directory("bin")
    for name in ("dev", "proc", "sys", "lower", "rw", "newroot"):
        arch.directory(name)
    arch.file("bin/busybox", busybox.read_bytes(), 0o755)
    arch.symlink("bin/sh", "busybox")
    order = []
    for name, content in kernels.boot_modules(kernel):
        arch.file(f"modules/{name}", content)
        order.append(name)
    arch.file("modules/order", "".join(f"{n}\n" for n in order).encode())
    arch.file("init", (paths.VM / "guest/initramfs-init").read_bytes(), 0o755)
    arch.file("job", job.encode(), 0o755)
    return arch.finish()
