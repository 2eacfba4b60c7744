# SPDX-License-Identifier: MIT
"""Reading what KUnit suites said in a guest that may have died."""

import os
import pathlib
import sys
import tempfile
import unittest

REPO = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPO / "scripts/lib"), str(REPO / "vm")]

import kunit_run  # noqa: E402
import results as res  # noqa: E402

CONSOLE = """[    1.0] Run /init as init process
[   44.4] carillon-kunit: begin some_test
[   46.2]     ok 1 works
[   48.3]     not ok 2 hangs
[  247.0] Kernel panic - not syncing: hung_task: blocked tasks
"""
TAIL = """vm: FAIL: the guest ended without a result (stage 'job')
  | [  247.0] Kernel panic - not syncing: hung_task: blocked tasks
vm: console: %s
"""


class Died(unittest.TestCase):
    """The guest had no time to hand out its log."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.console = os.path.join(folder.name, "console.log")
        self.log = os.path.join(folder.name, "log")
        pathlib.Path(self.console).write_text(CONSOLE, encoding="utf-8")

    def results(self, text):
        pathlib.Path(self.log).write_text(text, encoding="utf-8")
        kunit_run.append_console(self.log, text.splitlines())
        return kunit_run.suite_results(kunit_run.kernel_lines(self.log), "some_test")

    def test_console_is_read(self):
        found = {r.name: r.status for r in self.results(TAIL % self.console)}
        self.assertEqual(found["unfinished.works"], res.PASS)
        self.assertEqual(found["unfinished.hangs"], res.FAIL)
        self.assertEqual(found["end"], res.FAIL)

    def test_log_is_enough(self):
        found = self.results("carillon-kunit: begin some_test\nok 1 other\n" + TAIL % self.console)
        self.assertEqual([r.name for r in found], ["other", "end"])

    def test_no_console(self):
        self.assertEqual([r.name for r in self.results("vm: FAIL: no such kernel\n")], ["load"])


if __name__ == "__main__":
    unittest.main()
