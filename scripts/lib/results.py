# SPDX-License-Identifier: MIT
"""Reads test results: TAP, KTAP, igt_runner's results.json, meson's JUnit file.

Every reader returns a list of Result. What a harness doesn't say is a failure:
a plan that isn't fulfilled, a subtest without an end, an unknown status.
"""

import json
import re
import xml.etree.ElementTree
from dataclasses import dataclass

PASS, FAIL, SKIP = "pass", "fail", "skip"


@dataclass
class Result:
    """One test: its full name, PASS, FAIL or SKIP, and why."""

    name: str
    status: str
    reason: str = ""


def counts(results):
    """(passed, failed, skipped)"""
    status = [r.status for r in results]
    return status.count(PASS), status.count(FAIL), status.count(SKIP)


def summary(results):
    """The line that every run ends with."""
    return "%d passed, %d failed, %d skipped" % counts(results)


def in_round(name, number):
    """What a test is called in one of several rounds."""
    return "%s (round %d)" % (name, number)


def merge_rounds(results):
    """
    How the rounds of each test ended, as summary() says it, by the test's name; and a list
    with one Result for each.

    A test has passed, or skipped, if it did so each time. Otherwise it has failed, with the
    reason of the first round that went wrong.
    """
    rounds = {}
    for result in results:
        rounds.setdefault(re.sub(r" \(round \d+\)$", "", result.name), []).append(result)
    said, merged = {}, []
    for name, found in rounds.items():
        said[name] = summary(found)
        odd = next((r for r in found if r.status == FAIL or r.status != found[0].status), None)
        merged.append(Result(name, FAIL, "%s: %s" % (odd.name, odd.reason or odd.status))
                      if odd else Result(name, found[0].status, found[0].reason))
    return said, merged


_RESULT = re.compile(r"^( *)(not )?ok +(?:(\d+)(?: +-)?|-)(?: +([^#]*?))?"
                     r"(?: *# *(.*))?$")
_PLAN = re.compile(r"^( *)1\.\.(\d+)(?: *# *(.*))?$")
_TIMESTAMP = re.compile(r"^(?:<\d+>)?\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?")


def strip_timestamp(line):
    """A kernel log line without the time (and caller) in front."""
    return _TIMESTAMP.sub("", line.rstrip("\r\n"))


# Lines of KUnit's explanation that are kept as the reason.
_NOTES_MAX = 6


class _Level:
    """What was seen at one depth of nested TAP since the enclosing result."""

    def __init__(self):
        self.results = []
        self.plan = None
        self.seen = 0


def _directive(text):
    """Split `SKIP reason` / `TODO reason` off a result's comment."""
    word, _, rest = (text or "").partition(" ")
    return word.upper().rstrip(":"), rest.strip()


class TapReader:
    """Nested TAP and KTAP. Only leaves count: a suite's own line repeats them."""

    def __init__(self):
        self.levels = {}
        self.notes = []
        self.bail = None

    def _level(self, depth):
        return self.levels.setdefault(depth, _Level())

    def _close_deeper(self, depth, name):
        """End the levels below @depth; their results get @name in front."""
        leaves = []
        for deeper in sorted((d for d in self.levels if d > depth), reverse=True):
            level = self.levels.pop(deeper)
            found = level.results + leaves
            if level.plan is not None and level.plan != level.seen:
                found.append(Result("plan", FAIL, "%d of %d planned tests have a result"
                                    % (level.seen, level.plan)))
            leaves = found
        for leaf in leaves:
            leaf.name = name + "." + leaf.name if name else leaf.name
        return leaves

    def _result(self, match):
        depth, name = len(match[1]), (match[4] or "").strip() or "test %s" % match[3]
        level = self._level(depth)
        leaves = self._close_deeper(depth, name)
        word, rest = _directive(match[5])
        status, reason = (FAIL, " ".join(self.notes)) if match[2] else (PASS, "")
        if word == "SKIP":
            status, reason = SKIP, rest
        elif word == "TODO" and match[2]:
            status, reason = SKIP, "known to fail: " + rest
        elif match[2] and match[5]:
            reason = match[5]
        self.notes = []
        level.seen += 1
        # A failed parent with no failed leaf failed by itself (init, exit).
        if not leaves or (status == FAIL and counts(leaves)[1] == 0):
            leaves.append(Result(name, status, reason))
        level.results += leaves

    def feed(self, line):
        line = strip_timestamp(line)
        match = _RESULT.match(line)
        if match:
            return self._result(match)
        match = _PLAN.match(line)
        if match:
            level = self._level(len(match[1]))
            # Several documents may follow each other: plans add up.
            level.plan = (level.plan or 0) + int(match[2])
            word, rest = _directive(match[3])
            if match[2] == "0" and word == "SKIP":
                level.results.append(Result("all", SKIP, rest))
        elif re.match(r" *# .*(EXPECTATION|ASSERTION) FAILED", line):
            self.notes.append(line.strip()[2:])
        elif self.notes and re.match(r" +[^# ]", line) and len(self.notes) < _NOTES_MAX:
            self.notes.append(line.strip())
        elif line.strip().startswith("Bail out!"):
            self.bail = line.strip()
        return None

    def finish(self, need_plan=True):
        """All leaves; an unfulfilled or missing plan is one failure more."""
        top = self._level(0)
        results = top.results
        open_ends = self._close_deeper(0, "unfinished")
        results += open_ends
        if open_ends:
            results.append(Result("unfinished", FAIL, "the log ends inside a suite"))
        if self.bail:
            results.append(Result("bail-out", FAIL, self.bail))
        if top.plan is None and need_plan:
            results.append(Result("plan", FAIL, "no plan line"))
        elif top.plan is not None and top.plan != top.seen:
            results.append(Result("plan", FAIL, "%d of %d planned tests have a result"
                                  % (top.seen, top.plan)))
        return results


