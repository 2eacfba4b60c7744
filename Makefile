# SPDX-License-Identifier: MIT
#
# Thin front end. Kernel modules are built by Kbuild; everything that needs a
# VM, a root tree or a test kernel is a script in vm/ or scripts/.

ON ?= uml
SUITE ?= *
KDIR ?= /lib/modules/$(shell uname -r)/build

.PHONY: modules clean
modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

# All tests, as CI runs them.
.PHONY: check
check:
	scripts/check

# KUnit: SUITE='dfence*' ON=uml|kasan
.PHONY: kunit
kunit:
	scripts/kunit --on $(ON) '$(SUITE)'

clean:
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean
