# SPDX-License-Identifier: MIT
"""KUnit suites that are modules: loaded in a guest by kunit-guest, read from its kernel log."""

import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import results as res
from lib import paths, splat


def modinfo(path, tag):
    """The first value of a tag in a module's .modinfo, or ''."""
    with open(path, "rb") as file:
        found = re.search(rb"\0" + tag.encode() + rb"=([^\0]*)\0", b"\0" + file.read())
    return found[1].decode() if found else ""


def module_name(path):
    return os.path.basename(path)[:-len(".ko")].replace("-", "_")


def find_modules(*folders):
    """All .ko files of builds by module name; and the suites among them."""
    modules, suites = {}, []
    for top, dirs, files in itertools.chain.from_iterable(map(os.walk, folders)):
        dirs.sort()
        for file in sorted(f for f in files if f.endswith(".ko")):
            path = os.path.join(top, file)
            modules[module_name(path)] = path
            if os.path.basename(top) == "tests" and file.endswith("_test.ko"):
                suites.append(module_name(path))
    return modules, suites


def depends(path):
    """Names of the modules that a module depends on."""
    return [dep.replace("-", "_") for dep in modinfo(path, "depends").split(",") if dep]


def load_order(modules, name, order=None):
    """@name and what it depends on among our modules, dependencies first."""
    order = [] if order is None else order
    for dep in depends(modules[name]):
        if dep in modules and dep not in order:
            load_order(modules, dep, order)
    if name not in order:
        order.append(name)
    return order


def write_plan(directory, modules, suites, timeout, params=""):
    """
    Copy what @suites need into @directory, with a plan for kunit-guest.

    @timeout: s for the boot; a case that takes half of it is reported as hung, with stacks
    @params: module parameters of the suites
    """
    order = []
    for suite in suites:
        load_order(modules, suite, order)
    others = {dep for name in order for dep in depends(modules[name]) if dep not in modules}
    with open(os.path.join(directory, "plan"), "w", encoding="utf-8") as plan:
        plan.write("hung %d\n" % (timeout // 2))
        for name in sorted(others):
            plan.write("kernel %s\n" % name)
        for name in order:
            shutil.copy(modules[name], directory)
            file = os.path.basename(modules[name])
            plan.write("suite %s %s\n" % (file, params) if name in suites else "module %s\n" % file)


def run_qemu(modules, suites, log, test_filter="", timeout=300, vm_args=("--no-emu", "--no-load"),
             params="", kernel="kasan"):
    """
    Boots a kernel in QEMU once for all @suites; the kernel's log goes to @log.

    @modules: paths of .ko files by module name: the suites and what they need
    @test_filter: KUnit's SUITE.TEST glob
    @timeout: s
    @vm_args: further options of vm/run: by default our modules and device aren't there
    @params: module parameters of the suites
    @kernel: which of vm/run's
    Returns None or what went wrong.
    """
    with tempfile.TemporaryDirectory(prefix="kunit-", dir=paths.build_dir()) as tmp:
        write_plan(tmp, modules, suites, timeout, params)
        os.chmod(tmp, 0o755)
        # Splats are judged here, suite by suite. Leaks are vm/run's: a scan takes so long
        # under emulation that there is one for all.
        job = "%s/scripts/lib/kunit-guest --no-leaks %s/%s/plan %s; dmesg" % (
            paths.IN_PROJECT, paths.IN_BUILD, os.path.basename(tmp), shlex.quote(test_filter))
        with open(log, "wb") as file:
            got = subprocess.run(
                [paths.TOP / "vm/run", "--kernel", kernel, *vm_args, "--boot-timeout", "600",
                 "--timeout", str(timeout), "--allow-splat", "--quiet",
                 "--append", "log_buf_len=4M loglevel=7", "--", "sh", "-c", job],
                stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, check=False)
    if got.returncode:
        with open(log, encoding="utf-8", errors="replace") as file:
            lines = [line.strip() for line in file]
        append_console(log, lines)
        said = [line for line in lines if line.startswith("vm: FAIL")]
        return "; ".join(said) or "vm/run ended with %d" % got.returncode
    return None


def append_console(log, lines):
    """What tests had said before the guest died is on its console only."""
    if any("carillon-kunit: begin" in line for line in lines):
        return
    for path in [line.partition(": console: ")[2] for line in lines if ": console: " in line]:
        with open(log, "ab") as out, open(path, "rb") as console:
            shutil.copyfileobj(console, out)


def kernel_lines(log):
    """The log's lines from the start of user space on."""
    with open(log, encoding="utf-8", errors="replace") as file:
        lines = [line.rstrip("\r\n") for line in file]
    start = [n for n, line in enumerate(lines) if "Run /init as init process" in line]
    return lines[start[0]:] if start else lines


def suite_results(lines, suite):
    """The results of one suite's tests, from the lines between its marks."""
    lines = [res.strip_timestamp(line) for line in lines]
    begin, end = "carillon-kunit: begin " + suite, "carillon-kunit: end " + suite + " "
    first = [n for n, line in enumerate(lines) if line == begin]
    last = [n for n, line in enumerate(lines) if line.startswith(end)]
    if not first:
        return [res.Result("load", res.FAIL, "the guest didn't get to it")]
    part = lines[first[0] + 1:last[0]] if last else lines[first[0] + 1:]
    found = res.read_tap("\n".join(part), need_plan=False)
    if not last:
        found.append(res.Result("end", res.FAIL, "the kernel died during the suite"))
    elif lines[last[0]] != end + "0":
        found.append(res.Result("load", res.FAIL, "insmod failed"))
    return found


def log_problems(lines, why):
    """What is wrong with a boot besides its tests and splats, in words; @why is one of them."""
    said = [res.strip_timestamp(line) for line in lines]
    problems = [why]
    problems += [line.partition("failed: ")[2] for line in said
                 if line.startswith("carillon-kunit: failed: ")]
    if "carillon-kunit: done" not in said:
        problems.append("the guest's script didn't get to its end")
    return [p for p in problems if p]


def clean_result(lines, why):
    """The Result of a boot besides its tests': no splat, and nothing else wrong."""
    line = splat.find(lines)
    problems = ([line] if line else []) + log_problems(lines, why)
    return res.Result("clean", res.FAIL if problems else res.PASS, "; ".join(problems[:5]))


def no_tests(found):
    """A suite of which nothing ran must not look fine."""
    if not found:
        found.append(res.Result("tests", res.FAIL, "no test ran"))


class Report:
    """Prints one line per suite, or TAP, and remembers whether anything failed."""

    def __init__(self, tap):
        self.tap = tap
        self.all = []

    def suite(self, kernel, suite, found, log, seconds):
        """Takes the results of a suite and says what is worth saying."""
        name = "%s/%s" % (kernel, suite)
        for result in found:
            result.name = name + "/" + result.name
        self.all += found
        failed = [r for r in found if r.status == res.FAIL]
        skipped = [r for r in found if r.status == res.SKIP]
        lead = "# " if self.tap else ""
        print("%s%-28s %s (%.0f s)" % (lead, name, res.summary(found), seconds))
        for result in skipped:
            print("%s  skip %s: %s" % (lead, result.name, result.reason))
        for result in failed:
            print("%s  FAIL %s: %s" % (lead, result.name, result.reason))
        if failed:
            print("%s  log: %s" % (lead, log))
        sys.stdout.flush()

    def end(self):
        """Sums up; returns the exit code."""
        if self.tap:
            res.write_tap(self.all, sys.stdout)
        else:
            print(res.summary(self.all))
        return 1 if res.counts(self.all)[1] else 0
