// SPDX-License-Identifier: MIT

#include <dirent.h>
#include <fcntl.h>

#include "igt.h"
#include "igt_carillon_driver.h"

/* The device that was unbound, to be bound again, and to which driver. */
static char unbound[256];
static const char *unbound_from;

/* Devices are the links in a driver's folder. */
static bool find_bound(const char *driver)
{
	DIR *dir = opendir(driver);
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir))) {
		found = entry->d_type == DT_LNK && strcmp(entry->d_name, "module");
		if (found)
			snprintf(unbound, sizeof(unbound), "%s", entry->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

static void write_driver(const char *driver, const char *attr, const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", driver, attr);
	fd = open(path, O_WRONLY);
	igt_require_f(fd >= 0, "%s: %s\n", path, strerror(errno));
	igt_assert_eq(write(fd, name, strlen(name)), strlen(name));
	close(fd);
}

void carillon_unbind(const char *driver)
{
	igt_require_f(find_bound(driver), "no device in %s\n", driver);
	unbound_from = driver;
	write_driver(driver, "unbind", unbound);
}

void carillon_bind_again(void)
{
	if (unbound[0])
		write_driver(unbound_from, "bind", unbound);
	unbound[0] = 0;
}
