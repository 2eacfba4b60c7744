#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Library and tools on a device; TAP. To be run in a guest, by ./guest.

set -u
build=/carillon-build/userspace
ctl=/dev/virtio-ports/carillon.ctl
dir=$(mktemp -d)
cd "$dir" || exit 1
num=0
bad=0

# ok NAME COMMAND...: a test that passes if the command does.
ok() {
	name=$1
	shift
	num=$((num + 1))
	if "$@" >"$dir/said" 2>&1; then
		echo "ok $num - $name"
	else
		bad=$((bad + 1))
		sed 's/^/# /' "$dir/said"
		echo "not ok $num - $name"
	fi
}

# image CODE OPTION...: runs carillon-image; passes if it ends with CODE.
image() {
	want=$1
	shift
	rm -f out.png out.svg out.json
	"$build/tools/image/carillon-image" --out out.png --timeline-svg out.svg \
		--timeline-json out.json "$@" >printed 2>errors
	code=$?
	cat printed errors
	[ $code = "$want" ]
}

# The emulator answers each line with one of JSON.
fault() {
	exec 4<>"$ctl"
	echo "$*" >&4
	read -r reply <&4
	exec 4>&-
	echo "$* -> $reply"
	[ "$reply" = '{"ok":true}' ]
}

size_works() {
	image 0 --generate "$1" && grep -q '^all verified' printed &&
		[ -s out.png ] && [ -s out.svg ] &&
		python3 -c "import json; json.load(open('out.json'))"
}

# What came out is a picture again, of twice the size.
output_is_input() {
	image 0 --generate 40x30 && mv out.png in.png && image 0 --in in.png &&
		grep -q '80x60' printed
}

example_works() {
	[ "$("$build/examples/first_job")" = "hello from the GPU" ]
}

info_works() {
	"$build/tools/carillon-info" && "$build/tools/carillon-info" --json >info.json &&
		python3 -c "
import json
info = json.load(open('info.json'))
assert info['driver'] == 'carillon' and info['num_queues'] > 0, info
assert info['bus'].startswith('pci:'), info"
}

# A job that fails: the others that need it don't run, there is no picture, but a timeline.
error_is_told() {
	fault error ring=1 job=1 status=6 && image 1 --generate 64x48 &&
		grep -q 'job blur on queue B: Input/output error' errors &&
		grep -q '^blur .*EIO$' printed && grep -q '^check .*EIO$' printed &&
		grep -q '^convert .*done$' printed && grep -q '^NOT verified' printed &&
		[ ! -e out.png ] && [ -s out.svg ] && [ -s out.json ]
}

hang_is_told() {
	fault hang ring=0 job=2 && image 1 --generate 64x48 &&
		grep -q 'job luma on queue A: Timer expired' errors &&
		grep -q '^luma .*ETIME$' printed && [ ! -e out.png ]
}

timeout_is_told() {
	fault slow ring=0 job=1 ns=4000000000 && image 1 --generate 64x48 --timeout 1 &&
		grep -q 'waiting for the last fence: Timer expired' errors &&
		grep -q 'not ended$' printed
}

disk_full_is_told() {
	! "$build/tools/image/carillon-image" --generate 64x48 --out /dev/full 2>errors &&
		cat errors && grep -q "/dev/full: can't be written" errors && [ -c /dev/full ]
}

ok "library" "$build/tests/device_test"
ok "example" example_works
ok "info" info_works
for size in 1x1 3x2 333x257 16384x1 1x16384; do
	ok "image of $size" size_works $size
done
ok "image from a file" output_is_input
ok "image with a job that fails" error_is_told
ok "image with a job that hangs" hang_is_told
ok "image that takes too long" timeout_is_told
ok "image to a full disk" disk_full_is_told
ok "image after all that" size_works 64x48
echo "1..$num"
cd /
rm -rf "$dir"
[ $bad = 0 ]
