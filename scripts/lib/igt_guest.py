# SPDX-License-Identifier: MIT
"""igt_runner in a guest: the tests of a test root, and what results.json says of them.

igt_runner ends with 0 even when tests fail: what counts is results.json, and that the
guest had no splat.
"""

import dataclasses
import pathlib
import re
import shutil
import subprocess

import results as res
from lib import paths, splat, tree
from lib.proc import Failure

STOCK = "usr/libexec/igt-gpu-tools"

# IGT 2.5 cuts what came through its socket at the wrong place: a test's stderr is read at the
# offset of its stdout, and what is found there can be a warning that nobody wrote.
_ENV = ("--env", "IGT_RUNNER_DISABLE_SOCKET_COMMUNICATION=1")


@dataclasses.dataclass(frozen=True)
class Run:
    """
    igt_runner in a guest of its own, once or several times.

    @binaries: paths of test binaries in the guest by their names for IGT
    @out: folder for its logs; igt/results.json there is what it says, igt-N/results.json
        for each of several rounds
    @kernel: which of vm/run's
    @timeout: of the guest's job, s
    @test_timeout: of a subtest, s
    @include: regular expressions of the subtests that are run; () is all
    @prepare: shell commands before it
    @vm_args: further options of vm/run
    @rounds: how often igt_runner is run, one after the other
    """

    binaries: dict
    out: pathlib.Path
    kernel: str = "stock"
    timeout: int = 900
    test_timeout: int = 120
    include: tuple = ()
    prepare: str = ""
    vm_args: tuple = ()
    rounds: int = 1


def stock_binaries(names):
    """The distribution's tests @names by their names in the guest."""
    folder = pathlib.Path(tree.get()) / STOCK
    missing = [n for n in names if not (folder / n).exists()]
    if missing:
        raise Failure("the root tree's IGT has no " + " ".join(missing))
    return {name: "/%s/%s" % (STOCK, name) for name in names}


def _make_root(run):
    """A test root for igt_runner that has nothing but @run's tests, as links that hold in
    the guest: igt_runner asks every binary of a root for its subtests."""
    name = "igt-root-" + run.out.name
    root = paths.build_dir() / name
    shutil.rmtree(root, ignore_errors=True)
    for test, target in run.binaries.items():
        (root / test).parent.mkdir(parents=True, exist_ok=True)
        (root / test).symlink_to(target)
    (root / "test-list.txt").write_text("TESTLIST\n%s\nEND TESTLIST\n" % " ".join(run.binaries),
                                        encoding="utf-8")
    return "%s/%s" % (paths.IN_BUILD, name)


# igt_runner reads what it has written in very small pieces: from the folder of results, which
# the host shares, that takes longer than the tests. So it writes into memory. What a round leaves
# behind the next one finds: that is what rounds are for.
_ROUNDS = """rc=0; round=0; out=$1; rounds=$2; shift 2
while [ "$round" -lt "$rounds" ]; do
	round=$((round + 1))
	[ "$rounds" = 1 ] || echo "igt_guest: round $round of $rounds"
	rm -rf /tmp/igt
	"$@" /tmp/igt || rc=$?
	[ "$rounds" = 1 ] && to=$out || to=$out-$round
	cp -r /tmp/igt "$to" || rc=$?
done
exit "$rc"
"""


def results_files(run):
    """Where the guest leaves what igt_runner says, a file for each round."""
    if run.rounds == 1:
        return [run.out / "igt/results.json"]
    return [run.out / ("igt-%d/results.json" % (i + 1)) for i in range(run.rounds)]


def run_guest(run, stderr):
    """
    Runs @run, its output to run.log in @run.out; what vm/run says goes to @stderr, too.

    Returns vm/run's exit code and the failures that it named.
    """
    shutil.rmtree(run.out, ignore_errors=True)
    run.out.mkdir(parents=True)
    runner = ["igt_runner", "--overwrite", "--multiple-mode", "--per-test-timeout",
              str(run.test_timeout)]
    for pattern in run.include:
        runner += ["--include-tests", pattern]
    runner.append(_make_root(run))
    runner = ["sh", "-c", _ROUNDS, "sh", paths.IN_OUT + "/igt", str(run.rounds), *runner]
    if run.prepare:
        runner = ["sh", "-c", run.prepare + '\nexec "$@"', "sh", *runner]
    command = [paths.VM / "run", "--kernel", run.kernel, "--boot-timeout", "600", "--timeout",
               str(run.timeout), "--out", run.out, *_ENV, *run.vm_args, "--", *runner]
    with open(run.out / "run.log", "wb") as log:
        child = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=log,
                                 stderr=subprocess.PIPE, text=True, errors="replace")
        said = []
        for line in child.stderr:
            stderr.write(line)
            said.append(line.strip())
        return child.wait(), [line for line in said if line.startswith("vm: FAIL")]


def _collect_round(run, file, complete):
    if not file.exists():
        return [res.Result(str(file.relative_to(run.out)), res.FAIL, "igt_runner left none")]
    found = res.read_igt(file.read_text(encoding="utf-8", errors="replace"), splat.find)
    for test in run.binaries if complete else ():
        if not any(re.match(r"igt@%s(@|$)" % re.escape(test), r.name) for r in found):
            found.append(res.Result("igt@" + test, res.FAIL, "no result"))
    return found


def collect(run, code, said, complete=True):
    """
    All results of a run that ended with @code and @said, with those that it owes. If it had
    several rounds a test has a result, and a name, for each.

    @complete: each binary owes a result, as when no subtests were chosen
    """
    found = []
    for number, file in enumerate(results_files(run), 1):
        part = _collect_round(run, file, complete)
        if run.rounds > 1:
            part = [dataclasses.replace(r, name=res.in_round(r.name, number)) for r in part]
        found += part
    found.append(res.Result("guest", res.FAIL if code else res.PASS,
                            "; ".join(said) or ("vm/run ended with %d" % code if code else "")))
    return found
