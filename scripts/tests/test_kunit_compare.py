# SPDX-License-Identifier: MIT
"""Runs of KUnit without our modules and with them: what counts as a difference."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../vm"))

import kunit_compare as kc
import results as res
from results import FAIL, PASS, SKIP

FLAWS = "# Races with itself.\nflaky$\n"
LOG = """\
[    1.000000]     ok 1 good
[    2.000000] BUG: KASAN: slab-use-after-free in foo
[    2.100000]     %s 2 %s
[    3.000000]     ok 3 later
[    3.100000] ok 1 suite
"""


def boot(problems=(), log="", **tests):
    return kc.Boot({name: res.Result(name, status, "why") for name, status in tests.items()},
                   list(problems), log.splitlines())


class Compare(unittest.TestCase):
    def compare(self, without, with_ours):
        flaws = kc.Flaws("flaws", FLAWS)
        return {r.name: r for r in kc.compare(without, with_ours, flaws)}

    def status(self, before, after, name="test"):
        found = self.compare(boot(flaky=PASS, **{name: before}), boot(flaky=PASS, **{name: after}))
        return found[name].status

    def test_same(self):
        self.assertEqual(self.status(PASS, PASS), PASS)
        self.assertEqual(self.status(SKIP, SKIP), SKIP)

    def test_only_with_ours(self):
        self.assertEqual(self.status(PASS, FAIL), FAIL)
        self.assertEqual(self.status(PASS, SKIP), FAIL)
        self.assertEqual(self.status(SKIP, PASS), FAIL)

    def test_not_ours(self):
        found = self.compare(boot(flaky=PASS, a=FAIL), boot(flaky=PASS, a=FAIL))
        self.assertEqual(found["a"].status, SKIP)
        self.assertIn("without our modules, too", found["a"].reason)

    def test_known_flaw(self):
        for before, after in ((PASS, FAIL), (FAIL, PASS), (FAIL, FAIL)):
            found = self.compare(boot(flaky=before), boot(flaky=after))
            self.assertEqual(found["flaky"].status, SKIP)
            self.assertIn("Races with itself.", found["flaky"].reason)
        self.assertEqual(self.compare(boot(flaky=PASS), boot(flaky=PASS))["flaky"].status, PASS)

    def test_missing(self):
        for pair in ((boot(flaky=PASS, a=PASS), boot(flaky=PASS)),
                     (boot(flaky=PASS), boot(flaky=PASS, a=PASS))):
            self.assertEqual(self.compare(*pair)["a"].status, FAIL)

    def test_flaw_that_matches_nothing(self):
        found = self.compare(boot(a=PASS), boot(a=PASS))
        self.assertEqual([n for n, r in found.items() if r.status == FAIL], ["flaws:2"])

    def splat(self, log, *problems):
        dirty = boot(problems, log, flaky=PASS, wild=PASS)
        found = self.compare(boot(flaky=PASS, wild=PASS), dirty)
        self.assertEqual(found["without our modules: clean"].status, PASS)
        return found["with our modules: clean"]

    def test_splat(self):
        for result in ("ok", "not ok"):
            got = self.splat(LOG % (result, "wild"))
            self.assertEqual(got.status, FAIL)
            self.assertIn("in suite.wild", got.reason)

    def test_splat_of_a_known_flaw_and_its_wake(self):
        for result in ("ok", "not ok"):
            got = self.splat(LOG % (result, "flaky"), "the kernel is tainted: 512",
                             "lockdep has switched itself off")
            self.assertEqual(got.status, SKIP)

    def test_known_splat_hides_nothing_else(self):
        self.assertEqual(self.splat(LOG % ("ok", "flaky") + LOG % ("ok", "wild")).status, FAIL)
        self.assertEqual(self.splat(LOG % ("ok", "flaky"), "3 memory leaks").status, FAIL)

    def test_problems_without_splat(self):
        self.assertEqual(self.splat("", "the kernel is tainted: 512").status, FAIL)

    def test_splat_between_tests(self):
        self.assertIn("in no test", self.splat("[    1.000000] BUG: KASAN: x\n").reason)


if __name__ == "__main__":
    unittest.main()
