# SPDX-License-Identifier: MIT
"""The readers of results: what they count, and that nothing gets lost."""

import io
import json
import unittest

import results as res
from results import FAIL, PASS, SKIP

KUNIT = """\
[    0.120000] KTAP version 1
[    0.120000] 1..1
[    0.120000]     KTAP version 1
[    0.120000]     # Subtest: good
[    0.120000]     1..4
[    0.120000]     ok 1 first
[    0.120000] some line of the driver
[    0.120000]     # second: EXPECTATION FAILED at a_test.c:10
[    0.120000]     Expected x == 43, but
[    0.120000]     not ok 2 second
[    0.120000]         KTAP version 1
[    0.120000]         # Subtest: table
[    0.120000]         ok 1 one
[    0.120000]         ok 2 two
[    0.120000]     ok 3 table
[    0.120000]     ok 4 last # SKIP no such thing
[    0.120000] # good: pass:2 fail:1 skip:1 total:4
[    0.120000] not ok 1 good
"""


def names(found, status):
    return [r.name for r in found if r.status == status]


class Tap(unittest.TestCase):
    def test_nested_counts_leaves(self):
        found = res.read_tap(KUNIT)
        self.assertEqual(res.counts(found), (3, 1, 1))
        self.assertEqual(names(found, PASS), ["good.first", "good.table.one", "good.table.two"])
        self.assertEqual(names(found, FAIL), ["good.second"])
        self.assertIn("a_test.c:10 Expected x == 43", found[1].reason)
        self.assertEqual(found[-1].reason, "no such thing")

    def test_log_that_ends_inside_a_suite(self):
        cut = KUNIT[:KUNIT.index("[    0.120000]     ok 4")]
        self.assertGreater(res.counts(res.read_tap(cut))[1], 1)

    def test_plan_not_fulfilled(self):
        found = res.read_tap("1..3\nok 1 - a\nok 2 - b\n")
        self.assertEqual(res.counts(found), (2, 1, 0))
        self.assertIn("2 of 3", found[-1].reason)

    def test_inner_plan_not_fulfilled(self):
        found = res.read_tap("1..1\n    1..2\n    ok 1 a\nok 1 suite\n")
        self.assertEqual(names(found, FAIL), ["suite.plan"])

    def test_missing_plan(self):
        self.assertEqual(res.counts(res.read_tap("ok 1 - a\n")), (1, 1, 0))
        self.assertEqual(res.counts(res.read_tap("")), (0, 1, 0))

    def test_suite_that_fails_by_itself(self):
        found = res.read_tap("1..1\n    1..1\n    ok 1 a\nnot ok 1 suite\n")
        self.assertEqual(names(found, FAIL), ["suite"])

    def test_bail_out(self):
        found = res.read_tap("1..1\nok 1 - a\nBail out! no device\n")
        self.assertEqual(res.counts(found), (1, 1, 0))

    def test_documents_in_a_row(self):
        found = res.read_tap("1..1\nok 1 a\n1..1\nok 1 b\n")
        self.assertEqual(res.counts(found), (2, 0, 0))

    def test_skip_all_and_todo(self):
        found = res.read_tap("1..0 # SKIP nothing here\n")
        self.assertEqual([(r.status, r.reason) for r in found], [(SKIP, "nothing here")])
        found = res.read_tap("1..1\nnot ok 1 - a # TODO later\n")
        self.assertEqual(res.counts(found), (0, 0, 1))

    def test_what_looks_like_a_result(self):
        found = res.read_tap("1..1\nok then\nokay 1\nok 1 - a\n")
        self.assertEqual(res.counts(found), (1, 0, 0))

    def test_what_we_write_we_read(self):
        mixed = [res.Result("a/b", PASS), res.Result("c", FAIL, "two\nlines"),
                 res.Result("d", SKIP, "no such thing")]
        out = io.StringIO()
        res.write_tap(mixed, out)
        found = res.read_tap(out.getvalue())
        self.assertEqual([(r.name, r.status) for r in found],
                         [(r.name, r.status) for r in mixed])
        self.assertEqual([r.reason for r in found], ["", "two lines", "no such thing"])


class Igt(unittest.TestCase):
    def test_statuses(self):
        tests = {
            "igt@a": {"result": "pass"},
            "igt@b": {"result": "skip", "out": "x\nTest requirement not met in f, file c:1:\n"},
            "igt@c": {"result": "dmesg-warn", "out": "", "dmesg-warnings": "<4> [1.0] x"},
            "igt@d": {"result": "incomplete"},
            "igt@e": {"result": "something new"},
            "igt@f": {},
        }
        found = res.read_igt(json.dumps({"tests": tests}))
        self.assertEqual(res.counts(found), (1, 4, 1))
        self.assertIn("requirement not met", found[1].reason)
        self.assertEqual(found[2].reason, "dmesg-warn: <4> [1.0] x")


    def test_warnings_are_judged(self):
        def find(lines):
            return next((line for line in lines if "WARNING" in line), None)

        tests = {
            "igt@a": {"result": "dmesg-warn", "dmesg": "<4> [1.0] ring 0 was reset"},
            "igt@b": {"result": "dmesg-warn", "dmesg": "<4> [1.0] WARNING: at x.c:1"},
            "igt@c": {"result": "dmesg-fail", "dmesg": "<4> [1.0] ring 0 was reset"},
        }
        found = res.read_igt(json.dumps({"tests": tests}), find)
        self.assertEqual([r.status for r in found], [PASS, FAIL, FAIL])
        self.assertEqual(found[1].reason, "dmesg-warn: [1.0] WARNING: at x.c:1")


class Rounds(unittest.TestCase):
    def test_counts_and_first_failure(self):
        found = [res.Result(res.in_round(name, i + 1), status, "why %d" % (i + 1))
                 for name, ends in (("a@b", (res.PASS,) * 3),
                                    ("a@c", (res.PASS, res.FAIL, res.FAIL)),
                                    ("a@d", (res.SKIP,) * 3), ("a@e", (res.SKIP, res.PASS)))
                 for i, status in enumerate(ends)]
        said, merged = res.merge_rounds(found)
        self.assertEqual(said["a@c"], "1 passed, 2 failed, 0 skipped")
        self.assertEqual([(r.name, r.status) for r in merged],
                         [("a@b", res.PASS), ("a@c", res.FAIL), ("a@d", res.SKIP),
                          ("a@e", res.FAIL)])
        self.assertEqual(merged[1].reason, "a@c (round 2): why 2")


class Junit(unittest.TestCase):
    def test_statuses(self):
        found = res.read_junit(
            '<testsuites><testsuite><testcase classname="s" name="a"/>'
            '<testcase classname="s" name="b"><failure message="bad"/></testcase>'
            '<testcase classname="s" name="c"><skipped/></testcase>'
            '<testcase classname="s" name="d"><skipped/><system-err>x\nno y\n</system-err></testcase>'
            '</testsuite></testsuites>')
        self.assertEqual([(r.name, r.status, r.reason) for r in found],
                         [("s/a", PASS, ""), ("s/b", FAIL, "bad"), ("s/c", SKIP, ""),
                          ("s/d", SKIP, "no y")])


if __name__ == "__main__":
    unittest.main()
