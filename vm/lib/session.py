# SPDX-License-Identifier: MIT
"""What vm/run and vm/shell do before and after a guest: tree, builds, output folder."""

import os
import pathlib
import shutil
import time

from . import accel, build, paths, runner, tree

# Output folders that nobody named are kept up to this many.
_KEEP = 20


def _new_out():
    """Makes an output folder of its own for this run; old ones go."""
    base = paths.out_dir()
    old = sorted(p for p in base.iterdir() if p.is_dir() and not p.is_symlink())
    for path in old[:-_KEEP]:
        shutil.rmtree(path, ignore_errors=True)
    path = base / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    path.mkdir()
    link = base / f".latest-{os.getpid()}"
    link.symlink_to(path.name)
    link.replace(base / "latest")
    return path


def run(opts):
    """Runs a guest by @opts and returns the exit code."""
    root = tree.get()
    if opts.build:
        if opts.load:
            build.modules(root, opts.kernel)
        if opts.emu:
            build.meson(root, "emu")
    if opts.out:
        out = pathlib.Path(opts.out).resolve()
        out.mkdir(parents=True, exist_ok=True)
    else:
        out = _new_out()
    kind = "icount" if opts.icount else accel.choose(opts.accel, root)
    return runner.one(opts, root, kind, out)
