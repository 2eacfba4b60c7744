# SPDX-License-Identifier: MIT
"""Tests of lcov_info: tracefiles are read right, and shares don't look better than they are."""

import unittest

import lcov_info

TRACE = """\
TN:a
SF:/src/lib/b.c
FNF:2
FNH:1
BRDA:3,0,0,7
BRDA:3,0,1,0
BRDA:9,0,0,-
BRDA:9,0,1,-
BRF:4
BRH:1
DA:1,5
DA:3,7
DA:8,0
DA:9,0
DA:12,0
LF:5
LH:2
end_of_record
SF:/src/lib/a.c
DA:1,1
LF:1
LH:1
end_of_record
SF:/usr/include/c.h
DA:1,0
LF:1
LH:0
end_of_record
"""


class LcovInfo(unittest.TestCase):
    def setUp(self):
        self.files = lcov_info.read(TRACE.splitlines(True), "/src/lib/")

    def test_files_are_cut_and_sorted_and_others_left_out(self):
        self.assertEqual([f.name for f in self.files], ["a.c", "b.c"])

    def test_counts(self):
        second = self.files[1]
        self.assertEqual((second.lines.hit, second.lines.total), (2, 5))
        self.assertEqual((second.branches.hit, second.branches.total), (1, 4))
        self.assertEqual((second.functions.hit, second.functions.total), (1, 2))

    def test_total(self):
        total = lcov_info.total(self.files)
        self.assertEqual(str(total.lines), "50.0 % (3/6)")
        self.assertEqual(str(total.branches), "25.0 % (1/4)")
        self.assertEqual(str(self.files[0].branches), "none")

    def test_missing_names_lines_once(self):
        self.assertEqual(lcov_info.missing(self.files),
                         ["not reached: b.c: 8-9 12", "branches not taken: b.c: 3"])

    def test_rounding_is_down(self):
        self.assertEqual(str(lcov_info.Share(9999, 10000)), "99.9 % (9999/10000)")
        self.assertEqual(str(lcov_info.Share(10000, 10000)), "100.0 % (10000/10000)")

    def test_table_has_a_row_for_each_and_the_sum(self):
        rows = lcov_info.table(self.files)
        self.assertEqual([row.split()[0] for row in rows], ["file", "a.c", "b.c", "total"])


if __name__ == "__main__":
    unittest.main()
