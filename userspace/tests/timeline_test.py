#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The table, the drawing and the trace of a made-up run: well-formed, and all is in them."""

import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree


def run(sample, kind, folder):
    svg, trace = os.path.join(folder, "t.svg"), os.path.join(folder, "t.json")
    table = subprocess.run([sample, kind, svg, trace], check=True, capture_output=True,
                           text=True, timeout=60).stdout
    with open(trace, encoding="utf-8") as f:
        events = json.load(f)["traceEvents"]
    return table, xml.etree.ElementTree.parse(svg).getroot(), events


def of_phase(events, phase):
    return [e for e in events if e["ph"] == phase]


def within(event, slices):
    """The slices of the same track in which an event of a flow lies."""
    return [s for s in slices if (s["pid"], s["tid"]) == (event["pid"], event["tid"])
            and s["ts"] <= event["ts"] <= s["ts"] + s["dur"]]


def test_done(sample, folder):
    table, svg, events = run(sample, "done", folder)
    assert len(table.splitlines()) == 8 and table.count(" done\n") == 7
    # convert: submitted at 10 us, ran from 130 to 1910, signalled at 1960.
    assert table.splitlines()[1].split() == [
        "convert", "A", "-", "0.120", "1.780", "0.050", "done"], table
    assert svg.tag.endswith("}svg")
    jobs = [e for e in of_phase(events, "X") if e["cat"] == "job"]
    assert len(jobs) == 7
    assert jobs[0]["ts"] == 120 and jobs[0]["dur"] == 1780, jobs[0]
    starts, ends = of_phase(events, "s"), of_phase(events, "f")
    assert len(starts) == len(ends) == 4
    for start, end in zip(starts, ends):
        assert start["id"] == end["id"] and start["tid"] != end["tid"]
        assert start["ts"] < end["ts"]
        assert len(within(start, jobs)) == len(within(end, jobs)) == 1
    assert len(of_phase(events, "b")) == len(of_phase(events, "e")) == 7
    assert len(of_phase(events, "i")) == 7
    # Slices of one track don't overlap: viewers would nest them.
    slices = sorted(of_phase(events, "X"), key=lambda s: (s["pid"], s["tid"], s["ts"]))
    for a, b in zip(slices, slices[1:]):
        assert (a["pid"], a["tid"]) != (b["pid"], b["tid"]) or a["ts"] + a["dur"] <= b["ts"]


def test_failed(sample, folder):
    table, _, events = run(sample, "failed", folder)
    assert table.count("ETIME") == 1 and table.count("ECANCELED") == 3
    jobs = [e for e in of_phase(events, "X") if e["cat"] == "job"]
    assert len(jobs) == 4
    assert len(of_phase(events, "s")) == len(of_phase(events, "f")) == 1


def test_nothing(sample, folder):
    table, svg, events = run(sample, "nothing", folder)
    assert table.count("not ended") == 7
    assert svg.tag.endswith("}svg")
    assert {e["ph"] for e in events} == {"M"}


def main():
    with tempfile.TemporaryDirectory() as folder:
        test_done(sys.argv[1], folder)
        test_failed(sys.argv[1], folder)
        test_nothing(sys.argv[1], folder)


main()
