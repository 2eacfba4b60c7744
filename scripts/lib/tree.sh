# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What the shell scripts share; sourced. $repo is the checkout's top, $cache the
# directory that all checkouts share.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/carillon

say() {
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
}

die() {
	say "$*"
	exit 1
}

# Path of the root tree that holds the tools; made on first use.
tree_path() {
	if [ -n "${CARILLON_TREE:-}" ]; then
		echo "$CARILLON_TREE"
	else
		"$repo/vm/tree"
	fi
}

# Run a command inside the root tree; the cache is seen at its own path.
in_tree() {
	mkdir -p "$cache"
	"$repo/vm/in-tree" --rw "$cache" -- "$@"
}
