# SPDX-License-Identifier: MIT
"""Tests of how scripts/bench reads counts and judges them."""

import copy
import io
import unittest

import bench_counts as counts
import bench_parts as parts

# What the self-check of a counter that is right looks like, two runs each.
SELF = {"empty": (8, 0, 0, 0), "known": (108, 7, 0, 0), "repeat": (13, 0, 0, 0),
        "atomics": (18, 4, 0, 0), "allocs": (300, 0, 2, 2)}


def self_cases(**changed):
    return {n: counts.Case(measure, "self", 1, [v[0]] * 2, [v[1]] * 2, 0, [1] * 2,
                           [v[2]] * 2, [v[3]] * 2)
            for n, (measure, v) in enumerate({**SELF, **changed}.items())}


def fence_cases(**changed):
    """All cases of part fence, 1 instruction and atomic per fence but for what's @changed."""
    part = parts.PARTS["fence"]
    found = []
    for measure in part.measures:
        for who in ("ours", part.peer, part.floor, part.bare):
            if who == part.peer and measure.key.startswith(("advance", "cb")):
                continue
            insns = changed.get("%s %s" % (measure.key, who), 100)
            found.append(counts.Case(measure.key, who, 10, [insns * 10] * 3, [20] * 3, 0,
                                     [30] * 3, [10] * 3, [0] * 3))
    return found


# What part devres' modules say, by what they call it: instructions; ns for what is timed.
DEVRES = {"loop ours": 16, "assume ours": 21, "assume writel": 19, "enter ours": 30,
          "enter drm": 80, "enter rwsem": 81, "enter writel": 19}
REVOKES = ("revoke-0", "revoke-1", "revoke-64", "revoke-slow", "revoke-others", "revoke-stay")


def devres_cases(found=0, **changed):
    """All cases of part devres: for four tasks there are four of each."""
    cases = []
    for name, insns in {**DEVRES, **changed}.items():
        measure, who = name.split()
        insns *= 10
        locks = {"drm": 20, "rwsem": 30}.get(who, 0)
        cases.append(counts.Case(measure + "-1", who, 10, [insns] * 2, [locks] * 2, 0,
                                 [insns] * 2, [0], [0]))
        for _ in range(4):
            cases.append(counts.Case(measure + "-4", who, 10, [insns] * 2, [locks] * 2))
            cases.append(counts.Case(measure + "-clock-4", who, 10, ns=[insns] * 2, timed=True))
        cases.append(counts.Case(measure + "-clock-1", who, 10, ns=[insns] * 2, timed=True))
    for measure in REVOKES:
        for who, ns, ended in (("ours", 1000, found), ("drm", 9000, 8)):
            cases.append(counts.Case(measure, who, 1, ns=[ns] * 3, timed=True, found=[ended] * 3))
    cases.append(counts.Case("unregister", "drm", 1, ns=[500] * 3, timed=True, found=[0] * 3))
    return cases


def devres_rows(**changed):
    return parts.rows(parts.PARTS["devres"], devres_cases(**changed), {u: "x" for u in parts.UNITS})


def row(table, key, unit="instructions"):
    return next(r for r in table if r["key"] == key and r["unit"] == parts.UNITS[unit])


def fence_rows(**changed):
    return parts.rows(parts.PARTS["fence"], fence_cases(**changed), {u: "x" for u in parts.UNITS})


