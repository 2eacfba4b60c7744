# SPDX-License-Identifier: MIT
"""The rules about source text that no other tool knows.

Each rule is a function of the top folder and the list of tracked files (relative
paths) that returns its findings as "file:line: what". tests/test_rules.py plants a
violation for each of them.
"""

import os
import re

_INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')

# Folders, what they mustn't include, and why. First part of DESIGN.md's arrows.
_FORBIDDEN = (
    (("fence/", "include/dfence/"), r"^(jobq/|bound/|.*carillon_drm\.h$|.*carillon_hw\.h$|linux/pci)",
     "fence/ knows no job, no device and no user space"),
    (("sched/", "include/jobq/"), r"^(bound/|.*carillon_drm\.h$|.*carillon_hw\.h$|linux/pci)",
     "sched/ knows no PCI, no device and no user space"),
    (("devres/", "include/bound/"), r"^(jobq/|dfence/|.*carillon_drm\.h$|.*carillon_hw\.h$)",
     "devres/ knows the driver core alone"),
    (("tests/",), r"^(jobq/|dfence/|bound/|.*carillon_drm\.h$|.*carillon_hw\.h$)",
     "tests/ serves the suites of all libraries and knows none"),
    (("emu/", "vm/", "hw/"), r".*carillon_drm\.h$",
     "only drm/, userspace/ and igt-tests/ include uapi/"),
    (("hw/",), r"^(?!linux/types\.h$|stdint\.h$)",
     "hw/ includes nothing but integer types"),
    (("userspace/", "igt-tests/", "emu/"), r"^(dfence/|jobq/|bound/|compat\.h$)",
     "kernel headers don't leave the kernel"),
)

_RAW_MMIO = re.compile(
    r"\b((?:read|write)[bwlq](?:_relaxed)?|io(?:read|write)(?:8|16|32|64)\w*|"
    r"(?:devm_|p?cim?_)?(?:ioremap|iomap)\w*|memcpy_(?:to|from)io|memset_io)\s*\(")

_SPDX = re.compile(r"SPDX-License-Identifier: (.+?)(?:\s*(?:\*/|-->))?\s*$")
_GPL, _MIT = "GPL-2.0", "MIT"
_UAPI = "(GPL-2.0 WITH Linux-syscall-note) OR MIT"
_LICENCES = (
    (("fence/", "devres/", "sched/", "drm/", "include/", "tests/", "bench/kernel/", "Kbuild",
      "samples/Kbuild"), _GPL),
    (("uapi/",), _UAPI),
    (("hw/", "emu/", "userspace/", "igt-tests/", "vm/", "scripts/", "bench/plugin/",
      "bench/marker.h", ".ci/"), _MIT),
)
# Licence texts themselves, and formats that have no comments (igt_runner has its own).
_NO_SPDX = re.compile(r"^LICENSES/|\.(png|ppm|json|patch)$|^igt-tests/tests/test-list")
# Appended to the kernel's own Kconfig.
_LICENCE_EXCEPTIONS = {"vm/kconfig/Kconfig.helpers": _GPL, "scripts/lib/kunit-core/shim.h": _GPL,
                       "scripts/lib/kunit-core/suites.c": _GPL}

_MACHINE_PATH = re.compile(r"(?:^|[\s\"'=(:`,])(/(?:work|farm|home|root)/[^\s\"'`)]*)")
_MIRROR = re.compile(r"\b(?:deb|ftp|snapshot|archive|security|httpredir|mirrors?)"
                     r"(?:\.[a-z]+)*\.(?:debian|ubuntu)\.(?:org|com|net)\b")

_LINES_MAX = 800


def _lines(top, name):
    with open(os.path.join(top, name), encoding="utf-8", errors="replace") as file:
        return [line.rstrip("\n") for line in file]


def _in(name, folders):
    return any(name == f or (f.endswith("/") and name.startswith(f)) for f in folders)


def _code(files):
    return [f for f in files if f.endswith((".c", ".h"))]


