# SPDX-License-Identifier: MIT
"""Tests of the drawing of fences across drivers."""

import unittest
import xml.etree.ElementTree as ET

import fence_timeline

SVG = "{http://www.w3.org/2000/svg}"

RECORD = """\
{"scene":"nothing happens"}
{"scene":"a <flip> & a job"}
{"lane":"carillon","name":"late","begin_ns":1000000,"end_ns":5000000}
{"lane":"bochs-drm","name":"flip","begin_ns":2000000,"end_ns":6000000}
{"lane":"carillon","name":"late too","begin_ns":4000000,"end_ns":4500000}
{"lane":"carillon","name":"next","begin_ns":5000000,"end_ns":6000000}
{"fence":"carillon","to":"bochs-drm","signal_ns":5000000,"taken_ns":5000000}
{"fence":"somebody","to":"bochs-drm","signal_ns":5000000,"taken_ns":5000000}
{"fence":"bochs-drm","to":"carillon","signal_ns":7,"taken_ns":4000000}
""".splitlines()


class Timeline(unittest.TestCase):
    """What is recorded is what is drawn."""

    def test_scenes(self):
        scenes = fence_timeline.read(RECORD, "kms")
        self.assertEqual([s.name for s in scenes], ["a <flip> & a job"])
        self.assertEqual(len(scenes[0].bars), 4)
        self.assertEqual(len(scenes[0].fences), 3)

    def test_overlaps_get_rows(self):
        scene = fence_timeline.read(RECORD, "kms")[0]
        self.assertEqual(scene.lanes(), {"carillon": 2, "bochs-drm": 1})
        self.assertEqual({b.name: b.row for b in scene.bars},
                         {"late": 0, "late too": 1, "next": 0, "flip": 0})

    def test_drawing(self):
        root = ET.fromstring(fence_timeline.draw(fence_timeline.read(RECORD, "kms")))
        titles = [t.text for t in root.iter(SVG + "title")]
        self.assertIn("carillon: late, 4.00 ms", titles)
        self.assertEqual(len(titles), 4)
        # Fences of a lane that isn't there, and of before, have no arrow.
        arrows = [p for p in root.iter(SVG + "path") if p.get("class") == "fence"]
        self.assertEqual(len(arrows), 1)
        # Four fifths of its panel's time.
        panel = fence_timeline.layout(fence_timeline.read(RECORD, "kms"))[0][0]
        self.assertEqual(arrows[0].get("d").split()[0],
                         "M%.1f" % (panel.left + 0.8 * (panel.right - panel.left)))
        self.assertIn(" a <flip> & a job", [t.tail for t in root.iter(SVG + "tspan")])

    def test_layout(self):
        scene = fence_timeline.read(RECORD, "kms")[0]
        wide = fence_timeline.Scene("kms", "many", scene.bars * 3)
        panels, bottom = fence_timeline.layout([scene, scene, scene, wide, scene])
        tops = [p.top for p in panels]
        self.assertEqual(tops[0], tops[1])
        self.assertTrue(tops[1] < tops[2] < tops[3] < tops[4] < bottom)
        for above, below in ((0, 2), (1, 2), (2, 3), (3, 4)):
            self.assertLessEqual(tops[above] + panels[above].height, tops[below])

    def test_lone_lanes_are_left_out(self):
        self.assertEqual(fence_timeline.read(RECORD[:3], "kms"), [])

    def test_nothing(self):
        ET.fromstring(fence_timeline.draw([]))

    def test_bad_records(self):
        for line in ("{", "[]", "{}", '{"lane":"a","name":"b","begin_ns":1,"end_ns":"x"}'):
            with self.assertRaisesRegex(ValueError, "kms.events, line 1"):
                fence_timeline.read([line], "kms")

    def test_steps(self):
        self.assertEqual([round(fence_timeline.step_ms(s, 12), 6) for s in (0.5, 10, 100, 1300)],
                         [0.05, 1, 10, 200])
