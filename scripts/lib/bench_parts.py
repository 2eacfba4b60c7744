# SPDX-License-Identifier: MIT
"""The parts of the benchmark: their modules, what they measure, and what we aim at."""

from dataclasses import dataclass

import bench_counts as counts

# Units by their key: what bench_counts.Case calls it.
UNITS = {"instructions": "instructions", "atomics": "atomic RMWs", "allocs": "allocations",
         "wakes": "wake-ups", "switches": "context switches", "took": "µs to the doorbell",
         "ns": "ns of guest time", "clock": "ns on the clock", "us": "µs of guest time",
         "found": "sections of others"}
COUNTED = ("instructions", "atomics", "allocs", "ns")
_WHO = ("ours", "peer", "floor", "bare")


@dataclass(frozen=True)
class Target:
    """
    What one measure should reach.

    @unit: key of UNITS
    @against: whose figure it is compared with: "floor", "peer", "bare" or "ours"; "" for
        no one's
    @limit: at most that many times that figure
    @measure: the other figure's measure, if it isn't the same one
    @strictly: less than that, not equal
    @plus: so much more than that is allowed
    """

    unit: str
    against: str
    limit: float
    measure: str = ""
    strictly: bool = False
    plus: float = 0

    def __str__(self):
        if not self.against:
            return "at most %g" % self.plus
        what = {"floor": "the floor", "peer": "the peer", "bare": "bare", "ours": "ours"}[self.against]
        if self.measure:
            what += " of '%s'" % self.measure
        if self.plus:
            what += " + %g" % self.plus
        if self.limit == 1:
            return ("less than " if self.strictly else "at most ") + what
        return "at most %g times %s" % (self.limit, what)


@dataclass(frozen=True)
class Measure:
    """
    A line of a part's table.

    @key: its name in the module
    @title: for people
    @how: what one operation is
    @targets: Target objects
    @units: keys of UNITS that it is measured in
    @of: the module's name for it, if @key isn't
    @less: (measure in the module, implementation) whose figure is subtracted from all
    """

    key: str
    title: str
    how: str
    targets: tuple = ()
    units: tuple = COUNTED
    of: str = ""
    less: tuple = ()


@dataclass(frozen=True)
class Boot:
    """
    One guest that a part needs.

    @modules: our modules in the order of loading, below the build's folder, and their
        parameters
    @needs: modules of the kernel
    @vm: arguments of vm/run
    @qemu: arguments of QEMU
    """

    modules: tuple
    needs: tuple
    vm: tuple = ("--icount",)
    qemu: str = ""


@dataclass(frozen=True)
class Part:
    """
    A part.

    @boots: Boot objects
    @peer, @floor, @bare: names of the implementations in the module
    @text: what these are, for the table's foot
    """

    boots: tuple
    peer: str
    floor: str
    bare: str
    text: str
    measures: tuple


