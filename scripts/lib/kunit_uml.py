# SPDX-License-Identifier: MIT
"""KUnit suites in user-mode Linux: builds the modules for it, boots it once per suite."""

import gzip
import os
import pathlib
import shlex
import subprocess
import tempfile
import time

import kunit_run
from lib import cpio, paths, tree

REPO = str(paths.TOP)
IN_TREE = os.path.join(REPO, "vm/in-tree")
TIME = {"inf-cpu": ["time-travel=inf-cpu"], "plain": ["time-travel"], "real": []}


class Failure(Exception):
    """The modules or the kernel can't be made; the text says why."""


def output_of(*command):
    """The last line that a script of ours prints; its messages go to stderr."""
    got = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if got.returncode:
        raise Failure(" ".join(command) + " failed")
    return got.stdout.splitlines()[-1]


def kernel(name):
    """Build directory of the test kernel @name, which is built if need be."""
    return output_of(os.path.join(REPO, "scripts/kernel"), "--path", name)


def build(build_dir, name="uml", source=REPO, make_args=()):
    """
    Builds the modules of a checkout for UML; returns the folder they are in.

    @build_dir: the kernel's
    @name: of the folder below modules/ in the build folder: one for each way to build
    @source: the checkout
    @make_args: further arguments of make
    """
    out = paths.build_dir() / "modules" / name
    out.mkdir(parents=True, exist_ok=True)
    log = out.with_suffix(".log")
    inside = paths.IN_PROJECT if source == REPO else source
    with open(log, "w", encoding="utf-8") as file:
        got = subprocess.run(
            [IN_TREE, "--ro", paths.cache_dir(), "--ro", source, "--", "make", "-C", build_dir,
             "ARCH=um", "M=" + inside, "MO=%s/modules/%s" % (paths.IN_BUILD, name),
             "-j%d" % (os.cpu_count() or 1), "W=1", "KCFLAGS=-Werror", *make_args,
             "modules"],
            stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, check=False)
    if got.returncode:
        with open(log, encoding="utf-8", errors="replace") as file:
            last = "".join(file.readlines()[-30:])
        raise Failure("%sthe modules don't build for UML, log: %s" % (last, log))
    return str(out)


# @gcov: of a profiled module the kernel keeps the counts until it's powered off. Its
# debugfs has them by the path of the object file, which is where they are to go.
INIT = """#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
/suite/kunit-guest /suite/plan {filter}
if [ -n "{gcov}" ]; then
	mount -t hostfs -o {gcov} none /host
	cd /sys/kernel/debug/gcov/{gcov} || echo "carillon-kunit: failed: no gcov data" >/dev/kmsg
	find . -name "*.gcda" | while read -r file; do
		cat "$file" >"/host/$file" ||
			echo "carillon-kunit: failed: gcov data: $file" >/dev/kmsg
	done
fi
poweroff -f
"""
APPLETS = ("sh mount grep cat head sleep insmod rmmod basename dirname tr poweroff "
           "echo printf find").split()


def make_initramfs(path, suite_dir, test_filter, gcov):
    """busybox, the suite's modules and an init that runs them."""
    archive = cpio.Archive()
    for folder in ("bin", "dev", "proc", "sys", "suite", "host"):
        archive.directory(folder)
    archive.file("bin/busybox", (pathlib.Path(tree.get()) / "usr/bin/busybox").read_bytes(), 0o755)
    for applet in APPLETS:
        archive.symlink("bin/" + applet, "busybox")
    init = INIT.format(filter=shlex.quote(test_filter), gcov=gcov)
    archive.file("init", init.encode(), 0o755)
    for file in [pathlib.Path(REPO, "scripts/lib/kunit-guest"), *sorted(suite_dir.iterdir())]:
        archive.file("suite/" + file.name, file.read_bytes(), 0o755)
    path.write_bytes(gzip.compress(archive.finish(), 1))


def boot(build_dir, modules, suite, log, timeout, test_filter="", gcov="", params=""):
    """
    Boots UML for one suite; its console goes to @log.

    @build_dir: the kernel's
    @modules: paths of .ko files by module name
    @timeout: s
    @test_filter: KUnit's SUITE.TEST glob
    @gcov: build folder of profiled modules, as vm/in-tree shows it, that gets their
           coverage data; or ""
    @params: module parameters of the suite
    Returns None or what went wrong.
    """
    mode = kunit_run.modinfo(modules[suite], "kunit_time") or "inf-cpu"
    if mode not in TIME:
        return "unknown kunit_time %r (there are %s)" % (mode, ", ".join(TIME))
    with tempfile.TemporaryDirectory(prefix="carillon-kunit-") as name:
        tmp = pathlib.Path(name)
        suite_dir, initrd = tmp / "suite", tmp / "initrd.gz"
        suite_dir.mkdir()
        kunit_run.write_plan(suite_dir, modules, [suite], timeout, params)
        make_initramfs(initrd, suite_dir, test_filter, gcov)
        command = [IN_TREE, "--ro", paths.cache_dir(), "--ro", tmp, "--", "timeout", "-k", "5",
                   str(timeout), os.path.join(build_dir, "linux"), "mem=512M",
                   "initrd=%s" % initrd, "uml_dir=/tmp", "console=tty0", "con=none",
                   "con0=fd:0,fd:1", "kunit.enable=1", "slab_debug=F",
                   "ignore_loglevel", "printk.time=1", "panic=-1"] + TIME[mode]
        with open(log, "wb") as file:
            got = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file,
                                 stderr=subprocess.STDOUT, check=False)
    if got.returncode in (124, 137):
        return "no end after %d s" % timeout
    return None


def run_suite(build_dir, modules, suite, log, report, timeout, **options):
    """Boots a suite, see boot(), and reports what came out."""
    start = time.monotonic()
    why = boot(build_dir, modules, suite, log, timeout, **options)
    lines = kunit_run.kernel_lines(log) if os.path.exists(log) else []
    found = kunit_run.suite_results(lines, suite)
    if not options.get("test_filter"):
        kunit_run.no_tests(found)
    found.append(kunit_run.clean_result(lines, why))
    report.suite("uml", suite, found, log, time.monotonic() - start)
