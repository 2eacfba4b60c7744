# SPDX-License-Identifier: MIT
"""Mutants: copies of the checkout with a bug put in, for tests to find."""

import os
import pathlib
import re
import shutil
import subprocess

import results as res

REPO = pathlib.Path(__file__).resolve().parents[2]


class Broken(Exception):
    """The mutant can't be made; the text says why."""


class Patch:
    """
    A patch that puts a bug in. Before the diff it says, a line each:

        Mutant: what the bug is, in one sentence
        Kernel: uml or kasan, where it is to be found; uml if there is no such line
        Caught-by: SUITE.TEST
        Caught-by: splat TEXT

    The first line can go on in indented ones. There can be several of the last two
    kinds; one of these tests has to fail, or the kernel to complain with that text.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.name = self.path.stem
        head = re.split(r"^(?:diff|---) ", self.path.read_text(encoding="utf-8"), maxsplit=1,
                        flags=re.M)[0]
        said = re.findall(r"^(\S+):[ \t]+(.*(?:\n[ \t]+.*)*)", head, flags=re.M)
        fields = [(key, " ".join(text.split())) for key, text in said]
        self.what = dict(fields).get("Mutant", "")
        self.kernel = dict(fields).get("Kernel", "uml")
        self.caught_by = [text for key, text in fields if key == "Caught-by"]
        self.tests = [c for c in self.caught_by if not c.startswith("splat ")]

    def flaws(self, cases):
        """What is wrong with the header, in words. @cases: names of all tests there are."""
        found = []
        if not self.what:
            found.append("doesn't say what the bug is (Mutant:)")
        if self.kernel not in ("uml", "kasan"):
            found.append("no such kernel: " + self.kernel)
        if not self.caught_by:
            found.append("doesn't say what has to catch it (Caught-by:)")
        return found + ["no such test: " + t for t in self.tests if t not in cases]


def kunit_cases(folder):
    """The names (SUITE.TEST) of all KUnit tests in the sources of @folder."""
    found = set()
    for path in sorted(pathlib.Path(folder).glob("*_test.c")):
        text = path.read_text(encoding="utf-8")
        table = dict(re.findall(r"struct kunit_case (\w+)\[\] = \{(.*?)\n\};", text, re.S))
        for suite in re.findall(r"struct kunit_suite \w+ = \{(.*?)\n\};", text, re.S):
            name = re.search(r'\.name = "([^"]+)"', suite)
            cases = re.search(r"\.test_cases = (\w+)", suite)
            if name and cases:
                found |= {"%s.%s" % (name[1], case) for case in
                          re.findall(r"KUNIT_CASE\w*\((\w+)", table.get(cases[1], ""))}
    return found


class Mutant:
    """
    A copy of the checkout with the patch in the file @patch applied.

    Lives in the build folder @build, which vm/in-tree shows as @inside. The copy has a
    build folder of its own: what is built from the checkout stays untouched.
    @modules: of the folders with modules only these are built; None: all
    """

    def __init__(self, patch, build, inside, modules=None):
        self.patch = pathlib.Path(patch)
        name = self.patch.stem
        self.folder = pathlib.Path(build) / "mutants" / name
        self.inside = "%s/mutants/%s" % (inside, name)
        self.checkout = self.folder / "checkout"
        self.modules = modules

    def make(self):
        """Copies and patches. Files keep their times, so a second build has little to do."""
        shutil.rmtree(self.checkout, ignore_errors=True)
        listed = subprocess.run(["git", "-C", REPO, "ls-files", "-co", "--exclude-standard"],
                                stdout=subprocess.PIPE, text=True, check=True)
        for name in listed.stdout.splitlines():
            if (REPO / name).is_file():
                (self.checkout / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(REPO / name, self.checkout / name)
        said = apply([self.patch], self.inside + "/checkout")
        if said:
            raise Broken("%s doesn't apply any more:\n%s" % (self.patch.name, said))
        if self.modules is not None:
            self._leave_out()

    def _leave_out(self):
        kbuild = self.checkout / "Kbuild"
        lines = kbuild.read_text(encoding="utf-8").splitlines(keepends=True)
        folders = {"obj-m += %s/\n" % name for name in self.modules}
        kept = [x for x in lines if not x.startswith("obj-m += ") or x in folders]
        kbuild.write_text("".join(kept), encoding="utf-8")

    def run(self, *command, stderr=None):
        """
        Runs a command of the copy, its path relative to the top.

        @stderr: where it goes, as with subprocess
        Returns the process that it was, with its output.
        """
        env = dict(os.environ, CARILLON_BUILD=str(self.folder / "build"))
        return subprocess.run([self.checkout / command[0], *command[1:]], env=env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=stderr, text=True, errors="replace", check=False)


_PATCH = "patch -p1 --read-only=ignore --no-backup-if-mismatch -F0 "
_APPLY = 'for p; do said=$(' + _PATCH + '%s -i "$p" 2>&1) || echo "$p: $said"; done'


def apply(patches, inside, dry_run=False):
    """
    Applies files of the checkout to the folder that vm/in-tree shows as @inside.

    @dry_run: only tries, each by itself. Returns what was said of those that don't apply.
    """
    got = subprocess.run([REPO / "vm/in-tree", "--chdir", inside, "--", "sh", "-c",
                          _APPLY % ("--dry-run" if dry_run else ""), "sh",
                          *("/carillon/%s" % patch.relative_to(REPO) for patch in patches)],
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, check=False)
    if got.returncode and not got.stdout:
        return "patch ended with %d" % got.returncode
    return got.stdout.replace("/carillon/", "")


def judge(found, claim, groups):
    """
    What a mutant's results say about the tests.

    @found: results, named "group: test"
    @claim: what tests that have to fail have in their names
    @groups: each has to have such a test that ran, and another one that passed: where
             nothing works, a failure says nothing. Nor may it end early: of tests that
             didn't run nobody knows whether they would have noticed.
    """
    judged = []
    for result in found:
        if claim not in result.name or result.status == res.SKIP:
            continue
        if result.status == res.FAIL:
            judged.append(res.Result(result.name, res.PASS, result.reason))
        else:
            judged.append(res.Result(result.name, res.FAIL, "passes in spite of the bug"))
    for group in groups:
        mine = [r for r in found if r.name.startswith(group + ": ") and r.status != res.SKIP]
        judged += [res.Result(r.name, res.FAIL, "tests are missing: " + r.reason) for r in mine
                   if r.name in (group + ": plan", group + ": bail-out")]
        if not any(claim in r.name for r in mine):
            judged.append(res.Result(group, res.FAIL, "no test that should fail has run"))
        elif not any(claim not in r.name and r.status == res.PASS for r in mine):
            judged.append(res.Result(group, res.FAIL, "no other test passes"))
    return judged


def _test_name(result):
    """What scripts/kunit has put behind the kernel and the module."""
    return result.name.split("/", 2)[-1]


def _catches(claim, result):
    """Whether @result of scripts/kunit, a failure, is what a Caught-by line has promised."""
    name = _test_name(result)
    if claim.startswith("splat "):
        return name == "clean" and claim.partition(" ")[2] in result.reason
    # A suite in which the kernel died is "unfinished".
    return name in (claim, "unfinished." + claim.partition(".")[2]) or name.startswith(claim + ".")


def works(found):
    """Whether any test of scripts/kunit has passed: it was built, and has booted."""
    return any(r.status == res.PASS and _test_name(r) != "clean" for r in found)


def verdict(patch, found):
    """
    Judges a mutant by what scripts/kunit found in it.

    Returns a Result: passed, with what caught the mutant as the reason; or failed. A
    mutant in which no test passes isn't caught but broken: its failures say nothing.
    """
    if not works(found):
        said = [r.reason for r in found if r.status == res.FAIL and r.reason]
        return res.Result(patch.name, res.FAIL, "broken: no test passes; " + "; ".join(said[:2]))
    failed = [r for r in found if r.status == res.FAIL]
    caught = [c for c in patch.caught_by if any(_catches(c, r) for r in failed)]
    if caught:
        return res.Result(patch.name, res.PASS, ", ".join(caught))
    others = ", ".join(_test_name(r) for r in failed[:3])
    return res.Result(patch.name, res.FAIL, "survived" + (", but fails " + others if others else ""))
