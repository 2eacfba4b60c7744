# SPDX-License-Identifier: MIT
"""Which Debian mirror the host uses: the root tree comes from there."""

import os
import pathlib
import re

from .proc import Failure

_WHY = """\
no Debian mirror in this machine's apt configuration. The root tree is Debian, on whatever
host: name a mirror that has its suites, as in CARILLON_MIRROR=http://mirror.example/debian"""


def _one_line(text):
    """Yields (uri, suite) of a sources.list in the one-line format."""
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[[^]]*\]\s*)?(\S+)\s+(\S+)", line)
        if match:
            yield match[1], match[2]


def _deb822(text):
    """Yields (uri, suite) of the enabled stanzas of a .sources file."""
    text = re.sub(r"(?m)^#.*\n?", "", text)
    for stanza in re.split(r"\n\s*\n", text):
        unfolded = re.sub(r"\n[ \t]+", " ", stanza)
        field = {k.lower(): v.split() for k, v in re.findall(r"(?m)^([\w-]+):[ \t]*(.*)$", unfolded)}
        if "deb" not in field.get("types", ()) or field.get("enabled") == ["no"]:
            continue
        for uri in field.get("uris", ()):
            for suite in field.get("suites", ()):
                yield uri, suite


def configured(apt="/etc/apt"):
    """Yields (uri, suite) of all package sources of the host."""
    top = pathlib.Path(apt)
    files = [top / "sources.list", *sorted((top / "sources.list.d").glob("*"))]
    for path in files:
        if path.is_file() and path.suffix in (".list", ".sources"):
            text = path.read_text(encoding="utf-8", errors="replace")
            yield from (_deb822 if path.suffix == ".sources" else _one_line)(text)


def _codename(os_release="/etc/os-release"):
    """Returns the release name of a Debian host, None elsewhere."""
    text = pathlib.Path(os_release).read_text(encoding="utf-8")
    fact = dict(re.findall(r'(?m)^(\w+)="?([^"\n]*)"?$', text))
    return fact.get("VERSION_CODENAME") if fact.get("ID") == "debian" else None


def find(apt="/etc/apt", os_release="/etc/os-release"):
    """
    Returns the mirror's URI: CARILLON_MIRROR, or what apt has for the host's own release.

    Context: reads files only; whether the mirror has our suites shows in its use.
    Return: the URI; raises Failure with what to do where there is none.
    """
    given = os.environ.get("CARILLON_MIRROR")
    if given:
        return given.rstrip("/")
    codename = _codename(os_release)
    names = {codename, "stable", "testing", "sid", "unstable"} - {None}
    for uri, suite in configured(apt):
        if codename is not None and suite in names and "://" in uri:
            return uri.rstrip("/")
        # A host without a release of its own (sid) has no codename.
        if codename is None and suite in ("sid", "unstable", "forky"):
            return uri.rstrip("/")
    raise Failure(_WHY)
