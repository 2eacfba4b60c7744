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
    """
    The one client of the monitor at the socket @path, which QEMU listens on.

    Events go to @on_event as they are read: while a command runs, or by read().
    """

    def __init__(self, path, on_event):
        self._on_event, self._rest = on_event, b""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_PATIENCE_S)
        try:
            self._socket.connect(str(path))
            self._answer()  # the greeting
            self.command("qmp_capabilities")
        except OSError as err:
            self._socket.close()
            raise Error(f"no monitor: {err}") from err

    def fileno(self):
        """Returns the socket's descriptor, for select()."""
        return self._socket.fileno()

    def read(self):
        """Waits for bytes and returns the messages that are no events; raises Error at the end."""
        data = self._socket.recv(65536)
        if not data:
            raise Error("the monitor is closed")
        *lines, self._rest = (self._rest + data).split(b"\n")
        messages = [json.loads(line) for line in lines if line.strip()]
        for event in (m for m in messages if "event" in m):
            self._on_event(event["event"], event.get("data", {}))
        return [m for m in messages if "event" not in m]

    def _answer(self):
        """Returns the next message that is no event; there's one for each command."""
        while True:
            messages = self.read()
            if messages:
                return messages[0]

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
