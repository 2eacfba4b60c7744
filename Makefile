# SPDX-License-Identifier: MIT
#
# Thin front end. Kernel modules are built by Kbuild; everything that needs a
# VM, a root tree or a test kernel is a script in vm/ or scripts/.

ON ?= uml
SUITE ?= *
FILES ?= 1000
KDIR ?= /lib/modules/$(shell uname -r)/build

.PHONY: modules clean
modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

# A picture through the emulated GPU: IMG=photo.png, DEMO_ARGS='--kernel stock73'
.PHONY: demo
export IMG
demo:
	@vm/host-setup
	@scripts/demo $(DEMO_ARGS)

# All tests, as CI runs them; TIERS='lint kunit-uml' (scripts/check --list) runs some.
.PHONY: check
check:
	@vm/host-setup
	@scripts/check $(TIERS)

# Lint: CHECK='sparse shell' (scripts/lint --list)
.PHONY: lint
lint:
	@vm/host-setup
	@scripts/lint $(CHECK)

# On Debian's PREEMPT_RT kernel: KUnit suites, our IGT tests with both schedulers, the generic
# ones, the storm
.PHONY: rt
rt:
	@vm/host-setup
	@scripts/check tools kunit-rt system-rt system-drm-sched-rt igt-stock-rt storm-rt

# IGT tests in the guest: all of ours, or TEST='carillon_submit' STOCK='core_auth';
# ON=kasan|rt|stock73: another kernel than Debian's 7.2.
# SCHEDULER=drm_sched: the driver over drm_gpu_scheduler, here and wherever there's a guest.
.PHONY: igt
igt:
	@vm/host-setup
	@scripts/igt $(if $(filter-out uml,$(ON)),--kernel $(ON)) $(if $(STOCK),--stock $(STOCK),$(TEST))

# Other people's drivers as users of our fences and buffers: lavapipe, llvmpipe,
# virgl, KMS.
# CONSUMER='vulkan' CONSUMER_ARGS='--mutant' (scripts/consumers --help)
.PHONY: consumers
consumers:
	@vm/host-setup
	@scripts/consumers $(CONSUMER_ARGS) $(CONSUMER)

# The generic tests of the distribution's IGT on our driver: out/igt-stock/index.html.
# TEST='core_hotunplug device_reset' ROUNDS=20 repeats some in one guest (ON=kasan: on the
# debug kernel; or rt) and counts.
.PHONY: igt-stock
igt-stock:
	@vm/host-setup
	@scripts/igt-stock $(if $(filter-out uml,$(ON)),--kernel $(ON)) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(TEST)

# All modules go while a process has FILES=1000 sync_files, then ROUNDS=2 times while threads use some
.PHONY: unload
unload:
	@vm/host-setup
	@scripts/unload $(FILES) $(or $(ROUNDS),2)

# The device goes at each step of a submission, in each way: a table, out/matrix/KERNEL/table.txt.
# ROUNDS=10 of each cell, KERNEL=stock|kasan, EVENT=unplug, STEP=doorbell: only these
.PHONY: matrix
matrix:
	@vm/host-setup
	@scripts/matrix --rounds $(or $(ROUNDS),10) --kernel $(or $(KERNEL),stock) \
		$(if $(EVENT),--event $(EVENT)) $(if $(STEP),--step $(STEP))

# KUnit: SUITE='dfence*' ON=uml|kasan|stock|rt
.PHONY: kunit
kunit:
	@vm/host-setup
	@scripts/kunit --on $(ON) '$(SUITE)'

# Submits JOBS=1000000 jobs to 64 queues that fail, hang, are killed and replaced, ON=kasan|uml;
# SEED=0 makes other decisions each time. `make kunit` does the same with fewer.
.PHONY: stress
stress:
	@vm/host-setup
	@scripts/stress '$(or $(JOBS),1000000)' '$(or $(SEED),1)' '$(if $(filter file,$(origin ON)),kasan,$(ON))'

# How much of a library its KUnit suites reach: LIB='fence devres sched', page in
# out/coverage/LIB; COVERAGE_ARGS='--missing' lists what they don't.
LIB ?= fence devres sched
.PHONY: coverage
coverage:
	@vm/host-setup
	@scripts/coverage $(COVERAGE_ARGS) $(LIB)

# Models of the libraries, all states of them: MODEL='close' (scripts/model --help)
.PHONY: model
model:
	@vm/host-setup
	@scripts/model $(MODEL)

# Planted bugs, which the KUnit suites have to find: MUTANT='wrap32' (scripts/mutants --list)
.PHONY: mutants
mutants:
	@vm/host-setup
	@scripts/mutants $(MUTANT)

# The kernel's own KUnit suites, with our modules and without: no difference
.PHONY: kunit-kernel
kunit-kernel:
	@vm/host-setup
	@scripts/kernel-kunit

# What our libraries cost, beside their peers: PART='fence' BENCH_ARGS='--repeat 2'
.PHONY: bench
bench:
	@vm/host-setup
	@scripts/bench $(BENCH_ARGS) $(PART)

# The drivers that the documentation shows, taken away while they are in use: EXAMPLE=jobq-example
.PHONY: example
example:
	@vm/host-setup
	@scripts/example $(EXAMPLE)

# Documentation as HTML: out/docs
.PHONY: docs
docs:
	@vm/host-setup
	@scripts/docs

# A command in a guest: CMD='igt_runner …', VM_ARGS='--kernel kasan' and so on
.PHONY: vm shell vm-tests
# As it was typed: $$OUT and the like are the guest shell's.
override CMD := $(value CMD)
export CMD
vm:
	@[ -n "$$CMD" ] || { echo "usage: make vm CMD='command' [VM_ARGS='options of vm/run']"; exit 2; }
	@vm/host-setup
	@vm/run $(VM_ARGS) -- sh -c "$$CMD"

shell:
	@vm/host-setup
	@vm/shell $(VM_ARGS)

# Tests of vm/ itself
vm-tests:
	@vm/host-setup
	@vm/tests/unit
	@vm/tests/guest

clean:
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean
