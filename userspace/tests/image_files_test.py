#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""carillon-image with good and bad files and options, as far as it gets without a device.

A picture that was read well is followed by the device, which is given as /dev/null: exit
code 3. One that was refused ends with 1 and a message that says why.
"""

import os
import struct
import subprocess
import sys
import tempfile
import zlib

REFUSED, USAGE, READ_WELL = 1, 2, 3


def chunk(kind, data):
    return (struct.pack(">I", len(data)) + kind + data
            + struct.pack(">I", zlib.crc32(kind + data)))


def png(width, height, depth=8, colour=2, rows=None, interlace=0, extra=b""):
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    if rows is None:
        rows = (b"\0" + bytes((width * channels * depth + 7) // 8)) * height
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))
            + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


GOOD = {
    "rgb.png": png(5, 3),
    "rgba.png": png(5, 3, colour=6),
    "grey16.png": png(5, 3, depth=16, colour=0),
    "grey1.png": png(5, 3, depth=1, colour=0),
    "palette.png": png(5, 3, colour=3, extra=chunk(b"PLTE", bytes(768))),
    "one.png": png(1, 1),
    "named-wrongly.txt": png(2, 2),
    "rgb.ppm": b"P6\n# a comment\n 2 # another\n2\n255\n" + bytes(12),
    "deep.ppm": b"P6 2 2 1023\n" + bytes(24),
    "grey.pgm": b"P5 2 2 7\n" + bytes(4),
}

# File, and what the message must say.
BAD = {
    "empty.png": (b"", "is empty"),
    "text.png": (b"this is not a picture\n", "neither PNG nor"),
    "jpeg.png": (b"\xff\xd8\xff\xe0\0\x10JFIF", "neither PNG nor"),
    "cut-magic.png": (b"\x89PNG", "neither PNG nor"),
    "cut-header.png": (png(50, 50)[:20], "bad PNG"),
    "cut-data.png": (png(300, 300, rows=os.urandom(901 * 300))[:5000], "bad PNG"),
    "short-data.png": (png(50, 50, rows=bytes(151 * 10)), "bad PNG"),
    "bad-crc.png": (png(5, 3).replace(b"IDAT", b"IDBT"), "bad PNG"),
    "no-width.png": (png(0, 5, rows=b"\0"), "bad PNG"),
    "no-height.png": (png(5, 0, rows=b""), "bad PNG"),
    "wide.png": (png(16385, 1), "too many"),
    "bomb.png": (png(0x7fffffff, 0x7fffffff, rows=b"\0"), "too many"),
    "no-pixels.ppm": (b"P6 0 2 255\n", "no pixels"),
    "wide.ppm": (b"P6 16385 1 255\n", "too many"),
    "overflow.ppm": (b"P6 99999999999999999999 1 255\n", "broken header"),
    "negative.ppm": (b"P6 -1 1 255\n", "broken header"),
    "no-max.ppm": (b"P6 1 1 0\n\0\0\0", "broken header"),
    "deep.ppm": (b"P6 1 1 65536\n" + bytes(6), "broken header"),
    "short.ppm": (b"P6 2 2 255\n" + bytes(11), "ends in row 1 of 2"),
    "header-only.ppm": (b"P6", "broken header"),
    "ascii.ppm": (b"P3 1 1 255\n1 2 3\n", "neither PNG nor"),
}

# Options, exit code, and what the message must say.
OPTIONS = (
    ((), USAGE, "--out FILE is missing"),
    (("--out", "x", "rest"), USAGE, "what is \"rest\""),
    (("--out", "x", "--generate", "640"), USAGE, "WIDTHxHEIGHT"),
    (("--out", "x", "--generate", "640x"), USAGE, "WIDTHxHEIGHT"),
    (("--out", "x", "--generate", "-1x5"), USAGE, "WIDTHxHEIGHT"),
    (("--out", "x", "--generate", "99999999999x5"), USAGE, "WIDTHxHEIGHT"),
    (("--out", "x", "--generate", "0x0"), REFUSED, "no pixels"),
    (("--out", "x", "--generate", "5x0"), REFUSED, "no pixels"),
    (("--out", "x", "--generate", "16385x5"), REFUSED, "too many"),
    (("--out", "x", "--in", "a", "--generate", "5x5"), USAGE, "exclude"),
    (("--out", "x", "--timeout", "soon"), USAGE, "wants seconds"),
    (("--out", "x", "--timeout", "99999"), USAGE, "wants seconds"),
    (("--out", "x", "--nonsense"), USAGE, "nonsense"),
    (("--out", "x", "--in", "/nonexistent/a.png"), REFUSED, "can't be opened"),
    (("--out", "x", "--in", "."), REFUSED, "is a directory"),
    (("--out", "x", "--generate", "7x5"), READ_WELL, "/dev/null"),
    (("--help",), 0, ""),
)


def main():
    tool = os.path.abspath(sys.argv[1])
    failures = 0

    def check(what, args, want, message):
        nonlocal failures
        got = subprocess.run([tool, "--device", "/dev/null", *args], capture_output=True,
                             text=True, timeout=60)
        if got.returncode == want and message in got.stderr and not os.path.exists("x"):
            return
        failures += 1
        print(f"{what}: exit code {got.returncode}, not {want}; wanted \"{message}\" in:\n"
              f"{got.stderr}", file=sys.stderr)

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, data in GOOD.items():
            with open(name, "wb") as f:
                f.write(data)
            check(name, ("--out", "x", "--in", name), READ_WELL, "/dev/null")
        for name, (data, message) in BAD.items():
            with open(name, "wb") as f:
                f.write(data)
            check(name, ("--out", "x", "--in", name), REFUSED, message)
        for args, want, message in OPTIONS:
            check(" ".join(args), args, want, message)
        os.chdir("/")
    return 1 if failures else 0


sys.exit(main())
