# SPDX-License-Identifier: MIT
"""Expectations of IGT runs: what each kind of entry makes of a result."""

import pathlib
import tempfile
import unittest

import expected as exp
import results as res
from results import FAIL, PASS, SKIP

FILES = {
    "fails": "# Broken hardware.\nalpha@broken,Fail\nalpha@dies,Crash\n",
    "flakes": "# Slow machines.\n^alpha@races-\n",
    "skips": "# SPDX\n\n# No displays.\n^beta@\n\n# No power.\n^gamma@cold$\n",
}


def result(name, status, reason=""):
    return res.Result("igt@" + name, status, reason)


def load(**files):
    with tempfile.TemporaryDirectory() as top:
        for kind, text in {**FILES, **files}.items():
            pathlib.Path(top, "x-%s.txt" % kind).write_text(text, encoding="utf-8")
        return exp.Expected.load(pathlib.Path(top, "x"))


class Judge(unittest.TestCase):
    def setUp(self):
        self.expected, self.notes = load(), []

    def judge(self, *args):
        return exp.judge(result(*args), self.expected, self.notes)

    def test_pass_and_failure_stay_what_they_are(self):
        self.assertEqual(self.judge("alpha@good", PASS).status, PASS)
        self.assertEqual(self.judge("alpha@bad", FAIL, "fail: x"), result("alpha@bad", FAIL, "fail: x"))
        self.assertEqual(self.notes, [])

    def test_expected_skip_has_the_reason_of_its_comment(self):
        self.assertEqual(self.judge("beta@any", SKIP, "x"), result("beta@any", SKIP, "No displays."))
        self.assertEqual(self.judge("gamma@cold", SKIP).reason, "No power.")

    def test_other_skips_fail(self):
        got = self.judge("gamma@cold-2", SKIP, "no such thing")
        self.assertEqual(got.status, FAIL)
        self.assertIn("no such thing", got.reason)

    def test_expected_skip_that_passes_is_reported(self):
        self.assertEqual(self.judge("beta@any", PASS).status, PASS)
        self.assertIn("x-skips.txt:4", self.notes[0])

    def test_expected_skip_that_fails_is_a_failure(self):
        self.assertEqual(self.judge("beta@any", FAIL, "fail").status, FAIL)

    def test_known_failure(self):
        got = self.judge("alpha@broken", FAIL, "fail: x")
        self.assertEqual((got.status, got.reason), (SKIP, "known to fail: Broken hardware."))

    def test_known_failure_that_fails_otherwise(self):
        self.assertEqual(self.judge("alpha@broken", FAIL, "crash").status, FAIL)
        self.assertEqual(self.judge("alpha@dies", FAIL, "crash").status, SKIP)

    def test_known_failure_that_passes_is_reported(self):
        self.assertEqual(self.judge("alpha@broken", PASS).status, PASS)
        self.assertIn("x-fails.txt:2", self.notes[0])

    def test_known_failure_is_one_test(self):
        self.assertEqual(self.judge("alpha@broken-too", FAIL, "fail").status, FAIL)

    def test_flake(self):
        first = self.judge("alpha@races-1", FAIL, "fail: late")
        self.assertTrue(exp.is_flake(first, self.expected))
        self.assertFalse(exp.is_flake(self.judge("alpha@race", FAIL), self.expected))
        self.assertFalse(exp.is_flake(self.judge("alpha@races-1", PASS), self.expected))
        second = exp.judge_second(first, result("alpha@races-1", PASS), self.notes)
        self.assertEqual(second.status, PASS)
        self.assertIn("fail: late", self.notes[0])

    def test_flake_that_fails_twice(self):
        first = self.judge("alpha@races-1", FAIL, "fail: late")
        for second in (first, res.Result("", FAIL), result("alpha@races-1", SKIP)):
            self.assertEqual(exp.judge_second(first, second, self.notes).status, FAIL)
        self.assertEqual(self.notes, [])


class Files(unittest.TestCase):
    def test_entries_that_match_nothing(self):
        expected = load()
        exp.judge(result("beta@a", SKIP), expected, [])
        self.assertEqual([e.where for e in expected.unused()],
                         ["x-fails.txt:2", "x-fails.txt:3", "x-flakes.txt:2", "x-skips.txt:7"])

    def test_malformed(self):
        for kind, text, why in (("skips", "^a\n", "no comment"),
                                ("skips", "# Why.\n\n^a\n", "no comment"),
                                ("skips", "# Why.\na(\n", "x-skips.txt:2: no regular"),
                                ("fails", "# Why.\na@b\n", "TEST,Status"),
                                ("fails", "# Why.\na@b,Pass\n", "TEST,Status")):
            with self.assertRaisesRegex(exp.Malformed, why):
                load(**{kind: text})
        with self.assertRaises(FileNotFoundError):
            exp.Expected.load(pathlib.Path("/nowhere/x"))

    def test_comments_after_an_entry_start_anew(self):
        entries = exp.parse("skips", "x", "# One\n# reason.\n^a\n^b\n# Another.\n^c\n")
        self.assertEqual([e.reason for e in entries], ["One reason.", "One reason.", "Another."])


if __name__ == "__main__":
    unittest.main()
