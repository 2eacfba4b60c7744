# SPDX-License-Identifier: MIT
"""The kernels a guest can boot: image, release, build directory, boot modules."""

import dataclasses
import functools
import lzma
import pathlib
import re
import subprocess
import zlib

from . import fetch, paths
from .proc import Failure

# Debian's that are in the root tree; its PREEMPT_RT, which is fetched; those of scripts/kernel.
_DEBUG = ("kasan",)
NAMES = ("stock", "stock73", "rt", *_DEBUG)

# What the initramfs has to load before it can mount its root, in order.
_BOOT_MODULES = ("netfs", "9pnet", "9pnet_virtio", "9p", "overlay")


@dataclasses.dataclass(frozen=True)
class Kernel:
    """
    One kernel.

    @name: one of NAMES
    @release: what uname -r says in the guest
    @image: bzImage, as the host sees it
    @build: directory for `make -C`, as the sandbox sees it
    @modules: folder with the kernel's own modules (as in /lib/modules/RELEASE), on the host
    @binds: what the sandbox needs beside the tree, as bwrap triples
    """

    name: str
    release: str
    image: pathlib.Path
    build: str
    modules: pathlib.Path
    binds: tuple = ()

    @property
    def debug(self):
        """Whether this is one of our debug kernels rather than Debian's."""
        return self.name in _DEBUG


def _version(release):
    return tuple(int(n) for n in re.findall(r"\d+", release)[:3])


def _from_tree(tree, name):
    """Finds Debian's kernel @name in @tree: 7.3 is the one from backports."""
    bpo, own = [], []
    for folder in (pathlib.Path(tree) / "usr/lib/modules").iterdir():
        if (folder / "vmlinuz").exists():
            (bpo if "+deb13" in folder.name else own).append(folder.name)
    found = bpo if name == "stock73" else own
    if not found:
        raise Failure(f"the root tree has no kernel for --kernel {name}")
    release = max(found, key=_version)
    modules = pathlib.Path(tree) / "usr/lib/modules" / release
    return Kernel(name, release, modules / "vmlinuz", f"/usr/lib/modules/{release}/build", modules)


def _from_packages(tree):
    """Finds Debian's PREEMPT_RT kernel of the stock kernel's version."""
    release, folder = fetch.get(tree, _from_tree(tree, "stock").release)
    modules = folder / "usr/lib/modules" / release
    # The headers name each other by this path.
    return Kernel("rt", release, modules / "vmlinuz", f"/usr/src/linux-headers-{release}", modules,
                  (("--ro-bind", folder / "usr/src", "/usr/src"),))


def _from_script(name):
    """Asks scripts/kernel for a debug kernel; it builds or fetches it if need be."""
    script = paths.TOP / "scripts" / "kernel"
    if not script.exists():
        raise Failure(f"--kernel {name} needs scripts/kernel, which this checkout doesn't have")
    asked = subprocess.run([script, "--path", name], stdout=subprocess.PIPE, text=True, check=False)
    if asked.returncode or not asked.stdout.strip():
        raise Failure(f"scripts/kernel --path {name} failed")
    build = pathlib.Path(asked.stdout.strip().splitlines()[-1])
    release = (build / "include/config/kernel.release").read_text(encoding="ascii").strip()
    cache = paths.cache_dir()
    return Kernel(name, release, build / "arch/x86/boot/bzImage", str(build),
                  build / "lib/modules" / release, (("--ro-bind", cache, cache),))


@functools.cache
def find(tree, name):
    """Returns the Kernel called @name; raises Failure if there is none."""
    if name not in NAMES:
        raise Failure(f"no kernel '{name}': one of {', '.join(NAMES)}")
    if name in _DEBUG:
        return _from_script(name)
    return _from_packages(tree) if name == "rt" else _from_tree(tree, name)


def _plain(path):
    """Returns the content of a module file, unpacked."""
    raw = path.read_bytes()
    if path.suffix == ".xz":
        return lzma.decompress(raw)
    if path.suffix == ".gz":
        return zlib.decompress(raw, 31)
    if path.suffix == ".zst":
        zstd = subprocess.run(["zstd", "-dc", path], stdout=subprocess.PIPE, check=True)
        return zstd.stdout
    return raw


def boot_modules(kernel):
    """Yields (file name, content) of the modules the initramfs needs, in load order."""
    if kernel.debug:
        return
    index = {}
    for path in kernel.modules.rglob("*.ko*"):
        index.setdefault(path.name.split(".ko")[0].replace("-", "_"), path)
    for name in _BOOT_MODULES:
        if name in index:
            yield f"{name}.ko", _plain(index[name])
