# SPDX-License-Identifier: MIT
"""
Draws what consumers recorded (userspace/consumers/common/events.h) as one SVG: for each
test a panel, for each driver a lane in it, fences as arrows from lane to lane.
"""

import dataclasses
import json
from xml.sax.saxutils import escape, quoteattr

# Lengths are in units of the drawing.
WIDTH = 1320
MARGIN = 28
GUTTER = 36      # between the two columns
LABELS = 88      # of a panel: its lanes' names
MANY = 8         # a panel with more bars is as wide as the drawing
ROW = 32
BAR = 18
HEAD = 40        # a panel's title, with the room above it
AXIS = 26        # ticks below a panel
TOP = 84         # of the first panel
CHAR = 6.3       # about what a letter of a bar takes

COLOURS = {
    "carillon": "#0f766e", "bochs-drm": "#c2570c", "display": "#7c6f64", "lavapipe": "#4f46b5",
    "llvmpipe": "#1d6fa5", "virgl": "#9d2f5f", "cpu": "#64748b",
}
OTHER = "#57606a"

STYLE = """
text{font-family:'DejaVu Sans','Helvetica Neue',Arial,sans-serif;fill:#1f2937}
.h1{font-size:21px;font-weight:600}.note{font-size:12.5px;fill:#6b7280}
.h2{font-size:13.5px;font-weight:600}.who{font-weight:400;fill:#6b7280}
.lane{font-size:12.5px;text-anchor:end;font-weight:600}.tick{font-size:10.5px;fill:#6b7280;text-anchor:middle}
.bar{font-size:11px;fill:#fff}.out{font-size:11px;fill:#374151}
.grid{stroke:#e5e7eb;stroke-width:1}.back{fill:#f8fafc}
.fence{stroke:#be123c;stroke-width:1.6;fill:none;marker-end:url(#head)}.from{fill:#be123c}
"""


def _order(lane):
    """Sort key of lanes; others stay as they are."""
    return {"carillon": 0, "display": 2}.get(lane, 1)


@dataclasses.dataclass
class Bar:
    """What took from @begin to @end on a lane (ns); @row of the lane, where it overlaps others."""

    lane: str
    name: str
    begin: int
    end: int
    row: int = 0


@dataclasses.dataclass
class Fence:
    """A fence of @source that signalled at @signalled and that @target went on with at @taken."""

    source: str
    target: str
    signalled: int
    taken: int


@dataclasses.dataclass
class Scene:
    """A test of a consumer."""

    consumer: str
    name: str
    bars: list = dataclasses.field(default_factory=list)
    fences: list = dataclasses.field(default_factory=list)

    def crosses(self):
        """Whether more than one driver takes part."""
        return len({bar.lane for bar in self.bars}) > 1

    def lanes(self):
        """Returns {lane: number of its rows}, ours first, the display last; bars get their rows."""
        bars = sorted(self.bars, key=lambda b: b.begin)
        ends = {lane: [] for lane in sorted((b.lane for b in bars), key=_order)}
        for bar in bars:
            rows = ends[bar.lane]
            bar.row = next((i for i, end in enumerate(rows) if end <= bar.begin), len(rows))
            rows[bar.row:bar.row + 1] = [bar.end]
        return {lane: len(rows) for lane, rows in ends.items()}


def read(lines, consumer):
    """Returns the scenes of @consumer in which drivers meet. Raises ValueError."""
    scenes = [Scene(consumer, consumer)]
    for number, line in enumerate(lines, 1):
        try:
            event = json.loads(line)
            if "scene" in event:
                scenes.append(Scene(consumer, event["scene"]))
            elif "fence" in event:
                scenes[-1].fences.append(Fence(event["fence"], event["to"],
                                               int(event["signal_ns"]), int(event["taken_ns"])))
            else:
                begin, end = int(event["begin_ns"]), int(event["end_ns"])
                scenes[-1].bars.append(Bar(event["lane"], event["name"], begin, max(begin, end)))
        except (KeyError, TypeError, ValueError) as err:
            raise ValueError(f"{consumer}.events, line {number}: {err!r}") from err
    return [s for s in scenes if s.crosses()]


def step_ms(span_ms, most):
    """Returns a round distance for @most ticks in @span_ms: 1, 2 or 5 times a power of ten."""
    step = 1e-3
    while True:
        for factor in (1, 2, 5):
            if span_ms / (step * factor) <= most:
                return step * factor
        step *= 10


