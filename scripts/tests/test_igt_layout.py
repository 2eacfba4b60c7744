# SPDX-License-Identifier: MIT
"""What keeps igt-tests/ fit for an IGT tree: each rule with a violation of it."""

import pathlib
import shutil
import tempfile
import unittest

import igt_layout

OURS = pathlib.Path(__file__).parent.parent.parent / "igt-tests"

TEST = """\
// SPDX-License-Identifier: MIT
/**
 * TEST: Boxes
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory
 * Functionality: boxes
 * Test category: functionality test
 * Description: Check boxes
 *	of all kinds.
 *
 * SUBTEST: open
 * Description: Check that boxes open
 *
 * SUBTEST: shut-again
 * Functionality: lids
 * Description: Check that boxes shut
 */
#include "igt.h"
"""
LISTED = {"carillon_box": ["open", "shut-again"]}
TOLD = {"carillon_box": "Check boxes\n\nSUB open x.c:1:\n  Check\n\nSUB shut-again x.c:2:\n  Check\n"}


class Layout(unittest.TestCase):
    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.top = pathlib.Path(top.name)
        (self.top / igt_layout.TESTS).mkdir(parents=True)
        (self.top / igt_layout.TEST_LIST).parent.mkdir(parents=True)
        shutil.copy(OURS / igt_layout.CONFIG, self.top / igt_layout.CONFIG)
        self.write("carillon_box.c", TEST)
        self.write("meson.build", igt_layout._MESON % "\t'carillon_box',\n")
        (self.top / igt_layout.TEST_LIST).write_text(
            "# SPDX-License-Identifier: MIT\nigt@carillon/carillon_box@open\n"
            "igt@carillon/carillon_box@shut-again\n", encoding="utf-8")

    def write(self, name, text):
        (self.top / igt_layout.TESTS / name).write_text(text, encoding="utf-8")

    def changed(self, before, after):
        self.assertIn(before, TEST)
        self.write("carillon_box.c", TEST.replace(before, after))

    def finds(self, *wants, listed=None, told=None):
        found = igt_layout.check(self.top, listed or LISTED, told or TOLD)
        self.assertEqual(len(found), len(wants), found)
        for want, line in zip(wants, found):
            self.assertRegex(line, r"^tests/carillon\S*:\d+: ")
            self.assertIn(want, line)

    def test_good(self):
        self.finds()

    def test_name(self):
        self.write("box.c", TEST)
        self.assertTrue(any("box.c:1: isn't called" in line for line in igt_layout.names(self.top)))

    def test_meson_lacks_a_test(self):
        self.write("carillon_lid.c", TEST)
        self.assertIn("'carillon_lid'", igt_layout.meson(self.top)[0])

    def test_meson_of_another_form(self):
        self.write("meson.build", igt_layout._MESON % "\t'carillon_box',\n" + "more = 1\n")
        self.finds("more = 1")
        self.write("meson.build", (igt_layout._MESON % "\t'carillon_box',\n").replace("test_deps", "deps"))
        self.finds("deps")

    def test_no_documentation(self):
        self.write("carillon_box.c", "int x;\n")
        self.finds("no comment with TEST:", "open isn't documented", "shut-again isn't documented")

    def test_subtest_without_documentation(self):
        more = {"carillon_box": LISTED["carillon_box"] + ["burn"]}
        self.finds("burn isn't documented", "lacks igt@carillon/carillon_box@burn", listed=more)

    def test_documentation_without_subtest(self):
        less = {"carillon_box": ["open"]}
        self.finds("shut-again is documented, and there's no such", "has igt@", listed=less)

    def test_documented_twice(self):
        self.changed("SUBTEST: shut-again", "SUBTEST: open")
        self.finds("open is documented twice", "shut-again isn't documented")

    def test_missing_fields(self):
        self.changed(" * Sub-category: Memory\n", "")
        self.finds("open has no Sub-category", "shut-again has no Sub-category")
        self.changed(" * Description: Check that boxes open\n", "")
        self.finds("open has no Description")
        self.changed(" * Description: Check boxes\n *\tof all kinds.\n", "")
        self.finds("the test has no Description")

    def test_unknown_field(self):
        self.changed("Functionality: lids", "Colour: red")
        self.finds("'Colour: red' is no field")

    def test_subtest_name(self):
        self.changed("SUBTEST: open", "SUBTEST: open_wide")
        self.finds("'open_wide': subtests are words", "open isn't documented", "open_wide is documented")

    def test_no_description_at_run_time(self):
        self.finds("open has no igt_describe",
                   told={"carillon_box": TOLD["carillon_box"].replace("  Check\n", "  NO DOCUMENTATION!\n", 1)})
        self.finds("no IGT_TEST_DESCRIPTION", told={"carillon_box": "\n" + TOLD["carillon_box"][11:]})

    def test_list_out_of_order(self):
        path = self.top / igt_layout.TEST_LIST
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join(reversed(lines)) + "\n", encoding="utf-8")
        self.finds("order")


if __name__ == "__main__":
    unittest.main()
