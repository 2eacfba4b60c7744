# SPDX-License-Identifier: MIT
"""One run of a guest: emulator and QEMU up, the job's output through, the verdict."""

import contextlib
import os
import pathlib
import selectors
import shlex
import socket
import sys
import termios
import time

from . import emulator, initramfs, kernels, machine, paths, proc, qmp, requests, sandbox, splat
from .proc import say

# Exit codes of our own, where the job's would be misleading.
EXIT_SPLAT = 99
EXIT_NO_RESULT = 98
EXIT_TIMEOUT = 124

_LOG_LIMIT = 1 << 20
_POWER_OFF_S = 30
_CHECKS_S = 180


class Sink:
    """Copies a stream into a file, up to a limit; goes on draining it after that."""

    def __init__(self, path):
        self._file = open(path, "wb")  # pylint: disable=consider-using-with
        self._left = _LOG_LIMIT

    def feed(self, data):
        """Takes @data, of which it keeps what still fits."""
        if self._left <= 0:
            return
        self._file.write(data[:self._left])
        self._left -= len(data)
        if self._left <= 0:
            self._file.write(b"\n[cut here: too much output]\n")
        self._file.flush()


class Guest:
    """What the result port has said so far."""

    def __init__(self):
        self.facts = {}
        self._rest = b""

    def feed(self, data):
        """Takes bytes of the result port."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            key, _, value = line.decode(errors="replace").partition("=")
            self.facts[key] = value

    @property
    def stage(self):
        """kernel, boot (mounts, modules), job, end (unloading, checks), or done."""
        return "done" if "RC" in self.facts else self.facts.get("STAGE", "kernel")


class Run:
    """
    A guest from start to verdict.

    @opts are vm/run's options; @tree, @kernel, @accel what it runs; @out the folder whose
    vm-logs gets the logs and that the guest sees as $OUT; @run a private folder for sockets.
    """

    def __init__(self, opts, tree, kernel, accel, out, run):
        self.opts, self.tree, self.kernel, self.accel = opts, tree, kernel, accel
        self.out, self.run = pathlib.Path(out), pathlib.Path(run)
        self.logs = self.out / "vm-logs"
        self.guest = Guest()
        self._select = selectors.DefaultSelector()
        self.emu = None
        if opts.emu:
            self.emu = emulator.Emulator(opts, self.run, self.logs, self._start, self._pump)
        self.requests = requests.Requests(opts, self.emu, self._get_monitor, self._answer, self.out)
        self.qemu = self._timed_out = self._monitor = self._request_port = None
        self._sinks = {}

    # --- start

    def _listen(self, name, feed, accepted=None):
        """Listens on the socket @name; what its one client sends goes to @feed; tells @accepted."""
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(self.run / name))
        server.listen(1)

        def accept():
            conn, _ = server.accept()
            self._select.unregister(server)
            server.close()
            self._watch(conn, feed)
            if accepted:
                accepted(conn)

        self._select.register(server, selectors.EVENT_READ, accept)

    def _watch(self, stream, feed):
        def read():
            data = os.read(stream.fileno(), 65536)
            if data:
                feed(data)
            else:
                self._select.unregister(stream)
                stream.close()

        self._select.register(stream, selectors.EVENT_READ, read)

    def _start(self, argv, log, binds, env=None):
        inherit = self.opts.shell and log == "qemu.log"
        pipe = None if inherit else proc.subprocess.PIPE
        child = proc.spawn(sandbox.command(self.tree, argv, binds=binds, env=env),
                           stdin=None if inherit else proc.subprocess.DEVNULL,
                           stdout=pipe, stderr=None if inherit else proc.subprocess.STDOUT)
        if pipe:
            if log not in self._sinks:
                self._sinks[log] = Sink(self.logs / log)
            self._watch(child.stdout, self._sinks[log].feed)
        return child

    def _job(self):
        """Returns the shell script that tells the guest's init what to do."""
        opts = self.opts
        params = list(opts.param or ())
        if os.environ.get("SCHEDULER"):
            params.append("carillon.scheduler=" + os.environ["SCHEDULER"])
        facts = {
            "CARILLON_KERNEL": self.kernel.name, "CARILLON_LOAD": "yes" if opts.load else "no",
            "CARILLON_UNLOAD": "yes" if opts.unload else "no",
            "CARILLON_LEAKS": "yes" if opts.leaks and self.kernel.debug else "no",
            "CARILLON_SHELL": "yes" if opts.shell else "no",
            "CARILLON_PARAMS": " ".join(params),
            "CARILLON_DUMP_AFTER": max(opts.timeout - 5, 1) if not opts.shell else 10 ** 8,
        }
        head = "".join(f"export {k}={shlex.quote(str(v))}\n" for k, v in facts.items())
        head += "".join(f"export {shlex.quote(e)}\n" for e in opts.env or ())
        return f"{head}job() {{\n\tcd {paths.IN_PROJECT} || exit\n\texec {shlex.join(opts.cmd)}\n}}\n"

    def start(self):
        """Starts emulator and QEMU."""
        self.logs.mkdir(parents=True, exist_ok=True)
        for old in self.logs.iterdir():
            old.unlink()
        (self.run / "initramfs").write_bytes(
            initramfs.build(self.tree, self.kernel, self._job()))
        self._listen("result.sock", self.guest.feed)
        self._listen("output.sock", self._output)
        self._listen("request.sock", self.requests.feed, self._take_request_port)
        if self.emu:
            self.emu.start()
        binds = machine.binds(self.tree, self.kernel, self.out, self.run)
        if self.accel == "kvm":
            binds.append(("--dev-bind", "/dev/kvm", "/dev/kvm"))
        self.qemu = self._start(machine.qemu_args(self.opts, self.kernel, self.accel), "qemu.log", binds)

    @staticmethod
    def _output(data):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def _take_request_port(self, conn):
        self._request_port = conn

    def _answer(self, line):
        with contextlib.suppress(OSError):
            self._request_port.sendall(line.encode())

    def _get_monitor(self):
        """Returns QEMU's monitor, whose events go to the requests from now on."""
        if not self._monitor:
            self._monitor = qmp.Monitor(self.run / "qmp.sock", self.requests.on_event)
            self._select.register(self._monitor, selectors.EVENT_READ, self._read_monitor)
        return self._monitor

    def _read_monitor(self):
        try:
            self._monitor.read()
        except (qmp.Error, OSError):
            self._select.unregister(self._monitor)

    # --- while it runs

    def _pump(self, seconds):
        for key, _ in self._select.select(seconds):
            with contextlib.suppress(ConnectionResetError):
                key.data()

    def wait(self):
        """Passes output on until the guest is down or out of time."""
        opts = self.opts
        limits = {"kernel": opts.boot_timeout, "boot": opts.boot_timeout,
                  "job": None if opts.shell else opts.timeout,
                  "end": _CHECKS_S, "done": _POWER_OFF_S}
        stage, since = "kernel", time.monotonic()
        started = since
        while self.qemu.poll() is None:
            self._pump(0.2)
            self.requests.work()
            if self.guest.stage != stage:
                if self.guest.stage == "job" and not opts.quiet:
                    say(f"vm: {self.kernel.release} up in {time.monotonic() - started:.1f} s ({self.accel})")
                stage, since = self.guest.stage, time.monotonic()
            if limits[stage] and time.monotonic() - since > limits[stage]:
                if stage != "done":
                    self._timed_out = stage
                break
        proc.stop(self.qemu)
        self._pump(0)
        while self._select.get_map() and self._select.select(0):
            self._pump(0)

    def close(self):
        """Ends what is left."""
        if self._monitor:
            self._monitor.close()
        proc.stop(self.qemu)
        if self.emu:
            self.emu.stop()
        self._pump(0)
        self._select.close()

    # --- verdict

    def problems(self):
        """Returns what makes the run fail beside the job's own exit code, worst first."""
        facts, found = self.guest.facts, []
        log = self.logs / "console.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        line = splat.find(lines)
        if line and not self.opts.allow_splat:
            found.append((EXIT_SPLAT, f"kernel splat: {line}"))
        if self._timed_out:
            found.append((EXIT_TIMEOUT, f"timeout while in stage '{self._timed_out}'"))
        elif "RC" not in facts:
            found.append((EXIT_NO_RESULT, f"the guest ended without a result (stage '{self.guest.stage}')"))
        if "MODULES" in facts:
            found.append((EXIT_NO_RESULT, f"modules: {facts['MODULES']}"))
        if "UNLOAD" in facts:
            found.append((EXIT_SPLAT, f"after the command: {facts['UNLOAD']}"))
        if "LEAKS" in facts:
            found.append((EXIT_SPLAT, f"{facts['LEAKS']} memory leaks, see {self.logs / 'kmemleak.txt'}"))
        taint = splat.bad_taint(int(facts.get("TAINT") or 0), self.opts.allow_taint)
        if taint and not self.opts.allow_splat:
            found.append((EXIT_SPLAT, f"kernel taint {taint}"))
        if facts.get("LOCKS", "1") != "1" and not self.opts.allow_splat:
            found.append((EXIT_SPLAT, "lockdep has switched itself off (debug_locks=0)"))
        for crash in self.emu.faults() if self.emu else ():
            found.append((EXIT_SPLAT, crash))
        return found

    def verdict(self):
        """Says what went wrong, if anything, and returns the exit code."""
        found = self.problems()
        code = int(self.guest.facts.get("RC") or 0)
        for _, text in found:
            say(f"vm: FAIL: {text}")
        if not found:
            return code
        say(proc.tail(self.logs / "console.log", 8, "  | "))
        say(f"vm: console: {self.logs / 'console.log'}")
        return code or found[0][0]


@contextlib.contextmanager
def _terminal_kept():
    """Gives the terminal back as it was: QEMU, killed, leaves it raw."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def one(opts, tree, accel, out):
    """Runs a guest by the options @opts and returns the exit code."""
    kernel = kernels.find(tree, opts.kernel)
    with proc.run_dir() as run, _terminal_kept():
        guest = Run(opts, tree, kernel, accel, out, run)
        try:
            guest.start()
            guest.wait()
        finally:
            guest.close()
        return guest.verdict()