class Guest(unittest.TestCase):
    TEXT = "case 3 life ours 4\nns 3 40 80 44\nallocs 3 4 4\nfrees 3 0 0\n"

    def read(self, regions):
        cases = counts.read_guest(self.TEXT)
        counts.add_counts(cases, regions)
        return cases[3]

    def test_median_per_op(self):
        case = self.read("region 3 400 8 0\nregion 3 404 8 0\nregion 3 500 8 0\n")
        self.assertEqual(case.per_op("instructions"), 101)
        self.assertEqual(case.per_op("atomics"), 2)
        self.assertEqual(case.per_op("ns"), 11)
        self.assertEqual(case.per_op("allocs"), 1)

    def test_interrupted_runs_are_left_out(self):
        case = self.read("region 3 400 8 0\nregion 3 9999 99 1\nregion 3 400 8 0\n")
        self.assertEqual(case.instructions, [400, 400])
        self.assertEqual(case.interrupted, 1)
        self.assertEqual(case.ns, [40, 44])

    def test_too_many_interrupts(self):
        with self.assertRaisesRegex(counts.Error, "2 of 3 runs had an interrupt"):
            self.read("region 3 1 1 1\nregion 3 1 1 2\nregion 3 400 8 0\n")

    def test_lost_region(self):
        with self.assertRaisesRegex(counts.Error, "ran 3 times and was counted 2 times"):
            self.read("region 3 400 8 0\nregion 3 400 8 0\n")

    def test_unknown_region(self):
        with self.assertRaisesRegex(counts.Error, "region 4 was counted"):
            self.read("region 4 400 8 0\n")

    TIMED = TEXT + "timed 5 revoke-0 ours 1\nns 5 70 90 80\nfound 5 0 8 1\n"

    def test_timed(self):
        cases = counts.read_guest(self.TIMED)
        counts.add_counts(cases, "region 3 400 8 0\n" * 3)
        self.assertEqual(cases[5].per_op("ns"), 80)
        self.assertEqual(cases[5].per_op("us"), 0.08)
        self.assertEqual(cases[5].per_op("clock"), 70)
        self.assertEqual(cases[5].per_op("found"), 1)

    def test_timed_but_counted(self):
        with self.assertRaisesRegex(counts.Error, "region 5 was counted"):
            counts.add_counts(counts.read_guest(self.TIMED), "region 5 1 1 0\n")

    def test_tasks_are_merged(self):
        cases = counts.read_guest("case 3 enter-4 ours 4\nns 3 40 48\n"
                                  "case 4 enter-4 ours 4\nns 4 44 52\n")
        counts.add_counts(cases, "region 4 400 8 0\nregion 3 404 4 0\n"
                                 "region 3 9999 9 1\nregion 4 404 4 0\n")
        case = counts.merge(cases.values())["enter-4", "ours"]
        self.assertEqual(sorted(case.instructions), [400, 404, 404])
        self.assertEqual(case.interrupted, 1)
        self.assertEqual(sorted(case.ns), [40, 44, 52])

    def test_unknown_line(self):
        with self.assertRaises(counts.Error):
            counts.read_guest("case 3 life ours 4\nwhat 3 1\n")


class SelfCheck(unittest.TestCase):
    def test_right(self):
        counts.check_self(self_cases())

    def test_wrong_instructions(self):
        with self.assertRaisesRegex(counts.Error, "known has 100 instructions, and 99"):
            counts.check_self(self_cases(known=(107, 7, 0, 0)))

    def test_wrong_atomics(self):
        with self.assertRaisesRegex(counts.Error, "known has 7 atomics, and 6"):
            counts.check_self(self_cases(known=(108, 6, 0, 0)))

    def test_locks_patched_away(self):
        with self.assertRaisesRegex(counts.Error, "atomics has 4 atomics, and 1"):
            counts.check_self(self_cases(atomics=(18, 1, 0, 0)))

    def test_repetitions_counted(self):
        with self.assertRaisesRegex(counts.Error, "repeat has 5 instructions, and 304"):
            counts.check_self(self_cases(repeat=(312, 0, 0, 0)))

    def test_wrong_frees(self):
        with self.assertRaisesRegex(counts.Error, "allocs has 2 frees"):
            counts.check_self(self_cases(allocs=(300, 0, 2, 1)))

    def test_one_run_differs(self):
        cases = self_cases()
        cases[1].instructions[1] = 109
        with self.assertRaisesRegex(counts.Error, "100 or 101"):
            counts.check_self(cases)

    def test_missing(self):
        with self.assertRaisesRegex(counts.Error, "hasn't run"):
            counts.check_self({})


class Profile(unittest.TestCase):
    SYMBOLS = "ffffffff81000000 T first\nffffffff81000010 d data\nffffffff81000020 t second\n"

    def test_by_symbol(self):
        symbols = counts.read_symbols(self.SYMBOLS)
        text = ("at ffffffff81000000 3\nat ffffffff81000018 4\nat ffffffff81000020 10\n"
                "region 7 17 0 0\nat ffffffff81000000 5\nregion 7 5 0 0\n"
                "at ffffffff81000000 500\nregion 7 500 0 1\n")
        cases = {7: counts.Case("life", "ours", 1)}
        self.assertEqual(counts.read_profile(text, symbols, cases),
                         {7: {"first": 6, "second": 5}})

    def test_interrupts_that_belong(self):
        symbols = counts.read_symbols(self.SYMBOLS)
        text = ("at ffffffff81000000 3\nregion 7 3 0 1\n"
                "at ffffffff81000000 500\nregion 7 500 0 0\n"
                "at ffffffff81000000 9\nregion 8 9 0 0\n")
        cases = {7: counts.Case("deps", "ours", 1, expected=1)}
        self.assertEqual(counts.read_profile(text, symbols, cases), {7: {"first": 3}})


