#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Takes the device from its driver, gives it to bound_misc.ko, and takes it away from that
while files are open and one of them sleeps. Runs in a guest, prints TAP.

usage: bound_misc.py PATH_OF_MODULE
"""

import errno
import os
import struct
import subprocess
import sys
import threading

NODE = "/dev/bound_clock"
PCI = "/sys/bus/pci"
# Years from now.
NEVER = 1 << 62


def attribute(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def errno_of(function, *args):
    """What @function returns, or -errno."""
    try:
        return function(*args)
    except OSError as err:
        return -err.errno


class Clock:
    """An open file."""

    def __init__(self):
        self.fd = os.open(NODE, os.O_RDWR)

    def read(self, size=8):
        got = errno_of(os.read, self.fd, size)
        return got if isinstance(got, int) else struct.unpack("Q", got)[0]

    def close(self):
        os.close(self.fd)

    def sleep_until(self, when):
        return errno_of(os.write, self.fd, struct.pack("Q", when))


class Sleeper(threading.Thread):
    """Sleeps for ever, unless somebody ends that: then @ended is the error."""

    def __init__(self, clock):
        super().__init__()
        self.clock, self.ended = clock, 0
        self.start()
        # Nobody can say yet that it sleeps; when it does, it does so in the driver.
        while not self._sleeps():
            pass

    def run(self):
        self.ended = self.clock.sleep_until(NEVER)

    def _sleeps(self):
        if not self.is_alive():
            return True
        try:
            with open("/proc/self/task/%d/stack" % self.native_id, encoding="ascii") as file:
                return "clock_write" in file.read()
        except (OSError, TypeError):
            return False


def results(device):
    """(what, whether it is so) for each thing that has to be"""
    clock = Clock()
    first, second = clock.read(), clock.read()
    yield "the clock runs", 0 < first < second
    yield "a short read is refused", clock.read(4) == -errno.EINVAL
    yield "a sleep ends by itself", clock.sleep_until(second + 10 ** 8) == 8
    yield "not before its time", clock.read() >= second + 10 ** 8

    sleeper = Sleeper(clock)
    attribute(PCI + "/drivers/bound_clock/unbind", device)
    sleeper.join()
    yield "unbind ends a sleep", sleeper.ended == -errno.ENODEV
    yield "an open file says that the device is gone", clock.read() == -errno.ENODEV
    yield "the name is gone", not os.path.exists(NODE)

    attribute(PCI + "/drivers/bound_clock/bind", device)
    new = Clock()
    yield "a new file works once it is back", new.read() > second
    yield "the old file doesn't", clock.read() == -errno.ENODEV
    attribute(PCI + "/drivers/bound_clock/unbind", device)
    new.close()
    clock.close()
    yield "the module goes", not subprocess.run(["rmmod", "bound_misc"], check=False).returncode


def main():
    """Exit code 1 if something isn't as it has to be."""
    driver = PCI + "/drivers/carillon_pci"
    device = next(name for name in os.listdir(driver) if ":" in name)
    subprocess.run(["insmod", sys.argv[1]], check=True)
    attribute(driver + "/unbind", device)
    attribute("%s/devices/%s/driver_override" % (PCI, device), "bound_clock")
    attribute(PCI + "/drivers/bound_clock/bind", device)

    found = list(results(device))
    print("TAP version 13\n1..%d" % len(found))
    for number, (what, good) in enumerate(found, 1):
        print("%sok %d - %s" % ("" if good else "not ", number, what))
    return 0 if all(good for _, good in found) else 1


if __name__ == "__main__":
    sys.exit(main())
