# SPDX-License-Identifier: MIT
"""What the models' headers say, and what spin's verifier says about them."""

import dataclasses
import pathlib
import re


class Flaw(Exception):
    """The header of a model can't be understood; the text says why."""


@dataclasses.dataclass(frozen=True)
class Check:
    """
    One run of the verifier.

    @kind: "safety" (asserts, deadlocks) or "ltl"
    @claim: the formula's name, for "ltl"
    @defines: bounds that differ, as options of the preprocessor
    """

    kind: str
    claim: str = ""
    defines: tuple = ()

    @property
    def name(self):
        return " ".join(filter(None, (self.kind, self.claim)))


class Model:
    """
    A model. The comment on top has these lists, a line with a tab for each entry:

        Checks:         safety, or: ltl NAME; then -DNAME=VALUE, if bounds differ
        Mutants:        NAME, the kind of the check that finds it, and what is wrong;
                        MUTANT_NAME is defined for it
        Never reached:  PROCTYPE: STATEMENT, tabs, why in parentheses
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.name = self.path.stem
        text = self.path.read_text(encoding="utf-8")
        self.provided = re.search(r"\)\s*provided\b", text) is not None
        head = text.partition("*/\n/*\n")[2].partition(" */\n")[0]
        self.checks = [self._check(entry) for entry in self._entries(head, "Checks")]
        # (name, Check)
        self.mutants = [self._mutant(entry) for entry in self._entries(head, "Mutants")]
        # (proctype, statement)
        self.never = {self._never(entry) for entry in self._entries(head, "Never reached")}
        if not self.checks:
            raise Flaw("%s: no checks" % self.name)

    def _entries(self, head, title):
        found = re.search(r"^ \* %s:\n((?: \*\t.*\n)+)" % title, head, re.M)
        return [line[3:].strip() for line in found[1].splitlines()] if found else []

    def _check(self, entry):
        words = entry.split()
        defines = tuple(w for w in words if w.startswith("-D"))
        if words[0] == "safety" and len(words) == 1 + len(defines):
            return Check("safety", "", defines)
        if words[0] == "ltl" and len(words) == 2 + len(defines):
            return Check("ltl", words[1], defines)
        raise Flaw("%s: no such check: %s" % (self.name, entry))

    def _mutant(self, entry):
        name, kind = (entry.split() + [""])[:2]
        mine = [check for check in self.checks if check.kind == kind]
        if not mine:
            raise Flaw("%s: mutant %s: no check of the kind %r" % (self.name, name, kind))
        return name, mine[-1]

    def _never(self, entry):
        found = re.match(r"(\w+): (.*?)\t+\(", entry)
        if not found:
            raise Flaw("%s: not understood: %s" % (self.name, entry))
        return found[1], found[2]


def planted(folder):
    """The names of the errors that the models in @folder can be made to have."""
    found = set()
    for path in [*folder.glob("*.pml"), *folder.glob("*.inc")]:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("#"):
                found |= set(re.findall(r"\bMUTANT_(\w+)", line))
    return found


def unproven(models, folder):
    """What nobody shows to be noticed: planted errors unused, checks without one; in words."""
    used = {name for model in models for name, _ in model.mutants}
    code = planted(folder)
    found = ["planted error %s isn't in the list of any model" % n for n in sorted(code - used)]
    found += ["mutant %s isn't in the code" % n for n in sorted(used - code)]
    for model in models:
        shown = {check for _, check in model.mutants}
        found += ["%s: no mutant for %s" % (model.name, check.name)
                  for check in model.checks if check not in shown]
    return found


@dataclasses.dataclass
class Verdict:
    """
    What the verifier said.

    @errors: how many it found; None: it didn't come to an end
    @error: the first of them
    @states: how many it stored
    @incomplete: why not all states were searched, or ""
    @unreached: (proctype, statement) of what no run comes to
    """

    errors: int = None
    error: str = ""
    states: int = 0
    incomplete: str = ""
    unreached: set = dataclasses.field(default_factory=set)


def read_pan(text):
    """Reads the output of a verifier."""
    verdict = Verdict()
    found = re.search(r"errors: (\d+)", text)
    if found:
        verdict.errors = int(found[1])
    found = re.search(r"^pan:\d+: (.*)", text, re.M)
    verdict.error = found[1].strip() if found else ""
    found = re.search(r"^\s*(\d+) states, stored", text, re.M)
    verdict.states = int(found[1]) if found else 0
    found = re.search(r"max search depth too small|out of memory|"
                      r"pan: error: .*|pan: reached -DMEMLIM bound", text)
    verdict.incomplete = found[0] if found else ""
    proctype = None
    for line in text.splitlines():
        start = re.match(r"unreached in (proctype|init|claim) ?(\w*)", line)
        if start:
            proctype = None if start[1] == "claim" else start[2] or "init"
        state = re.match(r'\t\S+:\d+, state \d+, "(.*)"', line)
        if state and proctype:
            verdict.unreached.add((proctype, state[1]))
    return verdict
