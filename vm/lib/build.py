# SPDX-License-Identifier: MIT
"""Builds of the project with the tree's tools, into the build folder."""

import hashlib
import os

from . import kernels, paths, proc, sandbox
from .proc import Failure, say

# What the modules are made of.
_SOURCES = ("Kbuild", "include", "fence", "devres", "sched", "drm", "samples", "tests", "uapi",
            "hw", "Documentation/examples")


def _jobs():
    return os.environ.get("CARILLON_JOBS") or str(os.cpu_count() or 1)


def _sources(more=()):
    """Yields the source files of the modules, sorted; those in the folders @more, too."""
    for name in (*_SOURCES, *more):
        top = paths.TOP / name
        if top.is_file():
            yield top
        elif top.is_dir():
            yield from sorted(p for p in top.rglob("*")
                              if p.is_file() and (p.suffix in (".c", ".h", ".S") or p.name in ("Kbuild", "Makefile")))


def _digest(more, *facts):
    total = hashlib.sha256(repr(facts).encode())
    for path in _sources(more):
        total.update(str(path.relative_to(paths.TOP)).encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def in_tree(root, argv, log, binds=(), chdir=paths.IN_PROJECT):
    """Runs @argv in the sandbox of @root; its output goes to @log. Returns its exit code."""
    with open(log, "wb") as sink:
        child = proc.spawn(sandbox.command(root, argv, binds=binds, chdir=chdir),
                           stdin=proc.subprocess.DEVNULL, stdout=sink, stderr=proc.subprocess.STDOUT)
        try:
            return child.wait()
        finally:
            proc.stop(child)


def _failed(what, log):
    text = log.read_text(errors="replace").splitlines()
    errors = [n for n, line in enumerate(text) if "error:" in line.lower() or "Error " in line]
    start = max(errors[0] - 2, 0) if errors else max(len(text) - 15, 0)
    raise Failure(f"{what} failed:\n" + "\n".join(text[start:start + 15]) + f"\nlog: {log}")


def modules(root, name, make_args=(), variant=None):
    """
    Builds our modules for the kernel @name, if their sources have changed.

    With @variant, the name of a folder that has modules of its own, these are built with
    the others, apart from an ordinary build.

    Returns the folder of the modules, as the host sees it. The checkout is read-only
    while it is built; all products go to modules/<kernel>[-<variant>] of the build folder.
    """
    kernel = kernels.find(root, name)
    more = (variant,) if variant else ()
    folder = f"{name}-{variant}" if variant else name
    out = paths.build_dir() / "modules" / folder
    out.mkdir(parents=True, exist_ok=True)
    stamp, log = out / ".built", paths.build_dir() / "modules" / f"{folder}.log"
    with proc.lock(paths.build_dir() / "modules" / f"{folder}.lock", f"vm: waiting for another build for {folder} …"):
        want = _digest(more, kernel.release, kernel.build, str(root), make_args)
        if stamp.exists() and stamp.read_text(encoding="ascii") == want:
            return out
        stamp.unlink(missing_ok=True)
        if not any(p.suffix == ".c" for p in _sources()):
            return out
        argv = ["make", "-C", kernel.build, f"M={paths.IN_PROJECT}",
                f"MO={paths.IN_BUILD}/modules/{folder}", f"-j{_jobs()}", *make_args, "modules"]
        if in_tree(root, argv, log, kernel.binds):
            _failed(f"building the modules for {folder} ({kernel.release})", log)
        say(f"vm: modules built for {kernel.release}")
        stamp.write_text(want, encoding="ascii")
    return out


def meson(root, name, setup_args=()):
    """
    Builds the meson project in the folder @name, if there is one.

    Returns its build folder as the host sees it; ninja finds out what has changed.
    """
    source, out = paths.TOP / name, paths.build_dir() / name
    if not (source / "meson.build").exists():
        return out
    log = paths.build_dir() / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with proc.lock(paths.build_dir() / f"{name}.lock", f"vm: waiting for another build of {name} …"):
        inside = f"{paths.IN_BUILD}/{name}"
        if not (out / "build.ninja").exists():
            argv = ["meson", "setup", "--buildtype=debugoptimized", *setup_args,
                    inside, f"{paths.IN_PROJECT}/{name}"]
            if in_tree(root, argv, log):
                _failed(f"configuring {name}", log)
        if in_tree(root, ["ninja", "-C", inside, f"-j{_jobs()}"], log):
            _failed(f"building {name}", log)
    return out