_FENCE = Part(
    boots=(Boot(("fence/dfence.ko", "bench/kernel/carillon_bench_fence.ko"), ("gpu-sched",)),),
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

# A device whose BAR is memory.
_IVSHMEM = "-object memory-backend-ram,id=shm,size=1M -device ivshmem-plain,memdev=shm"

_DEVRES_LESS = "the loop and the call are subtracted; "
_DEVRES_WRITE = _DEVRES_LESS + "ours: bound_enter, bound_bar_write32, bound_exit"
_DEVRES_ASSUME = _DEVRES_LESS + "ours: bound_assume, bound_bar_write32"
_DEVRES_AT_ONCE = ", by four tasks at the same time on four CPUs"
_DEVRES_REVOKE = "time from calling bound_gate_close() or drm_dev_unplug() until it returns; "


def _devres_measures():
    """The rows about writing a register: by one task, by four, on the clock."""
    for tasks, suffix, units in ((1, "-1", COUNTED), (4, "-4", COUNTED[:2]),
                                 (1, "-clock-1", ("clock",)), (4, "-clock-4", ("clock",))):
        readers = "1 reader" if tasks == 1 else "4 readers"
        at_once = _DEVRES_AT_ONCE if tasks == 4 else ""
        less = ("loop" + suffix, "ours")
        targets = () if units == ("clock",) else (
            Target("instructions", "peer", 0.5), Target("atomics", "peer", 0.5))
        yield Measure("enter" + suffix, "enter+write+exit, " + readers, _DEVRES_WRITE + at_once,
                      targets, units, less=less)
        if units != ("clock",):
            yield Measure("enter-net" + suffix, "  without the write",
                          "the line above less the bare write" + at_once, (), units,
                          of="enter" + suffix, less=("enter" + suffix, "writel"))
        targets = () if units == ("clock",) else (
            Target("instructions", "bare", 1, plus=2), Target("atomics", "bare", 1))
        yield Measure("assume" + suffix, "assume+write, " + readers, _DEVRES_ASSUME + at_once,
                      targets, units, less=less)
        yield Measure("loop" + suffix, "  loop, subtracted above",
                      "the loop and the call of a function that does nothing" + at_once,
                      (), units)


_DEVRES = Part(
    boots=(Boot(("devres/bound.ko", "bench/kernel/carillon_bench_devres.ko",
                 "bench/kernel/carillon_bench_revoke.ko"), ("drm",), qemu=_IVSHMEM),
           Boot(("devres/bound.ko", "bench/kernel/carillon_bench_devres.ko crew=1"), ("drm",),
                ("--accel", "tcg", "--smp", "4"), _IVSHMEM)),
    peer="drm", floor="rwsem", bare="writel",
    text="""\
ours: bound_enter or bound_assume. peer: drm_dev_enter, and drm_dev_unplug. floor: a
read-write semaphore and a flag. bare: writel, and nothing that makes it safe.""",
    measures=(
        *_devres_measures(),
        Measure("revoke-0", "revoke, no readers", _DEVRES_REVOKE, (), ("us",)),
        Measure("unregister", "  unregistering alone",
                "what drm_dev_unplug() does besides: drm_dev_unregister()", (), ("us",)),
        Measure("revoke-1", "revoke, 1 reader",
                _DEVRES_REVOKE + "a reader enters and leaves all the time", (), ("us",)),
        Measure("revoke-64", "revoke, 64 readers",
                _DEVRES_REVOKE + "64 readers enter and leave, each every millisecond",
                (), ("us",)),
        Measure("revoke-slow", "revoke, own 10 ms section",
                _DEVRES_REVOKE + "a reader's sections are of 10 ms, one after the other",
                (), ("us",)),
        Measure("revoke-others", "revoke, 8 others busy",
                _DEVRES_REVOKE + "8 other devices have a reader each with sections of 10 ms, one "
                "after the other",
                (Target("us", "ours", 2, "revoke-0"), Target("found", "", 0)), ("us", "found")),
        Measure("revoke-stay", "revoke, another stays 2 s",
                _DEVRES_REVOKE + "a reader of another device stays inside until the revoke has "
                "returned, but for 2 s at most",
                (Target("us", "ours", 2, "revoke-0"), Target("found", "", 0)), ("us", "found")),
    ))

_SCHED_ALL = ("instructions", "atomics", "allocs", "wakes", "switches", "ns")
_SCHED_LIFE = ("a job is allocated, prepared, committed, written to the ring, reported by the "
               "device, its fence signals, it is freed")
_SCHED_QUARTER = (Target("instructions", "peer", 0.25), Target("wakes", "", 0))


def _sched_lives():
    """The rows about whole lives."""
    for batch in (1, 4, 16, 64):
        yield Measure("life-%d" % batch, "life, batch of %d" % batch,
                      "%s; %d jobs in a commit" % (_SCHED_LIFE, batch),
                      _SCHED_QUARTER, _SCHED_ALL)
    yield Measure("life-64-floor", "  the same, beside the floor",
                  "%s; 64 jobs in a commit" % _SCHED_LIFE,
                  (Target("instructions", "floor", 1.5),), ("instructions",), of="life-64")
    for queues in (8, 64):
        yield Measure("queues-%d" % queues, "life, batch of 64, %d queues" % queues,
                      "%s; 64 jobs in a commit, for %d queues" % (_SCHED_LIFE, queues),
                      _SCHED_QUARTER, _SCHED_ALL)
    for batch in (1, 64):
        yield Measure("commit-%d" % batch, "  after prepare, batch of %d" % batch,
                      "from the commit of a prepared job to its free; %d jobs in a commit" % batch,
                      (Target("allocs", "", 0),), _SCHED_ALL)


def _sched_deps():
    """The rows about dependencies."""
    for deps in (1, 8, 64):
        yield Measure("deps-%d" % deps, "life, %d dep%s" % (deps, "s"[:deps > 1]),
                      "%s; it depends on %d foreign fences, which signal one after the other"
                      % (_SCHED_LIFE, deps),
                      (Target("instructions", "peer", 0.25), Target("wakes", "", 0, plus=1)),
                      _SCHED_ALL)


def _sched_latencies():
    """The rows about what is executed between two events."""
    yield Measure("doorbell", "commit to doorbell",
                  "from the commit of a prepared job without dependencies to the doorbell",
                  (Target("instructions", "peer", 0.1),), COUNTED[:2])
    for deps in (1, 8, 64):
        yield Measure("dep-doorbell-%d" % deps,
                      "signal to doorbell, %s%d dep%s" % ("last of " * (deps > 1), deps,
                                                          "s"[:deps > 1]),
                      "from the signal of the last of a job's %d dependencies to the doorbell"
                      % deps, (Target("instructions", "peer", 0.25),), COUNTED[:2])
    yield Measure("waiter", "interrupt to waiter",
                  "from the interrupt handler to the task that has waited for the job",
                  (), COUNTED[:2])


def _sched_loads():
    """The rows about time while others want the CPU."""
    for key, title, how, limits in (
            ("submit", "commit to doorbell", "from the commit of a prepared job to the doorbell",
             (0.1, 2)),
            ("dep", "signal to doorbell", "from the signal of a job's dependency, in an interrupt, "
             "to the doorbell", (0.25, 2))):
        for load, what in (("idle", "idle"), ("load", "4 busy tasks"),
                           ("hog-10", "RT task busy 10 ms"), ("hog-100", "RT task busy 100 ms")):
            target = (Target("took", "peer", limits[0]) if load == "idle" else
                      Target("took", "ours", limits[1], key + "-idle"))
            yield Measure("%s-%s" % (key, load), "%s, %s" % (title, what),
                          "%s; on its CPU: %s" % (how, what), (target,), ("took",))


_SCHED = Part(
    boots=(Boot(("fence/dfence.ko", "sched/jobq.ko", "bench/kernel/carillon_bench_sched.ko"),
                ("gpu-sched", "drm")),),
    peer="drm_sched", floor="floor", bare="",
    text="""\
ours: jobq. peer: drm_gpu_scheduler, one entity and one scheduler per ring. floor: a fence in
the job, dma_fence_init, a ring write, dma_fence_signal, the free, and nothing else. All on
the same null device.""",
    measures=(
        *_sched_lives(),
        *_sched_deps(),
        *_sched_latencies(),
        *_sched_loads(),
        Measure("throughput", "8 submitters, 8 queues",
                "guest time per job; 8 tasks submit 1024 jobs each to a queue of their own, at "
                "most 64 ahead of a device that completes what it has every 50 µs",
                (Target("ns", "peer", 0.25),), ("ns",)),
    ))

PARTS = {"fence": _FENCE, "devres": _DEVRES, "sched": _SCHED}


def _ratio(ours, other):
    return round(ours / other, 4) if ours is not None and other else None


def _check(target, row, found):
    """Whether a target is met, by the figures @found."""
    other = 0
    if target.against:
        other = found.get((target.measure or row["key"], target.unit), {}).get(target.against)
    if other is None or row["ours"] is None:
        return None
    limit = other * target.limit + target.plus
    # Figures have three places.
    return row["ours"] < limit if target.strictly else row["ours"] < limit + 0.0005


def _figures(part, measure, unit, by_name):
    """One measure's figures in a unit, by column."""
    who = {"ours": "ours", "peer": part.peer, "floor": part.floor, "bare": part.bare}
    less = by_name[measure.less].per_op(unit) if measure.less else 0
    found = {name: by_name.get((measure.of or measure.key, key)) for name, key in who.items()}
    return {name: round(case.per_op(unit) - less, 3) for name, case in found.items() if case}


def rows(part, cases, counted):
    """
    The table of a part as a list of objects for out/bench/<part>.json.

    @cases: bench_counts.Case objects
    @counted: what was counted on, for `how`
    """
    by_name = counts.merge(cases)
    found, table = {}, []
    for measure in part.measures:
        for unit in measure.units:
            figures = _figures(part, measure, unit, by_name)
            found[measure.key, unit] = figures
            row = {"measure": measure.title.strip(), "unit": UNITS[unit], "key": measure.key}
            row.update({name: figures.get(name) for name in _WHO})
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
    width = max(24, *map(len, titles.values()))
    for unit in UNITS.values():
        block = [row for row in table if row["unit"] == unit]
        if not block:
            continue
        places = 3 if unit in (UNITS["atomics"], UNITS["allocs"], UNITS["wakes"],
                              UNITS["switches"]) else 1
        print("%-*s %9s %9s %9s %9s %8s %8s  %s"
              % (width, unit, *_WHO, "to peer", "to floor", "target"), file=file)
        for row in block:
            verdict = ""
            if row["target"]:
                verdict = "%s: %s" % (row["target"], "met" if row["met"] else "MISSED")
            print("%-*s %9s %9s %9s %9s %8s %8s  %s"
                  % (width, titles[row["key"]], *(_number(row[name], places) for name in _WHO),
                     _number(row["ratio_peer"], 2), _number(row["ratio_floor"], 2), verdict), file=file)
        print(file=file)
    print(part.text, file=file)


def worst_difference(first, second):
    """
    (relative difference, its row's measure and unit) of two tables of one part.

    Counts of what is executed only: how many bytes an allocator zeroes depends on what it
    has left, and guest time has them all; a clock shows how busy the host is.
    """
    worst = (0.0, "")
    for one, other in zip(first, second):
        if one["unit"] in (UNITS["ns"], UNITS["us"], UNITS["clock"], UNITS["found"],
                           UNITS["took"]):
            continue
        for name in _WHO:
            # Under a hundredth per operation, a few in a run of a thousand decide.
            if one[name] and other[name] and abs(one[name] - other[name]) > 0.01:
                worst = max(worst, (abs(one[name] - other[name]) / one[name],
                                    "%s, %s, %s" % (one["measure"], name, one["unit"])))
    return worst
