#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Uses the driver of jobq-example.ko, and takes it away while its fences are held. Runs in a
guest, prints TAP.

usage: jobq-example.py PATH_OF_MODULE
"""

import errno
import fcntl
import os
import select
import struct
import subprocess
import sys

NODE = "/dev/jobq-example"
FAIL, HANG = 1, 2


def iowr(letter, number, size):
    """The kernel's _IOWR()."""
    return 3 << 30 | size << 16 | ord(letter) << 8 | number


SUBMIT = struct.Struct("IIii")
SUBMIT_NR = iowr("j", 0x60, SUBMIT.size)
INFO = struct.Struct("32siIIIQ")
INFO_NR = iowr(">", 4, INFO.size)


class Fence:
    """A sync_file."""

    def __init__(self, fd):
        self.fd = fd

    def status(self):
        """1: signalled, 0: not yet, or the -errno that it signalled with."""
        info = bytearray(INFO.pack(b"", 0, 0, 0, 0, 0))
        fcntl.ioctl(self.fd, INFO_NR, info)
        return INFO.unpack(info)[1]

    def wait(self):
        """The status when it has signalled; for as long as that takes."""
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        poll.poll()
        return self.status()

    def close(self):
        os.close(self.fd)


class Queue:
    """An open file."""

    def __init__(self):
        self.fd = os.open(NODE, os.O_RDWR)

    def submit(self, delay_us=0, flags=0, after=-1):
        """The job's Fence; raises OSError."""
        args = bytearray(SUBMIT.pack(delay_us, flags, after, -1))
        fcntl.ioctl(self.fd, SUBMIT_NR, args)
        return Fence(SUBMIT.unpack(args)[3])

    def errno(self, function, *args):
        """What @function fails with, or 0; and no file descriptor may be left of it."""
        before = os.listdir("/proc/self/fd")
        try:
            function(*args)
        except OSError as err:
            return err.errno if os.listdir("/proc/self/fd") == before else "a descriptor leaks"
        return 0

    def close(self):
        os.close(self.fd)


def good_and_bad(queue):
    """(what, whether it is so): jobs that end, ioctls that don't go"""
    fences = [queue.submit(100) for _ in range(40)]
    yield "more jobs than the ring has room for", [f.wait() for f in fences] == [1] * 40
    yield "a job can fail", queue.submit(0, FAIL).wait() == -errno.EIO
    other = Queue()
    yield "a job can wait for another file's", other.submit(0, 0, fences[0].fd).wait() == 1
    failed = queue.submit(1000, FAIL)
    yield "it gets that one's error", other.submit(0, 0, failed.fd).wait() == -errno.EIO
    other.close()
    yield "an unknown flag is refused", queue.errno(queue.submit, 0, 4) == errno.EINVAL
    yield "so is a fence that isn't one", queue.errno(queue.submit, 0, 0, 0) == errno.EINVAL
    yield "and one less than -1", queue.errno(queue.submit, 0, 0, -2) == errno.EINVAL
    yield "a bad pointer", queue.errno(fcntl.ioctl, queue.fd, SUBMIT_NR, 1) == errno.EFAULT
    yield "another ioctl", queue.errno(fcntl.ioctl, queue.fd, SUBMIT_NR + 1) == errno.ENOTTY


def hangs_and_ends(queue):
    """(what, whether it is so): timeouts, teardown, unloading"""
    hung, behind = queue.submit(0, HANG), queue.submit(100)
    yield "a job that hangs times out", hung.wait() == -errno.ETIME
    yield "the one behind it runs then", behind.wait() == 1

    other = Queue()
    yield "the module stays while a file is open", subprocess.run(
        ["rmmod", "jobq_example"], stderr=subprocess.DEVNULL, check=False).returncode != 0
    # Not before, as they time out after a second.
    held = [queue.submit(0, HANG), queue.submit(0), other.submit(0, HANG)]
    held.append(queue.submit(0, 0, held[2].fd))
    queue.close()
    yield "closing ends what hangs, what is behind it, and what waits", [
        held[n].status() for n in (0, 1, 3)] == [-errno.ECANCELED] * 3
    other.close()
    yield "the module goes while its fences are held", not subprocess.run(
        ["rmmod", "jobq_example"], check=False).returncode
    yield "the fences are still there", [f.status() for f in held] == [-errno.ECANCELED] * 4


def main():
    """Exit code 1 if something isn't as it has to be."""
    subprocess.run(["insmod", sys.argv[1]], check=True)
    queue = Queue()
    found = [*good_and_bad(queue), *hangs_and_ends(queue)]
    print("TAP version 13\n1..%d" % len(found))
    for number, (what, good) in enumerate(found, 1):
        print("%sok %d - %s" % ("" if good else "not ", number, what))
    return 0 if all(good for _, good in found) else 1


if __name__ == "__main__":
    sys.exit(main())
