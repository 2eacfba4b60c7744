# SPDX-License-Identifier: MIT
#
# Thin front end. Kernel modules are built by Kbuild; everything that needs a
# VM, a root tree or a test kernel is a script in vm/ or scripts/.

KDIR ?= /lib/modules/$(shell uname -r)/build

.PHONY: modules clean
modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

clean:
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean
