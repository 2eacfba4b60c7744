// SPDX-License-Identifier: MIT

#include <dirent.h>
#include <fcntl.h>

#include "igt.h"
#include "igt_carillon_driver.h"

#define PCI_RESCAN	"/sys/bus/pci/rescan"
#define TIMEOUT_PARAM	"/sys/module/carillon/parameters/job_timeout_ms"

/* The device that was unbound, to be bound again, and to which driver; NULL: it was removed. */
static char unbound[256];
static const char *unbound_from;

/* As it was before it was set; empty if it still is. */
static char old_timeout[32];

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

static void write_sysfs(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	igt_require_f(fd >= 0, "%s: %s\n", path, strerror(errno));
	igt_assert_eq(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void write_driver(const char *driver, const char *attr, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", driver, attr);
	write_sysfs(path, name);
}

void carillon_unbind(const char *driver)
{
	igt_require_f(find_bound(driver), "no device in %s\n", driver);
	unbound_from = driver;
	write_driver(driver, "unbind", unbound);
}

void carillon_remove(void)
{
	char path[512];

	igt_require_f(find_bound(CARILLON_PCI_DRIVER), "no device in %s\n", CARILLON_PCI_DRIVER);
	unbound_from = NULL;
	snprintf(path, sizeof(path), "%s/%s/remove", CARILLON_PCI_DRIVER, unbound);
	write_sysfs(path, "1");
}

void carillon_bind_again(void)
{
	if (unbound[0] && unbound_from)
		write_driver(unbound_from, "bind", unbound);
	else if (unbound[0])
		write_sysfs(PCI_RESCAN, "1");
	unbound[0] = 0;
}

void carillon_set_job_timeout(const char *ms)
{
	int fd = open(TIMEOUT_PARAM, O_RDWR);

	igt_require_f(fd >= 0, "%s: %s\n", TIMEOUT_PARAM, strerror(errno));
	if (!old_timeout[0])
		igt_assert_lt(0, read(fd, old_timeout, sizeof(old_timeout) - 1));
	igt_assert_eq(write(fd, ms, strlen(ms)), strlen(ms));
	close(fd);
}

void carillon_restore_job_timeout(void)
{
	if (old_timeout[0])
		carillon_set_job_timeout(old_timeout);
	old_timeout[0] = 0;
}
