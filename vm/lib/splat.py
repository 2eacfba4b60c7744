# SPDX-License-Identifier: MIT
"""Finds in a kernel log what makes a run fail, whatever its job said."""

import re

# Out-of-tree and unsigned: what our modules are on every kernel. Loading a KUnit
# suite sets the third.
ALLOWED_TAINT = (1 << 12) | (1 << 13) | (1 << 18)

_TAINTS = {
    0: "proprietary module", 1: "forced module load", 2: "out of spec", 3: "forced unload",
    4: "machine check", 5: "bad page", 6: "taint by user space", 7: "died (oops or BUG)",
    8: "ACPI override", 9: "warning", 10: "staging driver", 11: "firmware workaround",
    14: "soft lockup", 15: "live patch", 16: "auxiliary", 17: "randstruct",
    19: "fwctl",
}

# A console line is "[   12.345678] text", with a caller "[   T12]" in between on kernels
# that were built with it. Only the start of the text counts: a test may well
# be called "…@BUG: …" and IGT logs that name.
_LINE = re.compile(r"^(?:<\d+>)?\[\s*(?P<time>\d+\.\d+)\](?:\[\s*[TC]\d+\])?\s(?P<text>.*)$")

_SPLAT = re.compile(
    r"""(?x) ^\s* (?:
        WARNING: | BUG: | \[\s(?:BUG|INFO): | BUG\s\S+\s\(.*\): | Oops\b | INFO:\stask\s.*blocked\sfor |
        kernel\sBUG\sat | Kernel\spanic | Unable\sto\shandle\skernel | general\sprotection\sfault |
        watchdog:\s | (?:rcu:\s)?(?:INFO|BUG|WARNING):\s.*(?:stall|RCU|rcu) |
        rcu:\s.*(?:kthread\sstarved|detected\sstalls) |
        INFO:\spossible | INFO:\strying\sto\sregister\snon-static\skey | INFO:\sinconsistent |
        .*possible\s(?:circular|recursive|irq)\slock | .*inconsistent\slock\sstate |
        .*suspicious\sRCU\susage | DEBUG_LOCKS_WARN_ON |
        KASAN:? | UBSAN: | KCSAN: | KFENCE: | KMSAN: | ODEBUG:\s | refcount_t:\s |
        DMA-API:\s.*(?:device\sdriver|leak|overflow|out\sof\smemory) |
        list_(?:add|del)\scorruption | kmemleak:\s[1-9]\d*\snew\ssuspected |
        (?:unchecked|Bad)\s.*page\sstate | traps:\s.*\strap\s.*kernel |
        \#PF:\s | stack\s(?:guard|segment) | double\sfault | softirq:.*preempt_count
    )""")

# Said by every kernel of its kind, at boot or about its own set-up.
_HARMLESS = re.compile(
    r"""(?x) ^\s* (?:
        watchdog:\s(?:NMI\snot|Delayed\sinit|Perf\sevent|Hard\swatchdog|Disabling) |
        KASAN:?\s(?:KernelAddressSanitizer\s)?initialized | kasan: | KFENCE:\sinitialized | UBSAN:\sregistered |
        KCSAN:\s(?:enabled|selftest|strict|non-strict)
    )""")


def text_of(line):
    """Returns the message of a console line, or None if it isn't a kernel message."""
    match = _LINE.match(line)
    return match["text"] if match else None


# A WARN's own words come right before its header; older lines are somebody else's.
_WORDS_S = 0.02


def _with_words(words, match):
    """Returns the header @match of a splat with the line @words before it, if it belongs there."""
    text = match["text"].strip()
    if (words and text.startswith("WARNING:") and not words["text"].startswith("---") and
            0 <= float(match["time"]) - float(words["time"]) < _WORDS_S):
        return f"{words['text'].strip()}: {text}"
    return text


def find(lines):
    """Returns the first splat among the console @lines, or None."""
    before = None
    for line in lines:
        match = _LINE.match(line.rstrip("\r\n"))
        if not match:
            continue
        if _SPLAT.match(match["text"]) and not _HARMLESS.match(match["text"]):
            return _with_words(before, match)
        before = match
    return None


def bad_taint(value, allowed=0):
    """
    Returns words for the bits of the taint @value that mustn't be set, or None.

    @allowed: bits that this run may set beside those that every run may
    """
    bad = value & ~ALLOWED_TAINT & ~allowed
    if not bad:
        return None
    names = [_TAINTS.get(bit, f"bit {bit}") for bit in range(64) if bad >> bit & 1]
    return f"{value} ({', '.join(names)})"
