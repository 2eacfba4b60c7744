# SPDX-License-Identifier: MIT
"""Child processes that don't outlive us, and locks that don't either."""

import contextlib
import ctypes
import fcntl
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PR_SET_PDEATHSIG = 1
# A run directory younger than this may have its lock still to come.
_YOUNG_S = 30
_libc = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """A reason to stop that the user can act on: printed without a traceback."""


def say(text):
    """Prints one line of progress on stderr; stdout is the command's."""
    print(text, file=sys.stderr, flush=True)


def tail(path, count, prefix=""):
    """Returns the last @count lines of the file @path, each after @prefix."""
    try:
        lines = pathlib.Path(path).read_text(errors="replace").splitlines()
    except FileNotFoundError:
        lines = []
    return "\n".join(prefix + line for line in lines[-count:])


def main(func):
    """Runs a script's main function with its errors and signals made readable."""
    def on_term(signum, _frame):
        raise SystemExit(128 + signum)

    for sig in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, on_term)
    try:
        code = func()
    except Failure as err:
        say(f"{os.path.basename(sys.argv[0])}: {err}")
        code = 125
    except BrokenPipeError:
        # Nobody reads our output any more (a `| head`).
        code = 141
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def die_with_parent():
    """For preexec_fn: the kernel kills the child when its parent is gone."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def spawn(argv, **kwargs):
    """Starts @argv in a session of its own; it is killed when we die."""
    return subprocess.Popen([os.fspath(a) for a in argv], start_new_session=True,
                            preexec_fn=die_with_parent, **kwargs)


def descendants(pid):
    """Returns the processes below @pid, parents before children."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]) == pid:
                found.append(int(path.parent.name))
    return found + [below for child in found for below in descendants(child)]


def stop(child, grace=0.0):
    """Ends @child: politely if @grace seconds are given, then for certain."""
    if child is None or child.poll() is not None:
        return
    if grace:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(grace)
            return
    child.kill()
    child.wait()


@contextlib.contextmanager
def lock(path, waiting=None):
    """Holds an exclusive lock on the file @path; says @waiting if it has to wait."""
    with open(path, "a", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                say(waiting)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _abandoned(path):
    """Whether nobody holds the lock of the run directory @path, which isn't being made."""
    try:
        if time.time() - os.stat(path).st_mtime < _YOUNG_S:
            return False
        with open(os.path.join(path, "lock"), encoding="utf-8") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except OSError:
        return False


@contextlib.contextmanager
def run_dir():
    """
    Makes a short-named directory for sockets and removes it again.

    Directories that a killed run left behind are recognised by their free lock
    and are removed on the way.
    """
    base = tempfile.gettempdir()
    prefix = f"carillon-{os.getuid()}-"
    for name in os.listdir(base):
        path = os.path.join(base, name)
        if name.startswith(prefix) and _abandoned(path):
            shutil.rmtree(path, ignore_errors=True)
    path = tempfile.mkdtemp(prefix=prefix, dir=base)
    try:
        with lock(os.path.join(path, "lock")):
            yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
