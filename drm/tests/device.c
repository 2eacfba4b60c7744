// SPDX-License-Identifier: GPL-2.0
/*
 * Our device as sysfs has it: there or not, bound or not.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "gpu.h"

#define PCI_DRIVER	"/sys/bus/pci/drivers/carillon_pci"
#define DRM_DRIVER	"/sys/bus/auxiliary/drivers/carillon.drm"
#define NODE_MS		30000

/* These stay what they are: they are made from the place on the bus. */
static char pci_name[32];
static char aux_name[32];

static int write_to(const char *path, const char *text)
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

/* The device that is bound to the driver in @folder. */
static int find_bound(const char *folder, char *ret_name, size_t size)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int ret = -ENODEV;

	while (dir && ret && (entry = readdir(dir))) {
		if (entry->d_type != DT_LNK || !strcmp(entry->d_name, "module"))
			continue;
		snprintf(ret_name, size, "%.31s", entry->d_name);
		ret = 0;
	}
	if (dir)
		closedir(dir);
	return ret;
}

int device_find(void)
{
	int ret = find_bound(PCI_DRIVER, pci_name, sizeof(pci_name));

	return ret ? ret : find_bound(DRM_DRIVER, aux_name, sizeof(aux_name));
}

int device_unbind_drm(void)
{
	return write_to(DRM_DRIVER "/unbind", aux_name);
}

int device_bind_drm(void)
{
	return write_to(DRM_DRIVER "/bind", aux_name);
}

int device_unbind_pci(void)
{
	return write_to(PCI_DRIVER "/unbind", pci_name);
}

int device_bind_pci(void)
{
	return write_to(PCI_DRIVER "/bind", pci_name);
}

static int write_to_file(const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", pci_name, file);
	return write_to(path, text);
}

int device_remove(void)
{
	return write_to_file("remove", "1");
}

int device_rescan(void)
{
	return write_to("/sys/bus/pci/rescan", "1");
}

int device_reset(void)
{
	return write_to_file("reset", "1");
}

bool device_has_driver(void)
{
	char path[128];

	snprintf(path, sizeof(path), PCI_DRIVER "/%s", pci_name);
	return !access(path, F_OK);
}

bool device_is_present(void)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", pci_name);
	return !access(path, F_OK);
}

/* The node is there a moment before the DRM core knows whose it is, and says ENODEV. */
static int try_node(const char *node)
{
	int fd = open(node, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int find_node(char *ret_node)
{
	char path[128];
	struct dirent *entry;
	int ret = -ENODEV;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/drm", pci_name);
	dir = opendir(path);
	while (dir && ret && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "renderD", 7))
			continue;
		snprintf(ret_node, DEVICE_NODE_MAX, "/dev/dri/%.32s", entry->d_name);
		ret = try_node(ret_node);
	}
	if (dir)
		closedir(dir);
	return ret;
}

int device_wait(char *ret_node)
{
	uint64_t end_ms = now_ms() + NODE_MS;
	int ret;

	while ((ret = find_node(ret_node)) && now_ms() < end_ms)
		usleep(5000);
	return ret;
}

int device_route_interrupts(void)
{
	char path[128];
	struct dirent *entry;
	int ret = -ENODEV;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/msi_irqs", pci_name);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/irq/%.8s/smp_affinity", entry->d_name);
		ret = write_to(path, "2");
	}
	if (dir)
		closedir(dir);
	return ret;
}
