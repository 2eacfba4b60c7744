# SPDX-License-Identifier: MIT
"""Reads what a benchmark's guest and the counting plug-in have written.

The guest's file (bench/kernel/bench.c) says which region is which case and has times and
allocations; the plug-in's (bench/plugin/count.c) has a line for each run of a region. What
several tasks have done at the same time are several regions, one for each task.
"""

import bisect
import collections
import statistics
from dataclasses import dataclass, field


# BENCH_ANY_INTERRUPTS of bench/kernel/bench.h.
ANY = 0xffffffff


class Error(Exception):
    """The figures can't be used; the text says why."""


@dataclass
class Case:
    """
    One measure by one implementation: what was counted in each of its runs.

    @timed: the plug-in has not counted it
    @found: what the case itself has counted
    @expected: interrupts that belong to each run; ANY: whatever there are
    """

    measure: str
    who: str
    ops: int
    instructions: list = field(default_factory=list)
    atomics: list = field(default_factory=list)
    interrupted: int = 0
    ns: list = field(default_factory=list)
    allocs: list = field(default_factory=list)
    frees: list = field(default_factory=list)
    wakes: list = field(default_factory=list)
    switches: list = field(default_factory=list)
    expected: int = 0
    timed: bool = False
    found: list = field(default_factory=list)

    @property
    def clock(self):
        """Times, where the guest's clock is that on the wall."""
        return self.ns

    @property
    def us(self):
        """Times in microseconds."""
        return [ns / 1000 for ns in self.ns]

    @property
    def took(self):
        """Times that the case itself has taken, in microseconds."""
        return [ns / 1000 for ns in self.found]

    def is_clean(self, interrupts):
        """Whether a run with so many interrupts can be used."""
        return self.expected in (ANY, interrupts)

    def per_op(self, unit):
        """The median of a unit's runs, for one operation; of a clock, the quickest run."""
        middle = min if unit == "clock" else statistics.median
        return middle(getattr(self, unit)) / self.ops


def read_guest(text):
    """Cases by the number of their region."""
    cases = {}
    for line in text.splitlines():
        kind, number, *rest = line.split()
        if kind in ("case", "timed"):
            measure, who, ops = rest
            cases[int(number)] = Case(measure, who, int(ops), timed=kind == "timed")
        elif kind == "interrupts":
            cases[int(number)].expected = int(rest[0])
        elif kind in ("ns", "allocs", "frees", "wakes", "switches", "found"):
            setattr(cases[int(number)], kind, [int(word) for word in rest])
        else:
            raise Error("the guest said %r" % line)
    return cases


# Of the runs of a case so many may have had an interrupt.
_INTERRUPTED_MAX = 0.5


def add_counts(cases, text):
    """
    Put the plug-in's counts into @cases. Runs with an interrupt in them are left out, unless
    it belongs there.
    """
    clean = collections.defaultdict(list)
    for line in text.splitlines():
        if not line.startswith("region "):
            continue
        number, insns, atomics, interrupts = (int(word) for word in line.split()[1:])
        if number not in cases or cases[number].timed:
            raise Error("region %d was counted, of which the guest says nothing" % number)
        case = cases[number]
        clean[number].append(case.is_clean(interrupts))
        if not case.is_clean(interrupts):
            case.interrupted += 1
        else:
            case.instructions.append(insns)
            case.atomics.append(atomics)
    for number, case in cases.items():
        if case.timed:
            continue
        runs = len(clean[number])
        if runs != len(case.ns):
            raise Error("%s of %s ran %d times and was counted %d times"
                        % (case.measure, case.who, len(case.ns), runs))
        if case.interrupted > _INTERRUPTED_MAX * runs:
            raise Error("%s of %s: %d of %d runs had an interrupt that doesn't belong there"
                        % (case.measure, case.who, case.interrupted, runs))
        case.ns = [ns for ns, good in zip(case.ns, clean[number]) if good]


def merge(cases):
    """{(measure, implementation): Case}: the runs of all tasks that did it."""
    merged = {}
    for case in cases:
        into = merged.setdefault((case.measure, case.who),
                                 Case(case.measure, case.who, case.ops, timed=case.timed))
        into.interrupted += case.interrupted
        for unit in ("instructions", "atomics", "ns", "allocs", "frees", "wakes", "switches", "found"):
            getattr(into, unit).extend(getattr(case, unit))
    return merged


# What bench/kernel/self.c executes beside an empty region: instructions, atomics,
# allocations, frees. None: not known.
_KNOWN = {
    "known": (100, 7, 0, 0),
    "repeat": (5, 0, 0, 0),
    "atomics": (None, 4, 0, 0),
    "allocs": (None, None, 2, 2),
}


def check_self(cases):
    """Raise Error unless the regions of known content were counted right, in each run."""
    own = {case.measure: case for case in cases.values() if case.who == "self"}
    if "empty" not in own or not set(_KNOWN) <= set(own):
        raise Error("the counter's self-check hasn't run")
    empty = own["empty"]
    for measure, expected in _KNOWN.items():
        case = own[measure]
        for unit, want in zip(("instructions", "atomics", "allocs", "frees"), expected):
            base = getattr(empty, unit)[0]
            got = sorted({value - base for value in getattr(case, unit)})
            if want is not None and got != [want]:
                raise Error("the counter is wrong: %s has %d %s, and %s were counted"
                            % (measure, want, unit, " or ".join(map(str, got)) or "none"))


def read_symbols(text):
    """(addresses, names), sorted, of /proc/kallsyms."""
    found = []
    for line in text.splitlines():
        address, kind, name = line.split(None, 2)
        if kind in "tTwW":
            found.append((int(address, 16), name.replace("\t", " ")))
    found.sort()
    return [address for address, _ in found], [name for _, name in found]


def read_profile(text, symbols, cases):
    """
    {region: {symbol: instructions executed}} of the plug-in's log with profile=on.

    Each region's is that of those of its runs whose interrupts belong to it, by @cases,
    divided by their number.
    """
    addresses, names = symbols
    total, runs = collections.defaultdict(collections.Counter), collections.Counter()
    here = collections.Counter()
    for line in text.splitlines():
        kind, *words = line.split()
        if kind == "at":
            place = bisect.bisect_right(addresses, int(words[0], 16)) - 1
            here[names[place] if place >= 0 else "?"] += int(words[1])
        elif kind == "region":
            if int(words[0]) in cases and cases[int(words[0])].is_clean(int(words[3])):
                total[int(words[0])] += here
                runs[int(words[0])] += 1
            here = collections.Counter()
    return {number: {name: times / runs[number] for name, times in hits.items()}
            for number, hits in total.items()}
