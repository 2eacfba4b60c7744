# SPDX-License-Identifier: MIT
"""What is kept of IGT runs: the merged document and the page."""

import html.parser
import unittest

import igt_report
import results as res


def document(start, **tests):
    return {"uname": "Linux x", "runtimes": {"igt@" + name: {} for name in tests},
            "time_elapsed": {"__type__": "TimeAttribute", "start": start, "end": start + 5},
            "tests": {"igt@b@" + name: {"result": end, "out": "said <b>%s" % end,
                                        "time": {"start": 0.0, "end": 1.5}}
                      for name, end in tests.items()}}


class Links(html.parser.HTMLParser):
    """Collects the classes of rows, and what would be loaded from elsewhere."""

    def __init__(self):
        super().__init__()
        self.rows, self.loads = [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "tr" and "class" in attrs:
            self.rows.append(attrs["class"])
        self.loads += [attrs[key] for key in ("src", "href") if key in attrs]


class Merge(unittest.TestCase):
    def test_all_tests_and_their_totals(self):
        got = igt_report.merge([document(100, one="pass", two="skip"), document(200, three="pass")])
        self.assertEqual(sorted(got["tests"]), ["igt@b@one", "igt@b@three", "igt@b@two"])
        self.assertEqual((got["totals"][""]["pass"], got["totals"]["igt@b"]["skip"]), (2, 1))
        self.assertEqual((got["time_elapsed"]["start"], got["time_elapsed"]["end"]), (100, 205))

    def test_second_try_counts_and_has_the_first(self):
        got = igt_report.merge([document(1, one="fail"), document(9, one="pass")])
        self.assertEqual(got["tests"]["igt@b@one"]["result"], "pass")
        self.assertEqual(got["tests"]["igt@b@one"]["first-try"]["result"], "fail")
        self.assertEqual(got["totals"][""], dict(got["totals"][""], fail=0, **{"pass": 1}))


    def test_rounds_are_told_apart(self):
        got = igt_report.merge([igt_report.of_round(document(i, one="pass"), i) for i in (1, 2)])
        self.assertEqual(sorted(got["tests"]), ["igt@b@one (round 1)", "igt@b@one (round 2)"])
        self.assertEqual(got["totals"]["igt@b"]["pass"], 2)


class Page(unittest.TestCase):
    def setUp(self):
        merged = igt_report.merge([document(1, one="fail"), document(9, one="pass", two="skip")])
        found = [res.Result("igt@b@one", res.PASS), res.Result("igt@b@two", res.SKIP, "no <such>"),
                 res.Result("guest", res.FAIL, "splat & more")]
        self.text = igt_report.page("Title", merged, found, ["a note < 1"])
        self.links = Links()
        self.links.feed(self.text)

    def test_failures_first(self):
        self.assertEqual(self.links.rows, ["fail", "skip", "pass"])

    def test_stands_alone(self):
        self.assertEqual(self.links.loads, [])

    def test_says_all_escaped(self):
        for want in ("1 passed, 1 failed, 1 skipped", "no &lt;such&gt;", "splat &amp; more",
                     "a note &lt; 1", "said &lt;b&gt;pass", "first try: out", "said &lt;b&gt;fail"):
            self.assertIn(want, self.text)
        self.assertNotIn("said <b>", self.text)


if __name__ == "__main__":
    unittest.main()
