# SPDX-License-Identifier: MIT
"""Reads lcov's tracefiles: what was reached of each source file, and what wasn't."""

import dataclasses


@dataclasses.dataclass
class Share:
    """How many of @total were @hit."""

    hit: int = 0
    total: int = 0

    def __add__(self, other):
        return Share(self.hit + other.hit, self.total + other.total)

    def __str__(self):
        if not self.total:
            return "none"
        # Rounded down: 100.0 % is all of them.
        return "%.1f %% (%d/%d)" % (1000 * self.hit // self.total / 10, self.hit, self.total)


@dataclasses.dataclass
class File:
    """Counts of a source file, and the numbers of the lines that fall short."""

    name: str
    lines: Share = dataclasses.field(default_factory=Share)
    branches: Share = dataclasses.field(default_factory=Share)
    functions: Share = dataclasses.field(default_factory=Share)
    missed_lines: list = dataclasses.field(default_factory=list)
    missed_branches: list = dataclasses.field(default_factory=list)


# Sums in a tracefile: lines, branches and functions, each found and hit.
_SUMS = {"LF": ("lines", "total"), "LH": ("lines", "hit"),
         "BRF": ("branches", "total"), "BRH": ("branches", "hit"),
         "FNF": ("functions", "total"), "FNH": ("functions", "hit")}


def _take(file, key, values):
    if key in _SUMS:
        what, which = _SUMS[key]
        setattr(getattr(file, what), which, int(values[0]))
    elif key == "DA" and int(values[1]) == 0:
        file.missed_lines.append(int(values[0]))
    elif key == "BRDA" and values[3] in ("0", "-") and int(values[0]) not in file.missed_branches:
        file.missed_branches.append(int(values[0]))


def read(lines, prefix):
    """
    The files of a tracefile, sorted by name.

    @lines: of the tracefile
    @prefix: path that is cut off their names; who doesn't have it is left out
    """
    files, file = [], None
    for line in lines:
        key, _, rest = line.strip().partition(":")
        if key == "SF":
            file = File(rest[len(prefix):]) if rest.startswith(prefix) else None
        elif key == "end_of_record" and file:
            files.append(file)
            file = None
        elif file:
            _take(file, key, rest.split(","))
    return sorted(files, key=lambda f: f.name)


def total(files):
    """The sum of all."""
    return File("total", sum((f.lines for f in files), Share()),
                sum((f.branches for f in files), Share()),
                sum((f.functions for f in files), Share()))


def table(files):
    """Lines of text: each file's shares, and the sum."""
    row = "%-16s %18s %18s %18s"
    return [row % ("file", "lines", "branches", "functions")] + [
        row % (f.name, f.lines, f.branches, f.functions) for f in [*files, total(files)]]


def _ranges(numbers):
    """[1, 2, 3, 7] as "1-3 7"."""
    found = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return " ".join(str(a) if a == b else "%d-%d" % (a, b) for a, b in found)


def missing(files):
    """Lines of text: where something wasn't reached."""
    said = []
    for file in files:
        if file.missed_lines:
            said.append("not reached: %s: %s" % (file.name, _ranges(file.missed_lines)))
        # A line that wasn't reached has said so.
        half = set(file.missed_branches) - set(file.missed_lines)
        if half:
            said.append("branches not taken: %s: %s" % (file.name, _ranges(half)))
    return said
