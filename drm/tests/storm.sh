#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Takes the device away in the middle of a storm of submissions; TAP on stdout.
# To be run in the guest, modules loaded, carillon_storm built.
#
#   storm.sh unbind [ROUNDS]   unbind the DRM driver and the PCI driver in turn (4)
#   storm.sh reset [SECONDS]   reset the device again and again while it lasts (15)
#   storm.sh kill              the emulator dies; nothing but unbinding is possible then
#   storm.sh unload [FILES [ROUNDS]]
#                              all modules go while a process has that many sync_files (1000),
#                              then so many times (2) while threads use some
#   storm.sh faults            no storm: the emulator is told to misbehave, carillon_fault

set -u
storm=${STORM:-/carillon-build/drm/tests/carillon_storm}
aux_driver=/sys/bus/auxiliary/drivers/carillon.drm
pci_driver=/sys/bus/pci/drivers/carillon_pci
timeout=/sys/module/carillon/parameters/job_timeout_ms
log=$(mktemp)
num=0
bad=0

result() {
	num=$((num + 1))
	if [ "$1" = 0 ]; then
		echo "ok $num - $2"
	else
		bad=$((bad + 1))
		echo "not ok $num - $2"
	fi
}

# The render node of our driver, waiting for it to appear.
node() {
	for _ in $(seq 100); do
		for dir in /sys/class/drm/renderD*; do
			driver=$(readlink -f "$dir/device/driver" 2>/dev/null)
			if [ "${driver##*/}" = carillon_pci ] && [ -c "/dev/dri/${dir##*/}" ]; then
				echo "/dev/dri/${dir##*/}"
				return 0
			fi
		done
		sleep 0.1
	done
	return 1
}

# The device that is bound to the driver in the folder $1.
bound_device() {
	for link in "$1"/*; do
		[ -L "$link" ] && [ "${link##*/}" != module ] && echo "${link##*/}" && return 0
	done
	return 1
}

# Starts a storm on the node $1 with options $2..., and returns when it blows; its id is in $pid.
start_storm() {
	render=$1
	shift
	rm -f "$log"
	"$storm" "$@" "$render" >"$log" &
	pid=$!
	for _ in $(seq 300); do
		grep -q "^# storm" "$log" && return 0
		sleep 0.1
	done
	return 1
}

# $1: driver's folder, $2: seconds into the storm
storm_and_unbind() {
	dev=$(bound_device "$1") || return 1
	render=$(node) || return 1
	start_storm "$render" --gone --seconds 300 || return 1
	sleep "$2"
	echo "$dev" >"$1/unbind" || return 1
	wait $pid
	rc=$?
	cat "$log"
	echo "$dev" >"$1/bind" || return 1
	return $rc
}

works() {
	render=$(node) && "$storm" --procs 1 --seconds 1 "$render"
}

unbind_rounds() {
	echo "1..$((2 * $1))"
	for round in $(seq "$1"); do
		if [ $((round % 2)) = 1 ]; then
			driver=$aux_driver
		else
			driver=$pci_driver
		fi
		storm_and_unbind "$driver" "0.$((round * 3 % 10 + 2))"
		result $? "round $round: ${driver##*/} unbound in the storm"
		works
		result $? "round $round: works after binding again"
	done
}

# A function-level reset takes what is on the rings; queues are made and destroyed all the time.
resets() {
	echo "1..2"
	render=$(node) || return
	dev=$(bound_device $pci_driver) || return
	start_storm "$render" --resets --seconds "$1"
	count=0
	while kill -0 $pid 2>/dev/null; do
		echo 1 >"$pci_driver/$dev/reset" && count=$((count + 1))
		sleep "0.$((count * 3 % 7 + 1))"
	done
	wait $pid
	rc=$?
	cat "$log"
	[ $count -gt 1 ] || rc=1
	result $rc "$count resets in the storm"
	works
	result $? "works after it"
}

# Signalled and refused within the bound that carillon_storm is given.
kill_emulator() {
	echo "1..2"
	render=$(node) || return
	start_storm "$render" --gone --seconds 300 --signal-seconds 30
	sleep 1
	echo kill-emulator >/dev/virtio-ports/carillon.request
	wait $pid
	rc=$?
	cat "$log"
	result $rc "the emulator dies in the storm"
	dev=$(bound_device $pci_driver) && echo "$dev" >$pci_driver/unbind
	result $? "the driver can be unbound from what is left"
}

# A job that hangs has to hang until the driver goes.
unload() {
	echo 600000 >"$timeout"
	"${storm%storm}unload" --files "$1" --rounds "$2" "$(node)" /dev/virtio-ports/carillon.ctl
}

faults() {
	old=$(cat "$timeout")
	"${storm%storm}fault" "$(node)" /dev/virtio-ports/carillon.ctl
	rc=$?
	# Jobs of other storms may take as long as they have to.
	echo "$old" >"$timeout"
	return $rc
}

case ${1:-} in
unbind) unbind_rounds "${2:-4}" ;;
reset) resets "${2:-15}" ;;
kill) kill_emulator ;;
unload) unload "${2:-1000}" "${3:-2}" || bad=1 ;;
faults) faults || bad=1 ;;
*) echo "usage: storm.sh unbind [ROUNDS] | reset [SECONDS] | kill | unload [FILES [ROUNDS]] | faults" >&2; exit 2 ;;
esac
[ $bad = 0 ]
