# SPDX-License-Identifier: MIT
"""What a run of IGT leaves for people and tools: one results.json, one page of HTML."""

import html
import string
import time

import results as res

# igt_runner's words for how a test ended, in the order of its own totals.
_ENDS = ("crash", "pass", "dmesg-fail", "dmesg-warn", "skip", "incomplete", "abort", "timeout",
         "notrun", "fail", "warn")


def _totals(tests):
    """What igt_runner calls totals: how many ended how, of all and of each binary."""
    totals = {}
    for name, test in tests.items():
        for group in ("", "root", "@".join(name.split("@")[:2])):
            count = totals.setdefault(group, dict.fromkeys(_ENDS, 0))
            count[test["result"]] = count.get(test["result"], 0) + 1
    return totals


def merge(documents):
    """
    Several of igt_runner's results.json as one; of a test that ran twice the later counts,
    and has the first one as "first-try".
    """
    whole = dict(documents[0], tests={}, runtimes={})
    for document in documents:
        for name, test in document.get("tests", {}).items():
            before = whole["tests"].get(name)
            whole["tests"][name] = dict(test, **{"first-try": before}) if before else test
        whole["runtimes"].update(document.get("runtimes", {}))
    whole["totals"] = _totals(whole["tests"])
    starts = [d["time_elapsed"]["start"] for d in documents]
    whole["time_elapsed"] = dict(documents[0]["time_elapsed"], start=min(starts),
                                 end=max(d["time_elapsed"]["end"] for d in documents))
    return whole


def of_round(document, number):
    """@document with names that tell its tests from those of other rounds."""
    return dict(document, tests={res.in_round(name, number): test
                                 for name, test in document.get("tests", {}).items()})


_PAGE = string.Template("""<!DOCTYPE html>
<!-- SPDX-License-Identifier: MIT -->
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>$title: $summary</title>
<style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em; }
table { border-collapse: collapse; width: 100%; }
td, th { border-bottom: 1px solid #8884; padding: .25em .6em; text-align: left; vertical-align: top; }
td.s { text-align: right; }
pre { background: #8881; margin: .3em 0; overflow: auto; max-height: 30em; padding: .5em; }
.pass b { color: #2a8a3a; } .fail b { color: #c22; } .skip b { color: #a70; }
tr.fail { background: #c221; }
button[aria-pressed=false] { opacity: .4; }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd; } }
</style>
<h1>$title</h1>
<p>$summary<br>$facts</p>
$notes
<p>Show: $buttons <input id="text" type="search" placeholder="part of a name" aria-label="part of a name"></p>
<table>
<thead><tr><th>test<th>result<th>seconds<th>why, and what it said</thead>
<tbody>
$rows
</tbody>
</table>
<script>
const buttons = [...document.querySelectorAll("button")], text = document.getElementById("text");
const show = () => {
  const on = buttons.filter(b => b.ariaPressed === "true").map(b => b.value);
  for (const row of document.querySelectorAll("tbody tr"))
    row.hidden = !on.includes(row.className) || !row.cells[0].textContent.includes(text.value);
};
for (const b of buttons)
  b.onclick = () => { b.ariaPressed = b.ariaPressed !== "true"; show(); };
text.oninput = show;
</script>
</html>
""")


def _said(test, prefix=""):
    """What a test wrote and the kernel logged meanwhile, to be unfolded."""
    parts = []
    for key in ("out", "err", "dmesg"):
        content = (test.get(key) or "").strip()
        if content:
            parts.append("<details><summary>%s%s</summary><pre>%s</pre></details>"
                         % (prefix, key, html.escape(content)))
    if test.get("first-try"):
        parts.append(_said(test["first-try"], "first try: "))
    return "".join(parts)


def _row(result, test):
    took = "%.1f" % (test["time"]["end"] - test["time"]["start"]) if "time" in test else ""
    return ('<tr class="%s"><td>%s<td><b>%s</b><td class="s">%s<td>%s%s'
            % (result.status, html.escape(result.name), result.status, took,
               html.escape(result.reason), _said(test)))


def page(title, document, found, notes):
    """
    The page of a run, as text.

    @document: its results.json
    @found: the Results that count; a name that @document doesn't have has nothing to unfold
    @notes: sentences for its top
    """
    order = (res.FAIL, res.SKIP, res.PASS)
    found = sorted(found, key=lambda r: (order.index(r.status), r.name))
    counts = dict(zip((res.PASS, res.FAIL, res.SKIP), res.counts(found)))
    elapsed = document["time_elapsed"]
    facts = "%s; %d s; %s" % (document.get("uname", ""), elapsed["end"] - elapsed["start"],
                              time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(elapsed["end"])))
    return _PAGE.substitute(
        title=html.escape(title), summary=res.summary(found), facts=html.escape(facts),
        notes="".join("<p>%s</p>" % html.escape(note) for note in notes),
        buttons=" ".join('<button value="%s" aria-pressed="true">%s (%d)</button>'
                         % (status, status, counts[status]) for status in order),
        rows="\n".join(_row(r, document["tests"].get(r.name, {})) for r in found))
