# SPDX-License-Identifier: MIT
"""The root tree that everything newer than the host comes out of."""

import os
import pathlib

from .proc import Failure


def get():
    """Returns the path of the root tree."""
    given = os.environ.get("CARILLON_TREE")
    if not given:
        raise Failure("set CARILLON_TREE to a root tree")
    return pathlib.Path(given)
