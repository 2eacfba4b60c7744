# SPDX-License-Identifier: MIT
"""Tests of lib/promela.py."""

import pathlib
import tempfile
import unittest

import promela

MODEL = """/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A model.
 *
 * Checks:
 *	safety
 *	ltl ends	-DN=2
 *
 * Mutants:
 *	NO_LOCK		safety	two in there
 *	FOREVER		ltl	never ends
 *
 * Never reached:
 *	task: (n == 3)	(it doesn't count that far)
 */
#ifdef MUTANT_NO_LOCK
#if !defined(MUTANT_FOREVER)
"""

PAN = """
pan:1: assertion violated (n==1) (at depth 7)
State-vector 52 byte, depth reached 84, errors: 1
   102801 states, stored (205602 visited)
unreached in proctype task
\t/carillon/a.pml:9, state 5, "(n == 3)"
\t(1 of 9 states)
unreached in claim ends
\t_spin_nvr.tmp:3, state 5, "(1)"
"""


class Models(unittest.TestCase):
    def setUp(self):
        tmp = tempfile.TemporaryDirectory()
        self.addCleanup(tmp.cleanup)
        self.folder = pathlib.Path(tmp.name)

    def model(self, text=MODEL):
        (self.folder / "m.pml").write_text(text, encoding="utf-8")
        return promela.Model(self.folder / "m.pml")

    def test_header(self):
        model = self.model()
        safety, ends = promela.Check("safety"), promela.Check("ltl", "ends", ("-DN=2",))
        self.assertEqual(model.checks, [safety, ends])
        self.assertEqual(model.mutants, [("NO_LOCK", safety), ("FOREVER", ends)])
        self.assertEqual(model.never, {("task", "(n == 3)")})

    def test_bad_headers(self):
        for old, new in (("\tsafety\n", "\tsafe\n"), (" safety	two", " saftey	two"),
                         ("FOREVER		ltl", "FOREVER		lt"), (" * Checks", " * Check")):
            with self.subTest(new), self.assertRaises(promela.Flaw):
                self.model(MODEL.replace("\t\tsafety\t", " safety\t").replace(old, new))

    def test_unproven(self):
        self.assertEqual(promela.unproven([self.model()], self.folder), [])
        model = self.model(MODEL.replace(" *	FOREVER		ltl	never ends\n", ""))
        self.assertEqual(promela.unproven([model], self.folder),
                         ["planted error FOREVER isn't in the list of any model",
                          "m: no mutant for ltl ends"])
        model = self.model(MODEL.replace("#ifdef MUTANT_NO_LOCK\n", ""))
        self.assertEqual(promela.unproven([model], self.folder),
                         ["mutant NO_LOCK isn't in the code"])


class Pan(unittest.TestCase):
    def test_error(self):
        verdict = promela.read_pan(PAN)
        self.assertEqual((verdict.errors, verdict.states), (1, 102801))
        self.assertEqual(verdict.error, "assertion violated (n==1) (at depth 7)")
        self.assertEqual(verdict.unreached, {("task", "(n == 3)")})
        self.assertEqual(verdict.incomplete, "")

    def test_incomplete(self):
        for line in ("error: max search depth too small", "pan: out of memory",
                     "pan: error: too many processes", "pan: reached -DMEMLIM bound"):
            with self.subTest(line):
                self.assertNotEqual(promela.read_pan(PAN + line + "\n").incomplete, "")

    def test_nothing(self):
        self.assertIsNone(promela.read_pan("gcc: no such file").errors)


if __name__ == "__main__":
    unittest.main()
