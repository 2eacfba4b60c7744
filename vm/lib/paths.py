# SPDX-License-Identifier: MIT
"""Where things are, on the host and inside the tree and the guest."""

import os
import pathlib

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
VM = TOP / "vm"

# The same names in the tree's sandbox and in the guest, so that what was built
# in the one (rpaths, debug paths, meson's introspection) is true in the other.
IN_PROJECT = "/carillon"
IN_BUILD = "/carillon-build"
IN_OUT = "/carillon-out"


def cache_dir():
    """Returns the cache folder that all checkouts share, made if need be."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = pathlib.Path(base) / "carillon"
    path.mkdir(parents=True, exist_ok=True)
    return path


def ccache_dir():
    """Returns the compilers' cache, made if need be."""
    path = cache_dir() / "ccache"
    path.mkdir(exist_ok=True)
    return path


def build_dir():
    """Returns the folder of build products (/carillon-build), made if need be."""
    path = pathlib.Path(os.environ.get("CARILLON_BUILD") or TOP / "out" / "build")
    path.mkdir(parents=True, exist_ok=True)
    return path.resolve()


def out_dir():
    """Returns the folder that run logs go to by default, made if need be."""
    path = TOP / "out" / "vm"
    path.mkdir(parents=True, exist_ok=True)
    return path