def read_tap(text, need_plan=True):
    """Results of a TAP or KTAP document (or several, one after the other)."""
    reader = TapReader()
    for line in text.splitlines():
        reader.feed(line)
    return reader.finish(need_plan)


_IGT = {
    "pass": PASS, "warn": FAIL, "fail": FAIL, "crash": FAIL, "timeout": FAIL,
    "incomplete": FAIL, "abort": FAIL, "dmesg-warn": FAIL, "dmesg-fail": FAIL,
    "skip": SKIP, "notrun": FAIL,
}


def _igt_reason(test):
    """The line of a test's output that says why it was skipped or failed."""
    lines = [part for key in ("out", "err") for part in (test.get(key) or "").splitlines()]
    for pattern in (r"^Test requirement:.*", r"^Test requirement not met.*",
                    r"Test assertion failure.*", r"^Failed assertion.*", r"SKIP.*", r"FAIL.*"):
        for line in lines:
            found = re.search(pattern, line)
            if found:
                return found[0].strip()
    return ""


def read_igt(text, find_splat=None):
    """
    Results of an igt_runner results.json.

    @find_splat: given the lines of a kernel log, returns the first splat or None. A test
    that passed, but during which the kernel warned ("dmesg-warn"), has failed if that
    was a splat. It has passed if a driver said in its log what the test provoked, a hang
    for example. Without @find_splat each of them has failed.
    """
    results = []
    for name, test in sorted(json.loads(text).get("tests", {}).items()):
        igt = test.get("result", "no result")
        status = _IGT.get(igt, FAIL)
        reason = "" if status == PASS else _igt_reason(test)
        if igt.startswith("dmesg-"):
            log = [re.sub(r"^<\d+> ", "", line) for line in (test.get("dmesg") or "").splitlines()]
            splat = find_splat(log) if find_splat else (test.get("dmesg-warnings") or "").strip()
            reason = splat or reason
            if igt == "dmesg-warn" and find_splat and not splat:
                status, reason = PASS, ""
        if status == FAIL:
            reason = (igt + ": " + reason).rstrip(": ")
        results.append(Result(name, status, reason))
    return results


def read_junit(text):
    """Results of a meson testlog.junit.xml."""
    results = []
    for case in xml.etree.ElementTree.fromstring(text).iter("testcase"):
        name, suite = case.get("name") or "?", case.get("classname")
        if suite and not name.startswith(suite):
            name = suite + "/" + name
        status, reason = PASS, ""
        for kind in ("failure", "error"):
            node = case.find(kind)
            if node is not None:
                status, reason = FAIL, (node.get("message") or node.text or "").strip()
        node = case.find("skipped")
        if node is not None and status == PASS:
            # A program that ends with 77 has said why on stderr.
            said = (case.findtext("system-err") or "").strip().rpartition("\n")[2]
            status, reason = SKIP, (node.get("message") or node.text or said).strip()
        results.append(Result(name, status, reason))
    return results


def tap_line(number, name, result):
    """One TAP line for @result under @name."""
    reason = " ".join(result.reason.split())
    tail = ""
    if result.status == SKIP:
        tail = " # SKIP " + reason
    elif result.status == FAIL and reason:
        tail = " # " + reason
    return "%sok %d - %s%s" % ("not " if result.status == FAIL else "", number,
                               name.replace("#", ""), tail)


def write_tap(results, file):
    """The results as one TAP document."""
    file.write("TAP version 13\n1..%d\n" % len(results))
    for number, result in enumerate(results, 1):
        file.write(tap_line(number, result.name, result) + "\n")
