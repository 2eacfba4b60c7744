# SPDX-License-Identifier: MIT
"""
How fast the host's time stamp counter runs.

Under TCG the guest reads the host's counter. Left to calibrate it on a busy host,
about one boot in 15 gets it wrong by a factor of 50, and all its time-outs with it.
"""

import ctypes
import mmap
import pathlib
import re
import time

# rdtsc; shl rdx, 32; or rax, rdx; ret
_CODE = b"\x0f\x31\x48\xc1\xe2\x20\x48\x09\xd0\xc3"


def _counter():
    """Returns a function that reads the counter; OSError where that isn't allowed."""
    page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(_CODE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    read = ctypes.CFUNCTYPE(ctypes.c_uint64)(address)
    return lambda: (page, read())[1]


def _sample(read):
    """Returns (uncertainty, time, counter) with the time read on both sides."""
    best = None
    for _ in range(20):
        before = time.monotonic_ns()
        ticks = read()
        after = time.monotonic_ns()
        if best is None or after - before < best[0]:
            best = (after - before, (before + after) // 2, ticks)
    return best


def tsc_khz():
    """Returns the counter's rate in kHz, measured for 50 ms."""
    try:
        read = _counter()
        _, start_ns, start = _sample(read)
        time.sleep(0.05)
        _, end_ns, end = _sample(read)
        return round((end - start) * 1_000_000 / (end_ns - start_ns))
    except OSError:
        # Executable memory can be forbidden; the nominal rate is a good guess.
        text = pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii")
        return round(float(re.search(r"cpu MHz\s*:\s*([\d.]+)", text)[1]) * 1000)
