# SPDX-License-Identifier: MIT
"""What makes igt-tests/ drop into an IGT tree: names, meson fragment, documentation, test list.

The documentation's form is that of IGT's scripts/test_list.py (docs/test_documentation.md
there): a comment that opens with `TEST:` and has fields, then `SUBTEST:` with fields for each.
Which fields there are, and which are mandatory, stands in carillon_test_config.json.

Each check returns its findings as "file:line: what". tests/test_igt_layout.py plants a
violation for each of them.
"""

import json
import pathlib
import re

TESTS = "tests/carillon"
TEST_LIST = "tests/carillon_ci/carillon.testlist"
CONFIG = TESTS + "/carillon_test_config.json"

_FILE = re.compile(r"^carillon_[a-z0-9]+\.c$")
_SUBTEST = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")

# As in IGT's tests/v3d/meson.build and the like.
_MESON = """\
# SPDX-License-Identifier: MIT
carillon_progs = [
%s]

foreach prog : carillon_progs
	test_executables += executable(prog, prog + '.c',
				       dependencies : test_deps,
				       install_dir : join_paths(libexecdir, 'carillon'),
				       install_rpath : libexecdir_rpathdir,
				       install : true)
	test_list += join_paths('carillon', prog)
endforeach
"""


def sources(top):
    """The C files of the tests in @top, which is igt-tests/."""
    return sorted(pathlib.Path(top, TESTS).glob("*.c"))


def names(top):
    """Tests are called carillon_<topic>."""
    return ["%s/%s:1: isn't called carillon_<topic>.c" % (TESTS, path.name)
            for path in sources(top) if not _FILE.match(path.name)]


def meson(top):
    """The meson fragment is IGT's, with all tests in it, sorted."""
    name = TESTS + "/meson.build"
    want = _MESON % "".join("\t'%s',\n" % path.stem for path in sources(top))
    got = pathlib.Path(top, name).read_text(encoding="utf-8")
    for number, (a, b) in enumerate(zip(want.splitlines() + [""], got.splitlines() + [""]), 1):
        if a != b:
            return ["%s:%d: has %r where %r belongs" % (name, number, b.strip(), a.strip())]
    return [] if want == got else ["%s:1: isn't as long as it should be" % name]


class Doc:
    """
    What the comments of a test say.

    @findings: what is wrong with their form
    @fields: of the test, by name
    @subtests: fields by name of subtest, with the test's own (but Description) among them
    """

    def __init__(self, name, text, known):
        self.fields, self.subtests, self.findings = None, {}, []
        self._name, self._known = name, {key.lower(): key for key in known}
        self._in_comment = self._in_doc = False
        self._now = self._key = None
        for number, line in enumerate(text.splitlines(), 1):
            self._line(number, line)
        if self.fields is None:
            self._find(1, "no comment with TEST:")

    def _find(self, number, what):
        self.findings.append("%s:%d: %s" % (self._name, number, what))

    def _line(self, number, line):
        if re.match(r"^\s*/\*\*$", line):
            self._in_comment, self._in_doc, self._now = True, False, None
        elif re.match(r"^\s*\*/$", line):
            self._in_comment = False
        elif self._in_comment:
            self._text(number, re.sub(r"^\s*\* ?", "", line))

    def _text(self, number, text):
        if match := re.match(r"^TEST:\s*(.*)", text):
            self._test(number, match[1])
        elif match := re.match(r"^SUBTESTS?:\s*(.*)", text):
            self._subtest(number, match[1])
        elif self._in_doc and text.strip():
            self._field(number, text)

    def _test(self, number, title):
        self._in_doc = True
        if self.fields is not None:
            self._find(number, "a second TEST:")
        if not title:
            self._find(number, "TEST: without a title")
        self.fields = self._now = {}
        self._key = None

    def _subtest(self, number, name):
        self._in_doc = True
        if self.fields is None:
            self._find(number, "SUBTEST: before TEST:")
        if name in self.subtests:
            self._find(number, "%s is documented twice" % name)
        if not _SUBTEST.match(name):
            self._find(number, "%r: subtests are words with minus signs between" % name)
        inherited = {k: v for k, v in (self.fields or {}).items() if k != "Description"}
        self.subtests[name] = self._now = inherited
        self._key = None

    def _field(self, number, text):
        match = re.match(r"^([A-Z][\w -]*?):\s*(.*)", text)
        key = self._known.get(match[1].lower()) if match else None
        if key:
            self._key, self._now[key] = key, match[2].strip()
        elif self._key and text[0] in " \t":
            self._now[self._key] = (self._now[self._key] + " " + text.strip()).strip()
        else:
            self._find(number, "%r is no field of %s" % (text.strip(), CONFIG.rpartition("/")[2]))


