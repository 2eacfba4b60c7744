#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What carillon.h declares, the map lists and the library exports is the same."""

import re
import subprocess
import sys


def declared(path):
    with open(path, encoding="utf-8") as f:
        text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
    # A declaration starts in the first column; its name is what precedes "(".
    return set(re.findall(r"^(?:[a-z].*?\W)?(carillon_[a-z0-9_]+)\(", text, flags=re.M))


def listed(path):
    with open(path, encoding="utf-8") as f:
        return re.findall(r"^\t(carillon_[a-z0-9_]+);$", f.read(), flags=re.M)


def exported(nm, path):
    out = subprocess.run([nm, "-D", "--defined-only", path], check=True,
                         capture_output=True, text=True).stdout
    names = {}
    for line in out.splitlines():
        name, _, version = line.split()[2].partition("@@")
        if line.split()[1] != "A":
            names[name] = version
    return names


def main():
    header, map_path, library, nm = sys.argv[1:]
    in_header = declared(header)
    in_map = listed(map_path)
    in_library = exported(nm, library)
    errors = []
    if len(in_header) < 40:
        errors.append(f"only {len(in_header)} functions found in {header}")
    for name in sorted(in_header ^ set(in_map)):
        where = "header" if name in in_header else "map"
        errors.append(f"{name} is in the {where} only")
    for name in sorted(set(in_map) ^ set(in_library)):
        where = "map" if name in in_map else "library"
        errors.append(f"{name} is in the {where} only")
    for name, version in sorted(in_library.items()):
        if not version.startswith("LIBCARILLON_"):
            errors.append(f"{name} has no version")
    if in_map != sorted(set(in_map)):
        errors.append("the map is not sorted, or has doubles")
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


sys.exit(main())
