# SPDX-License-Identifier: MIT
"""Sphinx configuration. scripts/docs runs it with srctree naming the kernel's source."""

import os
import sys

REPO = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# The kernel's own extension reads the comments: what is rendered is what its
# documentation tools would render.
sys.path.insert(0, os.path.join(os.environ["srctree"], "Documentation/sphinx"))

project = "Carillon"
extensions = ["kerneldoc"]
kerneldoc_srctree = REPO
exclude_patterns = ["examples"]
primary_domain = "c"
# Most literal blocks are diagrams; code says that it is code.
highlight_language = "none"
# An enum and a function may have one name; Sphinx keeps them in one table.
suppress_warnings = ["duplicate_declaration.c"]
html_theme = "alabaster"
html_theme_options = {"page_width": "70em", "description": "Job submission for GPU drivers"}
html_sidebars = {"**": ["about.html", "navigation.html", "searchbox.html"]}
html_copy_source = False
# Kernel types that the comments name and that are documented elsewhere.
nitpicky = False
