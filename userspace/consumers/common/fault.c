// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <carillon.h>

#include "fault.h"

#define CONTROL		"/dev/virtio-ports/carillon.ctl"
#define TIMEOUT		"/sys/module/carillon/parameters/job_timeout_ms"
#define REMOVE		"/sys/bus/pci/drivers/carillon_pci/*:*/remove"
#define RESCAN		"/sys/bus/pci/rescan"

#define REPLUG_TRIES	100	/* of 100 ms */

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int fault_inject(const char *line)
{
	int fd = open(CONTROL, O_RDWR | O_CLOEXEC);
	char text[512];
	ssize_t n = 0;
	int ret;

	if (fd < 0)
		return -errno;
	snprintf(text, sizeof(text), "%s\n", line);
	if (write(fd, text, strlen(text)) > 0)
		n = read(fd, text, sizeof(text) - 1);
	ret = n <= 0 ? -EIO : 0;
	close(fd);
	if (ret)
		return ret;
	text[n] = 0;
	return strstr(text, "\"ok\":true") ? 0 : -EINVAL;
}

int fault_set_job_timeout(unsigned int ms)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", ms);
	return write_file(TIMEOUT, text);
}

int fault_unplug(void)
{
	glob_t found;
	int ret;

	if (glob(REMOVE, 0, NULL, &found))
		return -ENODEV;
	ret = write_file(found.gl_pathv[0], "1");
	globfree(&found);
	return ret;
}

int fault_replug(void)
{
	struct carillon_device *dev;
	int ret;

	ret = write_file(RESCAN, "1");
	for (int i = 0; i < REPLUG_TRIES && !ret; i++) {
		ret = carillon_device_open(NULL, &dev);
		if (!ret) {
			carillon_device_close(dev);
			return 0;
		}
		usleep(100000);
		ret = 0;
	}
	return ret ? ret : -ENODEV;
}
