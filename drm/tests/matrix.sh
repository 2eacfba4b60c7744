#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Takes the device away at each step of a submission; TAP on stdout, the cells of the matrix
# in $OUT/cells. To be run in the guest, modules loaded, carillon_matrix built.
#
# usage: matrix.sh [options of carillon_matrix]

hold=$KDIR/drm/tests/carillon_hold.ko
if [ ! -f "$hold" ]; then
	echo "1..0 # SKIP this kernel can't hold functions (CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS)"
	exit 0
fi
insmod "$hold" || exit 1
# A job that is on its way has to be there until the device goes.
echo 600000 >/sys/module/carillon/parameters/job_timeout_ms
/carillon-build/drm/tests/carillon_matrix "$@" /dev/virtio-ports/carillon.ctl
rc=$?
rmmod carillon_hold || rc=1
exit $rc
