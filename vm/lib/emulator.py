# SPDX-License-Identifier: MIT
"""carillon-emu in its sandbox: one process, or one after the other."""

import contextlib
import os
import pathlib
import shlex
import signal
import subprocess
import time

from . import paths, proc
from .proc import Failure

_START_S = 20
_END_S = 10
_SOCKETS = ("emu.sock", "control.sock")

# The sandbox ends with its first process, and all others are killed then. When it is the
# emulator that was killed, its keeper still has to hang up, else QEMU aborts.
_WITH_KEEPER = '"$@"; code=$?; while pgrep -x emu-keeper >/dev/null; do sleep 0.05; done; exit $code'


class Emulator:
    """
    The emulator of a guest, whose sockets are in the folder @run.

    @opts are vm/run's options. @spawn(argv, log, binds) starts it, with the file @log in the
    folder @logs; @pump(seconds) passes on what processes say meanwhile.
    """

    def __init__(self, opts, run, logs, spawn, pump):
        self._opts, self._run, self._log = opts, run, logs / "emu.log"
        self._spawn, self._pump = spawn, pump
        self._child = None
        self._faults = []

    def start(self):
        """Starts a process; returns when its sockets are there."""
        if not (paths.build_dir() / "emu" / "carillon-emu").exists():
            raise Failure("carillon-emu isn't built (vm/build emu), or use --no-emu")
        argv = ["sh", "-c", _WITH_KEEPER, "sh", f"{paths.IN_BUILD}/emu/carillon-emu",
                "--socket", "/mnt/run/emu.sock", "--control", "/mnt/run/control.sock"]
        if self._opts.irq:
            argv += ["--irq", self._opts.irq]
        argv += shlex.split(self._opts.emu_args or "")
        self._child = self._spawn(argv, self._log.name, [("--bind", self._run, "/mnt/run")])
        deadline = time.monotonic() + _START_S
        while not all((self._run / n).exists() for n in _SOCKETS):
            if self._child.poll() is not None or time.monotonic() > deadline:
                self._pump(0.1)
                raise Failure(f"carillon-emu didn't come up:\n{proc.tail(self._log, 15)}")
            self._pump(0.02)

    def kill(self):
        """Kills the server itself, not the sandbox around it with all that is in there."""
        for pid in proc.descendants(self._child.pid):
            with contextlib.suppress(OSError):
                name = pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip()
                if name == "carillon-emu":
                    os.kill(pid, signal.SIGKILL)

    def wait(self):
        """Waits until a process that was killed, or has killed itself, has hung up."""
        try:
            self._child.wait(_END_S)
        except subprocess.TimeoutExpired as err:
            raise Failure("carillon-emu doesn't end") from err

    def restart(self):
        """Starts another process in the place of one that has died."""
        self.wait()
        self._faults = self.faults()
        for name in _SOCKETS:
            (self._run / name).unlink(missing_ok=True)
        self.start()

    def stop(self):
        """Ends it for good."""
        proc.stop(self._child, grace=3)

    def faults(self):
        """Returns how processes of it have crashed; being killed or ended is no crash."""
        code = self._child.poll() if self._child else None
        # bwrap reports a signal as 128 + n.
        if code in (None, 0, -9, 128 + 9, -15, 128 + 15):
            return self._faults
        return [*self._faults, f"carillon-emu exited with {code} (see {self._log})"]
