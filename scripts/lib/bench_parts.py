# SPDX-License-Identifier: MIT
"""The parts of the benchmark: their modules, what they measure, and what we aim at."""

from dataclasses import dataclass

# Units by their key in bench_counts.Case.
UNITS = {"instructions": "instructions", "atomics": "atomic RMWs", "allocs": "allocations",
         "ns": "ns of guest time"}


@dataclass(frozen=True)
class Target:
    """
    What one measure should reach.

    @unit: key of UNITS
    @against: whose figure it is compared with: "floor", "peer", or "ours"
    @limit: at most that many times that figure
    @measure: the other figure's measure, if it isn't the same one
    @strictly: less than that, not equal
    """

    unit: str
    against: str
    limit: float
    measure: str = ""
    strictly: bool = False

    def __str__(self):
        what = {"floor": "the floor", "peer": "the peer", "ours": "ours"}[self.against]
        if self.measure:
            what += " of '%s'" % self.measure
        if self.limit == 1 and self.strictly:
            return "less than " + what
        return "at most %g times %s" % (self.limit, what)


@dataclass(frozen=True)
class Measure:
    """
    A line of a part's table.

    @key: its name in the module
    @title: for people
    @how: what one operation is
    @targets: Target objects
    """

    key: str
    title: str
    how: str
    targets: tuple = ()


@dataclass(frozen=True)
class Part:
    """
    A part.

    @modules: our modules in the order of loading, below the build's folder
    @needs: modules of the kernel
    @peer, @floor, @bare: names of the implementations in the module
    @text: what these are, for the table's foot
    """

    modules: tuple
    needs: tuple
    peer: str
    floor: str
    bare: str
    text: str
    measures: tuple


_FENCE = Part(
    modules=("fence/dfence.ko", "bench/kernel/carillon_bench_fence.ko"),
    needs=("gpu-sched",),
    peer="drm_sched", floor="raw", bare="bare",
    text="""\
ours: dfence. peer: drm_sched's pair of fences per job. floor: a raw dma_fence with the
same work done by hand, as a careful driver does. bare: kzalloc, dma_fence_init,
dma_fence_signal, dma_fence_put, and nothing else.""",
    measures=(
        Measure("life", "alloc+arm+signal+free",
                "a fence's life, 1024 at a time; the last reference goes with the signal, and "
                "the free is the call of kfree_rcu(), without what happens after the grace "
                "period; peer: drm_sched_job_init, _arm, dma_fence_signal of both fences, "
                "drm_sched_job_cleanup",
                (Target("instructions", "floor", 1.15), Target("atomics", "floor", 1.15),
                 Target("allocs", "floor", 1.15))),
        Measure("alloc", "  alloc", "the part of a life that may fail"),
        Measure("arm", "  arm", "the part that publishes"),
        Measure("signal", "  signal+free", "the part that signals, 1024 fences one by one"),
        Measure("advance-1", "advance by 1", "advance that signals one fence, per fence"),
        Measure("advance-16", "advance by 16", "advance that signals 16 fences, per fence"),
        Measure("advance-256", "advance by 256", "advance that signals 256 fences, per fence",
                (Target("instructions", "ours", 1, "signal", True),
                 Target("atomics", "ours", 1, "signal", True))),
        Measure("cb-fire", "callback add+fire+end",
                "a callback of the raw kind is set up and added, called, and its reference put "
                "after taking the fence's lock; 1024 on one fence, whose signal is among it; "
                "bare: without reference and end"),
        Measure("cb-remove", "callback add+remove",
                "a callback of the raw kind is set up, added and removed; bare: without "
                "reference"),
    ))

PARTS = {"fence": _FENCE}


def _ratio(ours, other):
    return round(ours / other, 4) if other else None


def _check(target, row, found):
    """Whether a target is met, by the figures @found."""
    key = (target.measure or row["key"], target.unit)
    who = {"floor": "floor", "peer": "peer", "ours": "ours"}[target.against]
    other = found.get(key, {}).get(who)
    if other is None:
        return None
    limit = other * target.limit
    # Figures have three places.
    return row["ours"] < limit if target.strictly else row["ours"] < limit + 0.0005


def rows(part, cases, counted):
    """
    The table of a part as a list of objects for out/bench/<part>.json.

    @cases: bench_counts.Case objects
    @counted: what was counted on, for `how`
    """
    by_name = {(case.measure, case.who): case for case in cases}
    who = {"ours": "ours", "peer": part.peer, "floor": part.floor, "bare": part.bare}
    found, table = {}, []
    for measure in part.measures:
        for unit in UNITS:
            figures = {name: round(by_name[measure.key, key].per_op(unit), 3)
                       for name, key in who.items() if (measure.key, key) in by_name}
            found[measure.key, unit] = figures
            row = {"measure": measure.title.strip(), "unit": UNITS[unit], "key": measure.key}
            row.update({name: figures.get(name) for name in who})
            for name in ("peer", "floor", "bare"):
                row["ratio_" + name] = _ratio(row["ours"], row[name])
            row["ratio"] = row["ratio_floor" if row["peer"] is None else "ratio_peer"]
            row["how"] = "%s; %s" % (measure.how, counted[unit])
            table.append(row)
    _judge(part, table, found)
    return table


def _judge(part, table, found):
    """Add targets, and whether they are met, to all rows."""
    targets = {(measure.key, UNITS[target.unit]): target
               for measure in part.measures for target in measure.targets}
    for row in table:
        target = targets.get((row["key"], row["unit"]))
        row["target"] = str(target) if target else None
        row["met"] = _check(target, row, found) if target else None


def _number(value, places):
    return "–" if value is None else "%.*f" % (places, value)


def print_table(part, table, file):
    """The table for people, a block for each unit."""
    titles = {measure.key: measure.title for measure in part.measures}
    for unit in UNITS.values():
        places = 3 if unit in (UNITS["atomics"], UNITS["allocs"]) else 1
        print("%-24s %9s %9s %9s %9s %8s %8s  %s"
              % (unit, "ours", "peer", "floor", "bare", "to peer", "to floor", "target"), file=file)
        for row in (row for row in table if row["unit"] == unit):
            verdict = ""
            if row["target"]:
                verdict = "%s: %s" % (row["target"], "met" if row["met"] else "MISSED")
            print("%-24s %9s %9s %9s %9s %8s %8s  %s"
                  % (titles[row["key"]],
                     *(_number(row[name], places) for name in ("ours", "peer", "floor", "bare")),
                     _number(row["ratio_peer"], 2), _number(row["ratio_floor"], 2), verdict), file=file)
        print(file=file)
    print(part.text, file=file)


def worst_difference(first, second):
    """
    (relative difference, its row's measure and unit) of two tables of one part.

    Counts only: how many bytes an allocator zeroes depends on what it has left, and
    guest time has them all.
    """
    worst = (0.0, "")
    for one, other in zip(first, second):
        if one["unit"] == UNITS["ns"]:
            continue
        for name in ("ours", "peer", "floor", "bare"):
            # Under a hundredth per operation, a few in a run of a thousand decide.
            if one[name] and other[name] and abs(one[name] - other[name]) > 0.01:
                worst = max(worst, (abs(one[name] - other[name]) / one[name],
                                    "%s, %s, %s" % (one["measure"], name, one["unit"])))
    return worst
