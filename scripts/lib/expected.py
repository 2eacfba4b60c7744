# SPDX-License-Identifier: MIT
"""What is expected of a run of IGT, in files like those of the kernel's drivers/gpu/drm/ci/xfails.

PREFIX-fails.txt has lines `TEST,Status`, with Status one of Fail, Crash and Timeout: tests
that are known to fail so. PREFIX-skips.txt and PREFIX-flakes.txt have regular expressions,
searched for in the test's name: tests that skip themselves, and tests that may fail once.
Names are without `igt@`. Comment lines say why, for all entries up to the next empty line.
"""

import dataclasses
import re

import results as res

KINDS = ("fails", "flakes", "skips")
_STATUS = {"Fail": "fail", "Crash": "crash", "Timeout": "timeout"}


class Malformed(Exception):
    """A file of expectations has a line that is none; the text says where."""


@dataclasses.dataclass
class Entry:
    """
    One line.

    @where: file:line, for messages
    @pattern: compiled; what it matches is a test's name
    @status: for fails: which status is expected
    @reason: the comment above it
    """

    where: str
    pattern: re.Pattern
    reason: str
    status: str = ""


def short(name):
    """A test's name as these files have it."""
    return name.removeprefix("igt@")


def _entry(kind, where, text, reason):
    if not reason:
        raise Malformed("%s: no comment above %r says why" % (where, text))
    status = ""
    if kind == "fails":
        text, comma, status = text.partition(",")
        if not comma or status not in _STATUS:
            raise Malformed("%s: wants TEST,Status with one of %s" % (where, " ".join(_STATUS)))
        text = "^%s$" % re.escape(text)
    try:
        return Entry(where, re.compile(text), reason, status)
    except re.error as err:
        raise Malformed("%s: no regular expression: %s" % (where, err)) from err


def parse(kind, name, text):
    """The entries of a file's @text; @name is for messages."""
    entries, reason, fresh = [], [], True
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line:
            reason, fresh = [], True
        elif line.startswith("#"):
            # A comment after an entry starts anew.
            reason = [line[1:].strip()] if not fresh else reason + [line[1:].strip()]
            fresh = True
        else:
            entries.append(_entry(kind, "%s:%d" % (name, number), line, " ".join(reason)))
            fresh = False
    return entries


class Expected:
    """All expectations of a run, and which of them have matched a test."""

    def __init__(self, entries):
        self._entries = entries
        self._used = set()

    @classmethod
    def load(cls, prefix):
        """Reads the three files that start with @prefix, a path. All have to be there."""
        entries = {}
        for kind in KINDS:
            path = prefix.with_name("%s-%s.txt" % (prefix.name, kind))
            entries[kind] = parse(kind, path.name, path.read_text(encoding="utf-8"))
        return cls(entries)

    def find(self, kind, name):
        """The first entry of @kind for the test @name, or None; all that match count as used."""
        found = [e for e in self._entries[kind] if e.pattern.search(short(name))]
        self._used.update(e.where for e in found)
        return found[0] if found else None

    def unused(self):
        """The entries that no test has matched."""
        return [e for kind in KINDS for e in self._entries[kind] if e.where not in self._used]


def _judge_fail(result, entry, notes):
    """A test that is known to fail."""
    if result.status == res.PASS:
        notes.append("%s passes, though %s expects it to fail" % (result.name, entry.where))
    if result.status == res.FAIL and result.reason.startswith(_STATUS[entry.status]):
        return res.Result(result.name, res.SKIP, "known to fail: " + entry.reason)
    return result


def judge(result, expected, notes):
    """
    What the @result of a test is worth, as it was @expected.

    Returns the Result that counts; appends to @notes what people should know.
    """
    fail = expected.find("fails", result.name)
    skip = expected.find("skips", result.name)
    expected.find("flakes", result.name)
    if fail:
        return _judge_fail(result, fail, notes)
    if result.status == res.SKIP:
        if skip:
            return res.Result(result.name, res.SKIP, skip.reason)
        return res.Result(result.name, res.FAIL, "skip that nobody expects: " + result.reason)
    if skip and result.status == res.PASS:
        notes.append("%s passes, though %s expects a skip" % (result.name, skip.where))
    return result


def is_flake(result, expected):
    """Whether a test that has failed may do so once."""
    return result.status == res.FAIL and expected.find("flakes", result.name) is not None


def judge_second(first, second, notes):
    """What a flake is worth that ran a @second time after it had failed."""
    if second.status == res.PASS:
        notes.append("%s is flaky: failed (%s), then passed" % (first.name, first.reason))
        return second
    return res.Result(first.name, res.FAIL, "twice: " + (second.reason or first.reason))
