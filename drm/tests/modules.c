// SPDX-License-Identifier: GPL-2.0
/*
 * Taking the driver away with all that belongs to it, and bringing it back.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gpu.h"
#include "modules.h"

#define REMOVE_MS	20000	/* what else holds a module, such as a file being closed, ends */

/* What has to go first comes first, and is loaded last. */
static const struct {
	const char *name;
	const char *file;	/* in the folder $KDIR */
} modules[] = {
	{ "carillon", "drm/carillon.ko" },
	{ "carillon_pci", "drm/carillon_pci.ko" },
	{ "jobq", "sched/jobq.ko" },
	{ "bound", "devres/bound.ko" },
	{ "dfence", "fence/dfence.ko" },
};

#define NUM_MODULES	(sizeof(modules) / sizeof(modules[0]))

/* Writes the name of the device that is bound to the driver in @folder to its file "unbind". */
static bool unbind(const char *folder)
{
	char path[300];
	struct dirent *entry;
	DIR *dir = opendir(folder);
	int fd, ret = -ENODEV;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_type != DT_LNK || !strcmp(entry->d_name, "module"))
			continue;
		snprintf(path, sizeof(path), "%s/unbind", folder);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		ret = write(fd, entry->d_name, strlen(entry->d_name)) < 0 ? -errno : 0;
		close(fd);
		break;
	}
	if (dir)
		closedir(dir);
	return !ret || !fail(folder, -ret);
}

bool modules_unbind(void)
{
	return unbind("/sys/bus/auxiliary/drivers/carillon.drm") &&
	       unbind("/sys/bus/pci/drivers/carillon_pci");
}

static bool remove_one(const char *name)
{
	uint64_t end_ms = now_ms() + REMOVE_MS;
	char path[64];

	while (syscall(SYS_delete_module, name, O_NONBLOCK)) {
		if ((errno != EAGAIN && errno != EBUSY) || now_ms() > end_ms)
			return !fail(name, errno);
		usleep(1000);
	}
	snprintf(path, sizeof(path), "/sys/module/%s", name);
	return access(path, F_OK) || !fail(path, EEXIST);
}

bool modules_remove(void)
{
	bool ok = true;

	for (size_t i = 0; i < NUM_MODULES && ok; i++)
		ok = remove_one(modules[i].name);
	return ok;
}

static bool load_one(const char *file, const char *params)
{
	const char *folder = getenv("KDIR");
	char path[4096];
	int fd, ret;

	snprintf(path, sizeof(path), "%s/%s", folder ? folder : ".", file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return !fail(path, errno);
	ret = syscall(SYS_finit_module, fd, params, 0) ? errno : 0;
	close(fd);
	return !ret || !fail(path, ret);
}

/* What vm/run gave of a kind that has to stay the same: the scheduler. */
static void same_scheduler(char *params, size_t size)
{
	static const char key[] = "carillon.scheduler=";
	const char *given = getenv("CARILLON_PARAMS");
	const char *word = given ? strstr(given, key) : NULL;
	size_t len = strlen(params);

	if (word)
		snprintf(params + len, size - len, " scheduler=%.*s",
			 (int)strcspn(word + strlen(key), " "), word + strlen(key));
}

bool modules_load(const char *params)
{
	char all[256];
	bool ok = true;

	snprintf(all, sizeof(all), "%s", params);
	same_scheduler(all, sizeof(all));
	/* The kernel's modules that ours need have stayed. */
	for (size_t i = NUM_MODULES; i-- && ok;)
		ok = load_one(modules[i].file, i ? "" : all);
	return ok;
}
