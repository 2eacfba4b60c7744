# SPDX-License-Identifier: MIT
"""Mutants: copies of the checkout with a bug put in, for tests to find."""

import os
import pathlib
import shutil
import subprocess

import results as res

REPO = pathlib.Path(__file__).resolve().parents[2]
PATCHES = REPO / "scripts/tests/mutants"


class Broken(Exception):
    """The mutant can't be made; the text says why."""


class Mutant:
    """
    A copy of the checkout with the patch @name of scripts/tests/mutants.

    Lives in the build folder @build, which vm/in-tree shows as @inside. The copy has a
    build folder of its own: what is built from the checkout stays untouched.
    """

    def __init__(self, name, build, inside):
        self.patch = PATCHES / (name + ".patch")
        self.folder = pathlib.Path(build) / "mutants" / name
        self.inside = "%s/mutants/%s" % (inside, name)
        self.checkout = self.folder / "checkout"

    def make(self):
        """Copies and patches. Files keep their times, so a second build has little to do."""
        shutil.rmtree(self.checkout, ignore_errors=True)
        listed = subprocess.run(["git", "-C", REPO, "ls-files", "-co", "--exclude-standard"],
                                stdout=subprocess.PIPE, text=True, check=True)
        for name in listed.stdout.splitlines():
            if (REPO / name).is_file():
                (self.checkout / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(REPO / name, self.checkout / name)
        got = subprocess.run([REPO / "vm/in-tree", "--chdir", self.inside + "/checkout", "--",
                              "patch", "-p1", "--no-backup-if-mismatch", "-F0", "-i",
                              "/carillon/%s" % self.patch.relative_to(REPO)],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, check=False)
        if got.returncode:
            raise Broken("%s doesn't apply any more:\n%s" % (self.patch.name, got.stdout))

    def run(self, *command):
        """Runs a command of the copy, its path relative to the top; returns its output."""
        env = dict(os.environ, CARILLON_BUILD=str(self.folder / "build"))
        return subprocess.run([self.checkout / command[0], *command[1:]], env=env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                              errors="replace", check=False).stdout


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
