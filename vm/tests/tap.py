# SPDX-License-Identifier: MIT
"""Test functions to TAP lines: ok, not ok, or a skip with its reason."""

import sys
import traceback


class Skip(Exception):
    """The test can't run here; the text says why."""


def run(tests, chosen=()):
    """
    Runs the functions @tests, or those of them whose names are in @chosen.

    Returns 0 if none failed. A test fails by an exception; its docstring's first line
    is its description.
    """
    tests = [t for t in tests if not chosen or t.__name__ in chosen]
    print("TAP version 13")
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, test in enumerate(tests, 1):
        name = f"{number} - {test.__name__}: {test.__doc__.splitlines()[0]}"
        try:
            test()
            print(f"ok {name}", flush=True)
        except Skip as why:
            print(f"ok {name} # SKIP {why}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            text = traceback.format_exc().rstrip().replace("\n", "\n# ")
            print(f"not ok {name}\n# {text}", flush=True)
    return 1 if failed else 0


def main(module):
    """Runs all functions of @module called test_…; those named on the command line if any are."""
    tests = [f for name, f in vars(module).items() if name.startswith("test_") and callable(f)]
    sys.exit(run(tests, sys.argv[1:]))