class Panel:
    """One scene on the drawing, from (@left, @top), @width wide."""

    def __init__(self, scene, left, top, width):
        self.scene, self.edge, self.top = scene, left, top
        self.left, self.right = left + LABELS, left + width - 8
        self.lanes = scene.lanes()
        self.begin = min(bar.begin for bar in scene.bars)
        self.span = max(max(bar.end for bar in scene.bars) - self.begin, 1)
        self.first_row, row = {}, 0
        for lane, rows in self.lanes.items():
            self.first_row[lane] = row
            row += rows
        self.body = ROW * row
        self.height = HEAD + self.body + AXIS

    def x(self, ns):
        """Returns where the time @ns is."""
        return self.left + (self.right - self.left) * (ns - self.begin) / self.span

    def y(self, lane, row=0):
        """Returns the middle of a row of @lane."""
        return self.top + HEAD + ROW * (self.first_row[lane] + row) + ROW / 2

    def _axis(self):
        bottom = self.top + HEAD + self.body
        step = step_ms(self.span / 1e6, (self.right - self.left) / 75)
        for i in range(int(self.span / 1e6 / step) + 1):
            x = self.x(self.begin + i * step * 1e6)
            yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{self.top + HEAD}" y2="{bottom + 4}"/>'
            unit = " ms" if i == 0 else ""
            yield f'<text class="tick" x="{x:.1f}" y="{bottom + 16}">{i * step:g}{unit}</text>'

    def _bar(self, bar):
        x, y = self.x(bar.begin), self.y(bar.lane, bar.row)
        width = max(self.x(bar.end) - x, 2)
        tip = f"{bar.lane}: {bar.name}, {(bar.end - bar.begin) / 1e6:.2f} ms"
        yield (f'<rect x="{x:.1f}" y="{y - BAR / 2:.1f}" width="{width:.1f}" height="{BAR}" rx="3" '
               f'fill="{COLOURS.get(bar.lane, OTHER)}"><title>{escape(tip)}</title></rect>')
        if CHAR * len(bar.name) + 10 <= width:
            yield f'<text class="bar" x="{x + 6:.1f}" y="{y + 4:.1f}">{escape(bar.name)}</text>'
        elif self._room(bar) >= CHAR * len(bar.name) + 8:
            yield f'<text class="out" x="{x + width + 5:.1f}" y="{y + 4:.1f}">{escape(bar.name)}</text>'

    def _room(self, bar):
        """Returns how much is free behind @bar in its row."""
        behind = [b.begin for b in self.scene.bars
                  if (b.lane, b.row) == (bar.lane, bar.row) and b.begin >= bar.end and b is not bar]
        return (self.x(min(behind)) if behind else self.right) - self.x(bar.end)

    def _end_of(self, lane, ns, towards):
        """Returns the edge of the bar of @lane that is there at @ns, on the side of y @towards."""
        near = min((b for b in self.scene.bars if b.lane == lane),
                   key=lambda b: max(b.begin - ns, ns - b.end, 0))
        y = self.y(lane, near.row)
        return y + (BAR / 2 if towards > y else -BAR / 2)

    def _fence(self, fence):
        # Nobody waited for one that had signalled before: Mesa gives such out when it's done.
        if not {fence.source, fence.target} <= set(self.lanes) or fence.signalled < self.begin:
            return
        x1, x2 = self.x(fence.signalled), self.x(fence.taken)
        y1 = self._end_of(fence.source, fence.signalled, self.y(fence.target))
        y2 = self._end_of(fence.target, fence.taken, self.y(fence.source))
        bend = (y2 - y1) * 0.5
        yield f'<circle class="from" cx="{x1:.1f}" cy="{y1:.1f}" r="2.6"/>'
        yield (f'<path class="fence" d="M{x1:.1f} {y1:.1f}C{x1:.1f} {y1 + bend:.1f} '
               f'{x2:.1f} {y2 - bend:.1f} {x2:.1f} {y2:.1f}"/>')

    def draw(self):
        """Yields the elements of the panel."""
        title = escape(self.scene.name)
        yield (f'<text class="h2" x="{self.edge}" y="{self.top + 24}"><tspan class="who">'
               f'{escape(self.scene.consumer)}:</tspan> {title}</text>')
        yield (f'<rect class="back" x="{self.left - 6}" y="{self.top + HEAD - 2}" '
               f'width="{self.right - self.left + 12}" '
               f'height="{self.body + 4}" rx="4"/>')
        yield from self._axis()
        for lane in self.lanes:
            colour = COLOURS.get(lane, OTHER)
            yield (f'<text class="lane" x="{self.left - 14}" y="{self.y(lane) + 4:.1f}" '
                   f'style={quoteattr("fill:" + colour)}>{escape(lane)}</text>')
        for bar in self.scene.bars:
            yield from self._bar(bar)
        for fence in self.scene.fences:
            yield from self._fence(fence)


def layout(scenes):
    """Returns the panels of @scenes and where the last one ends: two beside each other, or a wide one."""
    half = (WIDTH - 2 * MARGIN - GUTTER) / 2
    panels, top, beside = [], TOP, None
    for scene in scenes:
        if len(scene.bars) > MANY:
            panels.append(Panel(scene, MARGIN, top, WIDTH - 2 * MARGIN))
            beside = None
        elif beside:
            panels.append(Panel(scene, MARGIN + half + GUTTER, beside.top, half))
            top = max(top, beside.top + panels[-1].height)
            beside = None
            continue
        else:
            panels.append(beside := Panel(scene, MARGIN, top, half))
        top += panels[-1].height
    return panels, top


def draw(scenes):
    """Returns the SVG of @scenes."""
    panels, bottom = layout(scenes)
    height = bottom + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}">', f"<style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" '
        'orient="auto"><path d="M0 0.5L8 4L0 7.5z" fill="#be123c"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text class="h1" x="{MARGIN}" y="44">Fences across drivers</text>',
        f'<text class="note" x="{MARGIN}" y="68">Lanes are drivers, bars what they worked at or waited for, '
        'arrows fences: from where one signals to who waited for it. Each test has a time of its own.</text>',
    ]
    for panel in panels:
        parts += panel.draw()
    return "\n".join(parts) + "\n</svg>\n"
