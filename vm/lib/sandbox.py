# SPDX-License-Identifier: MIT
"""Tools of the root tree, run on the host by bubblewrap."""

import os
import pathlib

from . import paths

# Made fresh in the sandbox, whatever the tree has there.
_OWN = {"dev", "home", "mnt", "proc", "root", "sys", "tmp", "run", "lost+found"}

# Where compilers put what they have made, and find it again: a fresh clone is built at
# the same place in the sandbox, so it compiles only what has changed.
_CCACHE = "/run/ccache"

_ENV = {
    "PATH": "/usr/lib/ccache:/usr/sbin:/usr/bin:/sbin:/bin",
    "CCACHE_DIR": _CCACHE,
    "CCACHE_MAXSIZE": "3G",
    "LC_ALL": "C.UTF-8",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
}


def _root(tree):
    """Yields the bwrap options that show @tree, read-only, as the root."""
    for entry in sorted(pathlib.Path(tree).iterdir()):
        if entry.name in _OWN:
            continue
        inside = f"/{entry.name}"
        if entry.is_symlink():
            yield from ("--symlink", os.readlink(entry), inside)
        elif entry.is_dir():
            yield from ("--ro-bind", str(entry), inside)


def command(tree, argv, *, binds=(), env=None, chdir=paths.IN_PROJECT):
    """
    Returns the bwrap command line that runs @argv with @tree as its root.

    The project is at /carillon, read-only, its build products at /carillon-build.
    @binds are further (option, host path, inside path) triples. Everything that
    @argv starts dies with the caller: bwrap puts it into a PID namespace.
    """
    cmd = ["bwrap", "--die-with-parent", "--unshare-pid", "--unshare-ipc",
           "--clearenv", "--tmpfs", "/"]
    cmd += _root(tree)
    cmd += ["--dev", "/dev", "--proc", "/proc", "--perms", "1777", "--tmpfs", "/tmp", "--tmpfs", "/run",
            "--ro-bind", str(paths.TOP), paths.IN_PROJECT,
            "--bind", str(paths.build_dir()), paths.IN_BUILD]
    cmd += ["--bind", str(paths.ccache_dir()), _CCACHE]
    for option, host, inside in binds:
        cmd += [option, str(host), str(inside)]
    for key, value in {**_ENV, **(env or {})}.items():
        cmd += ["--setenv", key, value]
    return cmd + ["--chdir", str(chdir), "--"] + [str(a) for a in argv]
