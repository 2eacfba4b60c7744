# SPDX-License-Identifier: MIT
"""Kernels of Debian's that the root tree lacks: fetched when somebody asks for one, cached."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from . import mirror, paths, proc, recipe, sandbox
from .proc import Failure, say

_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

# apt's state is ours, what else the host has configured (a proxy) stays.
_APT_CONF = """\
Dir::State "{work}/state";
Dir::State::status "{work}/status";
Dir::Cache "{work}/cache";
Dir::Etc::sourcelist "{work}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
APT::Sandbox::User "root";
"""

_FLAVOUR = "rt-amd64"


class _Apt:
    """apt with package lists of its own in the folder @work."""

    def __init__(self, work):
        self._work = work
        for name in ("state/lists/partial", "cache/archives/partial", "deb"):
            (work / name).mkdir(parents=True)
        (work / "status").touch()
        signed = f"[signed-by={_KEYRING}] " if os.path.exists(_KEYRING) else ""
        (work / "sources.list").write_text(f"deb {signed}{mirror.find()} {recipe.SUITE} main\n",
                                           encoding="utf-8")
        (work / "apt.conf").write_text(_APT_CONF.format(work=work), encoding="utf-8")
        self._env = {**os.environ, "APT_CONFIG": str(work / "apt.conf"), "LC_ALL": "C.UTF-8"}

    def run(self, *argv):
        """Runs @argv in the folder deb; returns its output."""
        got = subprocess.run(argv, cwd=self._work / "deb", env=self._env, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, check=False)
        if got.returncode:
            lines = [l for l in got.stderr.splitlines() if l.startswith("E: ")] or got.stderr.splitlines()
            raise Failure(f"{' '.join(argv[:2])} failed: " + "; ".join(lines[-3:]))
        return got.stdout

    def names(self, prefix):
        """Returns the set of packages whose names begin with @prefix."""
        return set(self.run("apt-cache", "pkgnames", prefix).split())


def _version(release):
    return tuple(int(n) for n in re.findall(r"\d+", release))


def choose(headers, stock):
    """
    Returns the release to take out of the package names @headers, or None.

    It is the one that differs from the release @stock in nothing but its flavour; the newest if
    the mirror has moved on since the root tree was made.
    """
    found = [n.removeprefix("linux-headers-") for n in headers if re.search(rf"\d-{_FLAVOUR}$", n)]
    same = stock.removesuffix("amd64") + _FLAVOUR
    return same if same in found else max(found, key=_version, default=None)


def _packages(apt, stock):
    """Returns the release to fetch and the packages that it is made of."""
    release = choose(apt.names("linux-headers-"), stock)
    if not release:
        raise Failure(f"the mirror's {recipe.SUITE} has no {_FLAVOUR} kernel")
    abi = release.removesuffix(f"-{_FLAVOUR}")
    signed = f"linux-binary-{release}"
    binary = signed if signed in apt.names(signed) else f"linux-binary-unsigned-{release}"
    return release, [binary, f"linux-base-{release}", f"linux-modules-{release}",
                     f"linux-headers-{release}", f"linux-headers-{abi}-common", f"linux-kbuild-{abi}"]


def _headers_together(usr, release):
    """
    Moves the tools of the headers beside these: then all that a build of modules needs is in
    usr/src, which the sandbox can show at the place that the headers name.
    """
    headers = usr / "src" / f"linux-headers-{release}"
    for name in ("scripts", "tools"):
        link = headers / name
        kbuild = pathlib.Path(os.readlink(link)).parent.name
        if not (usr / "src" / kbuild).exists():
            (usr / "lib" / kbuild).rename(usr / "src" / kbuild)
        link.unlink()
        link.symlink_to(f"../{kbuild}/{name}")


def _fetch(tree, stock, final):
    """Makes the folder @final: usr/src and usr/lib/modules of the kernel."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="new-", dir=final.parent))
    try:
        apt = _Apt(work)
        say("vm: reading package lists")
        apt.run("apt-get", "-q", "update")
        release, packages = _packages(apt, stock)
        say(f"vm: fetching {release} (once; 140 MB)")
        apt.run("apt-get", "-q", "download", *packages)
        for deb in sorted((work / "deb").iterdir()):
            apt.run("dpkg-deb", "-x", deb, work / "root")
        _headers_together(work / "root/usr", release)
        depmod = sandbox.command(tree, ["depmod", "-b", work / "root/usr", release],
                                 binds=(("--bind", work, work),), chdir="/")
        # apt-get and dpkg-deb are the host's, this is the tree's: it knows how modules are packed.
        if subprocess.run([str(a) for a in depmod], check=False).returncode:
            raise Failure(f"depmod for {release} failed")
        (work / "root").replace(final)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def get(tree, stock):
    """
    Returns (release, folder) of Debian's PREEMPT_RT kernel, fetched if the cache doesn't have it.

    @tree: the root tree
    @stock: release of its kernel; the other is of the same version if the mirror has that

    The folder has usr/src and usr/lib/modules as if the packages were installed in it.
    """
    store = paths.cache_dir() / "kernel"
    store.mkdir(exist_ok=True)
    final = store / f"rt-{stock}"
    if not final.is_dir():
        with proc.lock(f"{final}.lock", "vm: somebody else fetches this kernel, waiting …"):
            if not final.is_dir():
                _fetch(tree, stock, final)
    image = next((final / "usr/lib/modules").glob("*/vmlinuz"))
    return image.parent.name, final
