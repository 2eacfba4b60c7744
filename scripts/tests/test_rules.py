# SPDX-License-Identifier: MIT
"""Each home-made rule of lint finds what it is for, and leaves alone what is fine."""

import os
import tempfile
import unittest

import source_rules as rules


class Rules(unittest.TestCase):
    def check(self, rule, files, **options):
        """The findings of @rule in a folder with @files (name to text)."""
        with tempfile.TemporaryDirectory() as top:
            for name, text in files.items():
                path = os.path.join(top, name)
                os.makedirs(os.path.dirname(path) or top, exist_ok=True)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
            return rule(top, sorted(files), **options)

    def finds(self, rule, name, text, **options):
        found = self.check(rule, {name: text}, **options)
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(name + ":"), found)

    def fine(self, rule, name, text, **options):
        self.assertEqual(self.check(rule, {name: text}, **options), [])

    def test_include_rule(self):
        for name, line in (
                ("fence/a.c", "#include <jobq/jobq.h>"),
                ("fence/a.c", '#include "../hw/carillon_hw.h"'),
                ("include/dfence/a.h", "#include <bound/bound_gate.h>"),
                ("sched/a.c", "#include <linux/pci.h>"),
                ("sched/tests/a.c", "#  include <uapi/drm/carillon_drm.h>"),
                ("include/jobq/a.h", "#include <bound/bound_bar.h>"),
                ("devres/a.c", "#include <dfence/dfence.h>"),
                ("emu/a.c", '#include "carillon_drm.h"'),
                ("hw/a.h", "#include <linux/io.h>"),
                ("userspace/a.c", "#include <jobq/jobq.h>")):
            with self.subTest(name=name, line=line):
                self.finds(rules.include_rule, name, line + "\n")
        for name, line in (
                ("sched/a.c", "#include <dfence/dfence.h>"),
                ("drm/a.c", "#include <uapi/drm/carillon_drm.h>"),
                ("drm/a.c", "#include <bound/bound_gate.h>"),
                ("hw/a.h", "#include <linux/types.h>"),
                ("emu/a.c", '#include "carillon_hw.h"')):
            with self.subTest(name=name, line=line):
                self.fine(rules.include_rule, name, line + "\n")

    def test_readme_example(self):
        source = "int a;\n/* README: begin */\n\nint b;\n/* README: end */\nint c;\n"
        for shown, findings in (("int b;", 0), ("int b", 1)):
            with self.subTest(shown=shown):
                found = self.check(rules.readme_example, {
                    "README.md": "Text\n```c\n%s\n```\n" % shown,
                    "Documentation/examples/ring.c": source})
                self.assertEqual(len(found), findings, found)
        self.finds(rules.readme_example, "README.md", "No code\n")

    def test_raw_mmio(self):
        self.finds(rules.raw_mmio, "drm/a.c", "\tx = readl(base + 4);\n")
        self.finds(rules.raw_mmio, "drm/a.c", "\twritel_relaxed(1, base);\n")
        self.finds(rules.raw_mmio, "drm/a.c", "\tp = pcim_iomap_region(pdev, 0, name);\n")
        self.finds(rules.raw_mmio, "drm/a.c", "\tp = devm_ioremap(dev, a, b);\n")
        self.fine(rules.raw_mmio, "drm/a.c", "\tx = bound_bar_read32(t, bar, 4);\n")
        self.fine(rules.raw_mmio, "drm/a.c", " * Never readl(), see bound_bar.\n")
        self.fine(rules.raw_mmio, "devres/a.c", "\tx = readl(base + 4);\n")

    def test_spdx(self):
        gpl, mit = "// SPDX-License-Identifier: GPL-2.0\n", "// SPDX-License-Identifier: MIT\n"
        self.finds(rules.spdx, "fence/a.c", "int a;\n")
        self.finds(rules.spdx, "fence/a.c", mit)
        self.finds(rules.spdx, "emu/a.c", gpl)
        self.finds(rules.spdx, "uapi/drm/a.h", "/* SPDX-License-Identifier: MIT */\n")
        self.fine(rules.spdx, "fence/a.c", gpl)
        self.fine(rules.spdx, "hw/a.h", "/* SPDX-License-Identifier: MIT */\n")
        self.fine(rules.spdx, "uapi/drm/a.h", "/* SPDX-License-Identifier: "
                  "(GPL-2.0 WITH Linux-syscall-note) OR MIT */\n")
        self.fine(rules.spdx, "README.md", "<!-- SPDX-License-Identifier: MIT -->\n")
        self.fine(rules.spdx, "LICENSES/MIT", "Permission\n")

    def test_machine_paths(self):
        self.finds(rules.machine_paths, "a.py", "OUT = '" + "/ho" + "me/someone/x'\n")
        self.finds(rules.machine_paths, "a.sh", "cd " + "/ro" + "ot/x\n")
        self.finds(rules.machine_paths, "a.sh", "uri=http://deb." + "debian.org/debian\n")
        self.finds(rules.machine_paths, "a.sh", "uri=http://a.b.example/debian\n",
                   mirrors=["a.b.example"])
        self.fine(rules.machine_paths, "a.sh", "cd $out/work/x; HOME=/root run /usr/bin/env\n")
        self.fine(rules.machine_paths, "a.md", "https://docs.kernel.org/gpu/drm-uapi.html\n")

    def test_file_sizes(self):
        self.finds(rules.file_sizes, "drm/a.c", "\n" * 801)
        self.fine(rules.file_sizes, "drm/a.c", "\n" * 800)

    def test_nobuild(self):
        cases = rules.nobuild_cases("#ifdef NOBUILD_A\t/* too large */\nx\n#endif\n"
                                    "#ifdef NOBUILD_B\t/* too small */\ny\n#endif\n")
        self.assertEqual(cases, {"NOBUILD_NONE": None, "NOBUILD_A": "too large",
                                 "NOBUILD_B": "too small"})
        error_a = "a.c:1: error: too large\nmake[3]: *** [Makefile:9: NOBUILD_A.o] Error 1\n"
        error_b = "a.c:2: error: too small\nmake[3]: *** [Makefile:9: NOBUILD_B.o] Error 1\n"
        error_none = "a.c:3: error: bad\nmake[3]: *** [Makefile:9: NOBUILD_NONE.o] Error 1\n"
        for text, findings in ((error_a + error_b, 0), (error_a, 1), ("", 2),
                               (error_b + error_a + error_none, 1),
                               (error_b.replace("small", "odd") + error_a, 1)):
            with self.subTest(text=text):
                found = rules.nobuild_findings(cases, text)
                self.assertEqual(len(found), findings, found)
        self.assertEqual(len(rules.nobuild_findings(rules.nobuild_cases(""), "")), 1)


if __name__ == "__main__":
    unittest.main()