def _fields(tree, known, mandatory):
    """Flattens the configuration's tree of fields into @known and @mandatory."""
    for key, value in tree.items():
        if key != "_properties_":
            known.append(key)
            if value.get("_properties_", {}).get("mandatory"):
                mandatory.append(key)
            _fields(value, known, mandatory)


def documentation(top, listed):
    """
    Each subtest is documented with all mandatory fields, and nothing else is.

    @listed: names of subtests by test, as the binaries list them
    """
    known, mandatory, found = [], [], []
    config = json.loads(pathlib.Path(top, CONFIG).read_text(encoding="utf-8"))
    _fields(config["fields"], known, mandatory)
    for path in sources(top):
        name = "%s/%s" % (TESTS, path.name)
        doc = Doc(name, path.read_text(encoding="utf-8"), known)
        found += doc.findings
        for subtest, fields in doc.subtests.items():
            found += ["%s:1: %s has no %s" % (name, subtest, key)
                      for key in mandatory if not fields.get(key)]
        if doc.fields is not None and not doc.fields.get("Description"):
            found.append("%s:1: the test has no Description" % name)
        there = listed.get(path.stem, [])
        found += ["%s:1: %s isn't documented" % (name, s) for s in there if s not in doc.subtests]
        found += ["%s:1: %s is documented, and there's no such subtest" % (name, s)
                  for s in doc.subtests if s not in there]
    return found


def described(told):
    """
    Each test and subtest says what it is, by igt_describe().

    @told: what the binaries print for --describe, by test
    """
    found = []
    for test, text in sorted(told.items()):
        name, subtest = "%s/%s.c:1: " % (TESTS, test), None
        lines = text.splitlines()
        if not lines or not lines[0].strip() or lines[0].startswith("SUB "):
            found.append(name + "no IGT_TEST_DESCRIPTION")
        for line in lines:
            match = re.match(r"^SUB (\S+) ", line)
            subtest = match[1] if match else subtest
            if "NO DOCUMENTATION" in line:
                found.append("%s%s has no igt_describe()" % (name, subtest or "the test"))
    return found


def test_list_text(listed):
    """The test list that fits @listed."""
    return "# SPDX-License-Identifier: MIT\n" + "".join(
        "igt@carillon/%s@%s\n" % (test, subtest)
        for test in sorted(listed) for subtest in listed[test])


def test_list(top, listed):
    """The test list has all subtests, in the order in which the binaries list them."""
    path = pathlib.Path(top, TEST_LIST)
    got = path.read_text(encoding="utf-8") if path.exists() else ""
    want = test_list_text(listed)
    if got == want:
        return []
    lines, wanted = set(got.splitlines()), set(want.splitlines())
    found = ["%s:1: lacks %s" % (TEST_LIST, line) for line in sorted(wanted - lines)]
    found += ["%s:1: has %s, which doesn't exist" % (TEST_LIST, line) for line in sorted(lines - wanted)]
    return found or ["%s:1: isn't in the binaries' order" % TEST_LIST]


def check(top, listed, told):
    """All findings."""
    return (names(top) + meson(top) + documentation(top, listed) + described(told)
            + test_list(top, listed))