def include_rule(top, files):
    """Arrows point one way: drm -> sched -> fence and drm -> devres."""
    found = []
    for name in _code(files):
        for number, line in enumerate(_lines(top, name), 1):
            match = _INCLUDE.match(line)
            if not match:
                continue
            for folders, pattern, why in _FORBIDDEN:
                if _in(name, folders) and re.match(pattern, match[1]):
                    found.append("%s:%d: includes %s: %s" % (name, number, match[1], why))
    return found


def raw_mmio(top, files):
    """The driver touches registers through bound_bar only."""
    found = []
    for name in _code(files):
        if not name.startswith("drm/"):
            continue
        for number, line in enumerate(_lines(top, name), 1):
            match = _RAW_MMIO.search(re.sub(r"/\*.*?\*/|//.*|^\s*\*.*", "", line))
            if match:
                found.append("%s:%d: %s(): registers are reached through bound_bar"
                             % (name, number, match[1]))
    return found


def spdx(top, files):
    """Every file names its licence, the one of its folder."""
    found = []
    for name in files:
        if _NO_SPDX.search(name):
            continue
        tags = [m[1] for m in map(_SPDX.search, _lines(top, name)[:4]) if m]
        if not tags:
            found.append("%s:1: no SPDX-License-Identifier in its first lines" % name)
            continue
        wanted = [_LICENCE_EXCEPTIONS.get(name)] if name in _LICENCE_EXCEPTIONS else \
            [licence for folders, licence in _LICENCES if _in(name, folders)]
        if wanted and tags[0] != wanted[0]:
            found.append("%s:1: licence is %s, its folder's is %s" % (name, tags[0], wanted[0]))
    return found


def machine_paths(top, files, mirrors=()):
    """No path of one machine, no package mirror: neither holds elsewhere."""
    found = []
    for name in files:
        if name.endswith((".png", ".ppm")):
            continue
        for number, line in enumerate(_lines(top, name), 1):
            match = _MACHINE_PATH.search(line) or _MIRROR.search(line)
            if match:
                found.append("%s:%d: %s" % (name, number, match[0].strip()))
            found += ["%s:%d: package mirror %s" % (name, number, host)
                      for host in mirrors if host in line]
    return found


def file_sizes(top, files):
    """One object per file: a long one has more."""
    return ["%s:1: %d lines, %d at most" % (name, count, _LINES_MAX)
            for name in _code(files)
            for count in [len(_lines(top, name))] if count > _LINES_MAX]


_EXAMPLE = "Documentation/examples/ring.c"
_EXAMPLE_BEGIN, _EXAMPLE_END = "/* README: begin */", "/* README: end */"


def readme_example(top, files):
    """The code in the README is the one that is compiled."""
    if "README.md" not in files:
        return []
    lines = _lines(top, "README.md")
    if "```c" not in lines:
        return ["README.md:1: the example is missing"]
    first = lines.index("```c") + 1
    shown = lines[first:lines.index("```", first)]
    source = _lines(top, _EXAMPLE)
    compiled = source[source.index(_EXAMPLE_BEGIN) + 1:source.index(_EXAMPLE_END)]
    if [line for line in shown if line] == [line for line in compiled if line]:
        return []
    return ["README.md:%d: the example isn't what %s has" % (first, _EXAMPLE)]

_NOBUILD_CASE = re.compile(r"^#ifdef (NOBUILD_\w+)\s+/\* (.+?) \*/$", re.M)
_NOBUILD_CONTROL = "NOBUILD_NONE"


def nobuild_cases(source):
    """The cases of a nobuild.c, with what the compiler has to say; None if it has to build."""
    return {_NOBUILD_CONTROL: None, **dict(_NOBUILD_CASE.findall(source))}


def nobuild_findings(cases, text):
    """What `make -k -Otarget` said about objects that are called like the cases."""
    said, output = {}, ""
    for line in text.splitlines():
        output += line + "\n"
        match = re.search(r"\*\*\* \[.*\b(\w+)\.o\] Error", line)
        if match:
            said[match[1]], output = output, ""
    found = ["no case"] if len(cases) < 2 else []
    for case, words in sorted(cases.items()):
        if words is None and case in said:
            found.append("doesn't build without any case: " + said[case].strip())
        elif words is not None and case not in said:
            found.append("%s builds" % case)
        elif words is not None and words not in said[case]:
            found.append("%s isn't refused with \"%s\"" % (case, words))
    return found
