# SPDX-License-Identifier: MIT
"""Two runs of the same KUnit suites, without our modules and with them, compared."""

import dataclasses
import re

import expected as exp
import results as res
from lib import splat


class Flaws:
    """The kernel's known flaws, and which of them have met their test."""

    def __init__(self, name, text):
        self._entries = exp.parse("skips", name, text)
        self._used = set()

    def find(self, name):
        """Why the test @name isn't to be relied on, or None."""
        for entry in self._entries:
            if entry.pattern.search(name):
                self._used.add(entry.where)
                return entry.reason
        return None

    def unused(self):
        """The entries that have met no test."""
        return [e for e in self._entries if e.where not in self._used]


@dataclasses.dataclass
class Boot:
    """
    One boot with all suites.

    @results: the tests' Results by name
    @problems: what was wrong besides tests and splats, in words
    @lines: the kernel's log
    """

    results: dict
    problems: list
    lines: list


# What a splat leaves behind.
_WAKE = re.compile(r"^(the kernel is tainted|lockdep has switched itself off)")


def splats(lines):
    """
    The splats of a log, each with the test during which it came, or "". KUnit names a test
    when it has ended, so it's the next one named.
    """
    found = []
    for number, line in enumerate(lines):
        text = splat.find([line])
        if text:
            after = res.read_tap("\n".join(lines[number:]), need_plan=False)
            found.append((text, after[0].name if after else ""))
    return found


def _compare(name, without, with_ours, flaws):
    """The Result of one test by what it was in both boots."""
    flaw = flaws.find(name)
    if not without or not with_ours:
        return res.Result(name, res.FAIL, "only ran %s our modules" % ("with" if with_ours else "without"))
    if res.FAIL not in (without.status, with_ours.status):
        if without.status != with_ours.status:
            return res.Result(name, res.FAIL, "%s without our modules, %s with them: %s" % (
                without.status, with_ours.status, with_ours.reason or without.reason))
        return with_ours
    if flaw:
        return res.Result(name, res.SKIP, "known flaw: " + flaw)
    if without.status == res.FAIL:
        return res.Result(name, res.SKIP, "fails without our modules, too: " + without.reason)
    return res.Result(name, res.FAIL, "fails with our modules only: " + with_ours.reason)


def _clean(mode, boot, flaws):
    """The Result of what is no test's in one boot: only tests with known flaws may splat."""
    name, excuses, bad = "%s our modules: clean" % mode, set(), []
    for text, test in splats(boot.lines):
        flaw = flaws.find(test)
        if flaw:
            excuses.add(flaw)
        else:
            bad.append("%s in %s" % (text, test or "no test"))
    bad += [p for p in boot.problems if not (excuses and _WAKE.match(p))]
    if bad:
        return res.Result(name, res.FAIL, "; ".join(bad[:3]))
    return res.Result(name, res.SKIP if excuses else res.PASS,
                      "".join("known flaw: " + text for text in sorted(excuses)))


def compare(without, with_ours, flaws):
    """All Results of two Boots: what differs and isn't one of the kernel's @flaws has failed."""
    names = sorted(set(without.results) | set(with_ours.results))
    found = [_compare(name, without.results.get(name), with_ours.results.get(name), flaws)
             for name in names]
    found += [_clean("without", without, flaws), _clean("with", with_ours, flaws)]
    return found + [res.Result(e.where, res.FAIL, "%s matches no test" % e.pattern.pattern)
                    for e in flaws.unused()]
