# SPDX-License-Identifier: MIT
"""The root tree that everything newer than the host comes out of: made once, cached."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

from . import mirror, paths, proc, recipe
from .proc import Failure, say

_HOOK = paths.VM / "lib/kernel-hook"

_NO_NAMESPACES = """\
this machine doesn't let ordinary users make user namespaces, which the root tree and its sandbox
need. Let it (sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces,
kernel.apparmor_restrict_unprivileged_userns=0, whichever this system has), or run as root."""

_NO_SUBUID = """\
no range of subordinate ids for this user in /etc/subuid and /etc/subgid; an administrator
can add one: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER"""

# What mmdebstrap says on the way, and what we make of it.
_PHASES = (
    ("running apt-get update", "reading package lists"),
    ("downloading packages with apt", "downloading"),
    ("extracting archives", "unpacking"),
    ("installing essential packages", "installing the base"),
    ("installing remaining packages", "installing compiler, QEMU, IGT (the longest part)"),
    ("running --customize-hook", "installing the kernels"),
    ("cleaning package lists", "cleaning up"),
)


def _key():
    """Returns the name of the tree that the recipe gives."""
    facts = (recipe.SUITE, recipe.SECOND_SUITE, recipe.PACKAGES, recipe.OPTIONS,
             _HOOK.read_text(encoding="utf-8"))
    return f"{recipe.SUITE}-{hashlib.sha256(repr(facts).encode()).hexdigest()[:12]}"


def _private(argv):
    """
    Returns @argv in namespaces of its own: its mounts and processes end with it.

    An ordinary user becomes root of a user namespace with his subordinate ids.
    """
    user = [] if os.geteuid() == 0 else ["--user", "--map-auto", "--map-root-user"]
    return ["unshare", *user, "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", *argv]


def _works(argv):
    return subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def check_host():
    """Raises Failure if tools, namespaces or subordinate ids are missing."""
    if subprocess.run([paths.VM / "host-setup"], check=False).returncode:
        raise Failure("the host isn't ready")
    if os.geteuid() == 0:
        return
    if not _works(["bwrap", "--ro-bind", "/", "/", "--unshare-pid", "true"]):
        raise Failure(_NO_NAMESPACES)
    if not _works(_private(["true"])):
        raise Failure(_NO_SUBUID)


def _remove(path):
    """Removes a tree that may be half made, also where subordinate ids own it."""
    shutil.rmtree(path, ignore_errors=True)
    if path.exists():
        subprocess.run(_private(["rm", "-rf", str(path)]), check=False)


def _sources(uri):
    """Returns the lines of the tree's sources.list."""
    return [f"deb {uri} {suite} main" for suite in (recipe.SUITE, recipe.SECOND_SUITE)]


def _follow(child, log):
    """Copies mmdebstrap's log, says its phases, and returns its exit code."""
    phases = dict(_PHASES)
    with open(log, "wb") as sink:
        for line in child.stderr:
            sink.write(line)
            sink.flush()
            text = line.decode(errors="replace")
            for mark in [m for m in phases if m in text]:
                say(f"vm: root tree: {phases.pop(mark)}")
    return child.wait()


def _explain(log):
    """Returns why mmdebstrap failed, in words for the user."""
    text = log.read_text(errors="replace")
    if re.search(r"NO_PUBKEY|is not signed|Missing key|no keyring", text):
        return ("this machine's debian-archive-keyring doesn't know the keys of "
                f"{recipe.SUITE}: update that package")
    if re.search(r"does not have a Release file|404 +Not Found", text):
        return f"the mirror lacks {recipe.SUITE} or {recipe.SECOND_SUITE}: name another by CARILLON_MIRROR"
    lines = [l for l in text.splitlines() if l.startswith("E: ")] or text.splitlines()[-5:]
    return "\n".join(lines[-5:])


def _bootstrap(work, uri):
    """
    Makes the tree work/root; returns mmdebstrap's exit code.

    As root it is made in place. An ordinary user gets it as an archive, unpacked as files
    of his own: no later reader or remover has to deal with subordinate ids.
    """
    root = work / "root"
    root.mkdir()
    as_root = os.geteuid() == 0
    target = str(root) if as_root else "-"
    argv = ["mmdebstrap", "--mode=root", "--format=" + ("directory" if as_root else "tar"),
            *recipe.OPTIONS, "--include=" + ",".join(recipe.PACKAGES),
            f"--customize-hook={_HOOK} \"$1\"", recipe.SUITE, target, *_sources(uri)]
    env = {**os.environ, "TMPDIR": str(work), "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    pipe = subprocess.DEVNULL if as_root else subprocess.PIPE
    maker = proc.spawn(_private(argv), stdin=subprocess.DEVNULL, stdout=pipe,
                       stderr=subprocess.PIPE, env=env)
    unpack = None
    try:
        if not as_root:
            unpack = proc.spawn(["tar", "-x", "-C", root, "--no-same-owner", "--exclude=./dev/*"],
                                stdin=maker.stdout)
            maker.stdout.close()
        code = _follow(maker, work.with_suffix(".log"))
        return code or (unpack.wait() if unpack else 0)
    finally:
        proc.stop(maker)
        proc.stop(unpack)


def _make(store, final):
    """Makes the tree @final in the folder @store. The lock on @store is held."""
    for stale in store.glob("new-*"):
        if stale.is_dir():
            _remove(stale)
        else:
            stale.unlink()
    uri = mirror.find()
    say("vm: making the root tree (once; 2 to 3 minutes and 2.3 GB)")
    began = time.monotonic()
    work = pathlib.Path(tempfile.mkdtemp(prefix="new-", dir=store))
    work.chmod(0o755)
    log = work.with_suffix(".log")
    try:
        if _bootstrap(work, uri):
            kept = store / "failed.log"
            log.replace(kept)
            raise Failure(f"could not make the root tree: {_explain(kept)}\nlog: {kept}")
        (work / "root").replace(final)
    finally:
        _remove(work)
        log.unlink(missing_ok=True)
    say(f"vm: root tree made in {time.monotonic() - began:.0f} s: {final}")


def get():
    """
    Returns the path of the root tree, made now if the cache doesn't have it.

    CARILLON_TREE names another tree to use as it is. An interrupted making leaves a folder
    that the next one removes; a tree has its final name only when it's complete.
    """
    if shutil.which("bwrap") is None:
        check_host()
    given = os.environ.get("CARILLON_TREE")
    if given:
        return pathlib.Path(given).resolve()
    store = paths.cache_dir() / "tree"
    store.mkdir(exist_ok=True)
    final = store / _key()
    if not final.is_dir():
        check_host()
        with proc.lock(store / "lock", "vm: somebody else makes the root tree, waiting …"):
            if not final.is_dir():
                _make(store, final)
    return final


def prune():
    """Removes the trees that older recipes made."""
    store = paths.cache_dir() / "tree"
    with proc.lock(store / "lock"):
        for path in store.glob(f"{recipe.SUITE}-*"):
            if path.name != _key():
                say(f"vm: removing {path}")
                _remove(path)
