# SPDX-License-Identifier: MIT
"""Tests of lib/mutant.py: what patches say, and its verdicts."""

import pathlib
import tempfile
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


PATCH = """Mutant: one bug, in a sentence that
 goes on
Kernel: kasan
Caught-by: a.one
Caught-by: splat KASAN: slab-use-after-free

diff --git a/x b/x
Caught-by: nobody
"""

SUITE = """
static struct kunit_case a_cases[] = {
	KUNIT_CASE(one),
	KUNIT_CASE_PARAM(two, two_gen_params),
	{}
};

static struct kunit_suite a_suite = {
	.name = "a",
	.test_cases = a_cases,
};
"""


class Patches(unittest.TestCase):
    def setUp(self):
        tmp = tempfile.TemporaryDirectory()
        self.addCleanup(tmp.cleanup)
        self.folder = pathlib.Path(tmp.name)

    def patch(self, text=PATCH):
        path = self.folder / "bug.patch"
        path.write_text(text, encoding="utf-8")
        return mutant.Patch(path)

    def test_header(self):
        patch = self.patch()
        self.assertEqual((patch.name, patch.kernel), ("bug", "kasan"))
        self.assertEqual(patch.what, "one bug, in a sentence that goes on")
        self.assertEqual(patch.caught_by, ["a.one", "splat KASAN: slab-use-after-free"])
        self.assertEqual(patch.flaws({"a.one"}), [])

    def test_flaws(self):
        self.assertEqual(self.patch().flaws({"a.two"}), ["no such test: a.one"])
        self.assertEqual(len(self.patch("Kernel: arm\n\n--- a/x\n").flaws(set())), 3)

    def test_kunit_cases(self):
        (self.folder / "a_test.c").write_text(SUITE, encoding="utf-8")
        self.assertEqual(mutant.kunit_cases(self.folder), {"a.one", "a.two"})

    def verdict(self, *found):
        result = mutant.verdict(self.patch(), list(found))
        return result.status, result.reason

    other = Result("kasan/m_test/a.two", PASS)

    def test_caught(self):
        self.assertEqual(self.verdict(self.other, Result("kasan/m_test/a.one", FAIL)),
                         (PASS, "a.one"))
        self.assertEqual(self.verdict(self.other, Result("kasan/m_test/a.one.param", FAIL)),
                         (PASS, "a.one"))
        self.assertEqual(self.verdict(self.other, Result("kasan/m_test/unfinished.one", FAIL)),
                         (PASS, "a.one"))
        self.assertEqual(
            self.verdict(self.other, Result("kasan/boot/clean", FAIL,
                                            "BUG: KASAN: slab-use-after-free in f")),
            (PASS, "splat KASAN: slab-use-after-free"))

    def test_survived(self):
        self.assertEqual(self.verdict(self.other, Result("kasan/m_test/a.one", PASS)),
                         (FAIL, "survived"))
        self.assertEqual(self.verdict(self.other, Result("kasan/boot/clean", FAIL, "BUG: other")),
                         (FAIL, "survived, but fails clean"))

    def test_broken(self):
        for found in ([], [Result("kasan/m_test/a.one", FAIL, "x")],
                      [Result("kasan/m_test/a.one", FAIL, "x"), Result("uml/m_test/clean", PASS)]):
            self.assertTrue(self.verdict(*found)[1].startswith("broken"))


if __name__ == "__main__":
    unittest.main()
