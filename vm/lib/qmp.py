# SPDX-License-Identifier: MIT
"""QEMU's monitor, spoken to in JSON lines."""

import contextlib
import json
import socket

# A command that takes longer has failed.
_PATIENCE_S = 30


class Error(Exception):
    """What QEMU said is wrong with a command, or that it said nothing."""


class Monitor:
    """The one client of the monitor at the socket @path, which QEMU listens on."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_PATIENCE_S)
        try:
            self._socket.connect(str(path))
            self._lines = self._socket.makefile("r", encoding="utf-8")
            self._answer()  # the greeting
            self.command("qmp_capabilities")
        except OSError as err:
            self._socket.close()
            raise Error(f"no monitor: {err}") from err

    def _answer(self):
        """Returns the next line that is no event."""
        for line in self._lines:
            message = json.loads(line)
            if "event" not in message:
                return message
        raise Error("the monitor is closed")

    def command(self, name, **arguments):
        """Runs a command, to its end, and returns what it gives."""
        request = json.dumps({"execute": name, "arguments": arguments}) + "\n"
        try:
            self._socket.sendall(request.encode())
            answer = self._answer()
        except OSError as err:
            raise Error(f"{name}: {err}") from err
        if "error" in answer:
            raise Error(f"{name}: {answer['error'].get('desc')}")
        return answer.get("return")

    def close(self):
        """Hangs up."""
        with contextlib.suppress(OSError):
            self._socket.close()