class Judgement(unittest.TestCase):
    def test_ratio_to_peer_or_floor(self):
        table = fence_rows(**{"life ours": 110, "life drm_sched": 220, "cb-fire ours": 150})
        life, fire = row(table, "life"), row(table, "cb-fire")
        self.assertEqual((life["ratio"], life["ratio_peer"], life["ratio_floor"]), (0.5, 0.5, 1.1))
        self.assertEqual((fire["peer"], fire["ratio"], fire["ratio_floor"]), (None, 1.5, 1.5))

    def test_floor_target(self):
        self.assertTrue(row(fence_rows(**{"life ours": 115}), "life")["met"])
        self.assertFalse(row(fence_rows(**{"life ours": 116}), "life")["met"])

    def test_advance_target(self):
        self.assertTrue(row(fence_rows(**{"advance-256 ours": 99}), "advance-256")["met"])
        self.assertFalse(row(fence_rows(), "advance-256")["met"])

    def test_no_target(self):
        found = row(fence_rows(), "alloc")
        self.assertIsNone(found["target"])
        self.assertIsNone(found["met"])

    def test_loop_is_subtracted(self):
        table = devres_rows()
        enter = row(table, "enter-1")
        self.assertEqual([enter[name] for name in ("ours", "peer", "floor", "bare")],
                         [14, 64, 65, 3])
        net = row(table, "enter-net-1")
        self.assertEqual([net[name] for name in ("ours", "peer", "floor", "bare")],
                         [11, 61, 62, 0])
        self.assertEqual(row(table, "loop-4")["ours"], 16)

    def test_enter_target(self):
        self.assertTrue(row(devres_rows(**{"enter ours": 48}), "enter-4")["met"])
        self.assertFalse(row(devres_rows(**{"enter ours": 49}), "enter-4")["met"])

    def test_assume_target(self):
        self.assertTrue(row(devres_rows(), "assume-1")["met"])
        self.assertFalse(row(devres_rows(**{"assume ours": 22}), "assume-1")["met"])
        self.assertEqual(row(devres_rows(), "assume-1")["target"], "at most bare + 2")

    def test_revoke_target(self):
        self.assertTrue(row(devres_rows(), "revoke-others", "found")["met"])
        missed = row(devres_rows(found=1), "revoke-stay", "found")
        self.assertFalse(missed["met"])
        self.assertEqual(missed["target"], "at most 0")

    def test_nobody_but_the_peer(self):
        found = row(devres_rows(), "unregister", "us")
        self.assertEqual((found["ours"], found["peer"], found["ratio"]), (None, 0.5, None))

    def test_only_units_that_were_measured(self):
        text = io.StringIO()
        parts.print_table(parts.PARTS["fence"], fence_rows(), text)
        self.assertNotIn("sections of others", text.getvalue())
        parts.print_table(parts.PARTS["devres"], devres_rows(), text)
        self.assertIn("sections of others", text.getvalue())

    def test_table_says_missed(self):
        text = io.StringIO()
        parts.print_table(parts.PARTS["fence"], fence_rows(**{"life ours": 200}), text)
        self.assertIn("at most 1.15 times the floor: MISSED", text.getvalue())

    def test_difference_of_runs(self):
        first = fence_rows()
        second = copy.deepcopy(first)
        self.assertEqual(parts.worst_difference(first, second)[0], 0)
        row(second, "arm")["floor"] *= 1.03
        difference, where = parts.worst_difference(first, second)
        self.assertAlmostEqual(difference, 0.03)
        self.assertIn("arm, floor", where)

    def test_difference_of_times(self):
        first = fence_rows()
        second = copy.deepcopy(first)
        row(second, "arm", "ns")["ours"] *= 1.03
        self.assertEqual(parts.worst_difference(first, second)[0], 0)

    def test_difference_on_the_clock(self):
        first = devres_rows()
        second = copy.deepcopy(first)
        row(second, "enter-clock-4", "clock")["ours"] *= 2
        row(second, "revoke-0", "us")["ours"] *= 2
        self.assertEqual(parts.worst_difference(first, second)[0], 0)
        row(second, "enter-4", "atomics")["peer"] *= 2
        self.assertEqual(parts.worst_difference(first, second)[0], 1)

    def test_difference_of_next_to_nothing(self):
        first = fence_rows()
        second = copy.deepcopy(first)
        row(first, "arm", "atomics")["ours"] = 0.076
        row(second, "arm", "atomics")["ours"] = 0.079
        self.assertEqual(parts.worst_difference(first, second)[0], 0)


if __name__ == "__main__":
    unittest.main()
