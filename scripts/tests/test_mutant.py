# SPDX-License-Identifier: MIT
"""Tests of lib/mutant.py's verdict."""

import unittest

import mutant
from results import FAIL, PASS, SKIP, Result


class Judge(unittest.TestCase):
    def verdict(self, *found):
        judged = mutant.judge(list(found), "[blocks]", ["egl"])
        return [(r.name, r.status) for r in judged]

    control = Result("egl: a control", PASS)

    def test_noticed(self):
        self.assertEqual(self.verdict(self.control, Result("egl: [blocks] a", FAIL)),
                         [("egl: [blocks] a", PASS)])

    def test_unnoticed(self):
        self.assertEqual(self.verdict(self.control, Result("egl: [blocks] a", FAIL),
                                      Result("egl: [blocks] b", PASS)),
                         [("egl: [blocks] a", PASS), ("egl: [blocks] b", FAIL)])

    def test_nothing_ran(self):
        self.assertEqual(self.verdict(self.control), [("egl", FAIL)])
        self.assertEqual(self.verdict(self.control, Result("egl: [blocks] a", SKIP)),
                         [("egl", FAIL)])

    def test_nothing_works(self):
        self.assertEqual(self.verdict(Result("egl: a control", FAIL),
                                      Result("egl: [blocks] a", FAIL)),
                         [("egl: [blocks] a", PASS), ("egl", FAIL)])

    def test_ends_early(self):
        self.assertEqual(self.verdict(self.control, Result("egl: [blocks] a", FAIL),
                                      Result("egl: plan", FAIL, "2 of 3")),
                         [("egl: [blocks] a", PASS), ("egl: plan", FAIL)])


if __name__ == "__main__":
    unittest.main()
