# SPDX-License-Identifier: MIT
"""What the guest asks the host for: lines on the port carillon.request."""

import re

from . import machine, qmp
from .proc import Failure, say


class Requests:
    """
    Does what is asked for, a request a line.

    With a number in front, `7 unplug`, a request is answered by `7 ok` or `7 error: why`
    once it's done; without one the guest doesn't want to know. @emulator is the guest's, or
    None; @monitor gives its qmp.Monitor; @answer(line) sends a line to the guest; @out is
    the folder that it sees as $OUT.
    """

    def __init__(self, opts, emulator, monitor, answer, out):
        self._opts, self._emulator, self._monitor = opts, emulator, monitor
        self._answer, self._out = answer, out
        self._rest, self._lines, self._unplugs = b"", [], []

    def feed(self, data):
        """Takes bytes of the port."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._lines += [line.decode(errors="replace") for line in lines]

    def work(self):
        """Does what has been asked for meanwhile. Not to be called while others are read."""
        while self._lines:
            line = self._lines.pop(0)
            number, text = re.fullmatch(r"(?:(\d{1,9}) )?(.*)", line, re.ASCII | re.DOTALL).groups()
            try:
                done = self._do(number, text)
            except (Failure, qmp.Error, OSError) as err:
                say(f"vm: the guest's request '{text}': {err}")
                self._tell(number, f"error: {err}")
            else:
                if done:
                    self._tell(number, "ok")

    def on_event(self, name, data):
        """Takes an event of QEMU's monitor."""
        if name == "DEVICE_DELETED" and data.get("device") == machine.GPU:
            for number in self._unplugs:
                self._tell(number, "ok")
            self._unplugs = []

    def _tell(self, number, text):
        if number is not None:
            self._answer(f"{number} {text}\n")

    def _do(self, number, text):
        """Returns whether it's done, or will be answered later."""
        dump = re.fullmatch(r"screendump (\w+) ([\w-]{1,80})", text, re.ASCII)
        if dump and dump[1] in self._opts.display:
            self._screendump(*dump.groups())
        elif self._emulator and text == "kill-emulator":
            self._emulator.kill()
            self._emulator.wait()
        elif self._emulator and text == "restart-emulator":
            self._emulator.restart()
        elif self._emulator and text == "plug":
            self._monitor().command("device_add", **machine.gpu())
        elif self._emulator and text == "unplug":
            self._monitor().command("device_del", id=machine.GPU)
            self._unplugs.append(number)
            return False
        else:
            raise Failure("isn't known")
        return True

    def _screendump(self, display, name):
        """Puts what QEMU shows of @display into NAME.ppm; whole when it has that name."""
        path = self._out / f"{name}.ppm"
        self._monitor().command("screendump", device=display, filename=f"/mnt/out/{name}.ppm.part")
        path.with_suffix(".ppm.part").rename(path)
