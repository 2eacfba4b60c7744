# SPDX-License-Identifier: MIT
"""Files of the kernel's source package, built as modules for a guest's kernel.

Some of the kernel that tests want isn't in the kernel they run on: sw_sync isn't in
Debian's, the kernel's own KUnit suites aren't in ours. Their files are copied out of the
source package into the build folder and built there against that kernel. Nothing of it
is part of the project.
"""

import dataclasses
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

from lib import build, kernels, paths, proc, tree
from lib.proc import Failure


@dataclasses.dataclass(frozen=True)
class Part:
    """
    Some files and how they are built.

    @name: of the folder they are built in
    @files: paths in the kernel's source; each has the same path in that folder
    @kbuild: text of the Kbuild file at the top of it
    @extra: further files, as (name, text) pairs
    @edits: (path, old, new): what is another in a file than in the source
    """

    name: str
    files: tuple
    kbuild: str
    extra: tuple = ()
    edits: tuple = ()


_ABOUT = """// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

MODULE_DESCRIPTION("%s");
MODULE_LICENSE("GPL");
"""

# Where it's configured at all it's built in, so it has no module's description.
SW_SYNC = Part(
    "sw_sync",
    ("drivers/dma-buf/sw_sync.c", "drivers/dma-buf/sync_debug.c",
     "drivers/dma-buf/sync_debug.h", "drivers/dma-buf/sync_trace.h"),
    "obj-m := sw-sync.o\n"
    "sw-sync-y := drivers/dma-buf/sw_sync.o drivers/dma-buf/sync_debug.o about.o\n"
    "CFLAGS_drivers/dma-buf/sync_debug.o := -include linux/module.h\n"
    # Its trace header is looked for as ../../drivers/dma-buf/sync_trace.h.
    "CFLAGS_drivers/dma-buf/sw_sync.o := -I$(src)/drivers/dma-buf\n",
    (("about.c", _ABOUT % "Software sync timelines for tests"),),
    edits=(
        # Closing a timeline signals its fences under their lock. A callback can put the last
        # reference, and the release takes that lock: for certain on PREEMPT_RT, where irq_work
        # gets ahead of who is signalling. Here it's done as sync_timeline_signal() does it.
        ("drivers/dma-buf/sw_sync.c",
         "\tstruct sync_timeline *obj = file->private_data;\n\tstruct sync_pt *pt, *next;\n",
         "\tstruct sync_timeline *obj = file->private_data;\n\tstruct sync_pt *pt, *next;\n"
         "\tLIST_HEAD(signalled);\n"),
        ("drivers/dma-buf/sw_sync.c", "\t\tdma_fence_set_error(&pt->base, -ENOENT);\n",
         "\t\tdma_fence_get(&pt->base);\n\t\tlist_move_tail(&pt->link, &signalled);\n"
         "\t\trb_erase(&pt->node, &obj->pt_tree);\n"
         "\t\tdma_fence_set_error(&pt->base, -ENOENT);\n"),
        ("drivers/dma-buf/sw_sync.c",
         "\tspin_unlock_irq(&obj->lock);\n\n\tsync_timeline_put(obj);\n",
         "\tspin_unlock_irq(&obj->lock);\n\n"
         "\tlist_for_each_entry_safe(pt, next, &signalled, link) {\n"
         "\t\tlist_del_init(&pt->link);\n\t\tdma_fence_put(&pt->base);\n\t}\n\n"
         "\tsync_timeline_put(obj);\n")))


_DRM = "drivers/gpu/drm/"
_KMS_HELPER = tuple(_DRM + name for name in (
    "drm_atomic_helper.c", "drm_atomic_state_helper.c", "drm_bridge_helper.c",
    "drm_crtc_helper.c", "drm_crtc_helper_internal.h", "drm_crtc_internal.h",
    "drm_damage_helper.c", "drm_flip_work.c", "drm_format_helper.c", "drm_format_internal.h",
    "drm_gem_atomic_helper.c", "drm_gem_framebuffer_helper.c", "drm_internal.h",
    "drm_kms_helper_common.c", "drm_modeset_helper.c", "drm_plane_helper.c",
    "drm_probe_helper.c", "drm_self_refresh_helper.c", "drm_simple_kms_helper.c",
    "drm_vblank_helper.c"))
_DRM_SUITES = tuple(_DRM + "tests/%s_test.c" % name
                    for name in ("drm_exec", "drm_gem_shmem", "drm_managed", "drm_mm"))
# Not tests_scheduler.c: it measures times, which mean nothing in an emulated CPU.
_SCHED = tuple(_DRM + "scheduler/tests/" + name for name in ("mock_scheduler.c", "tests_basic.c"))
_DMABUF = tuple("drivers/dma-buf/st-%s.c" % name for name in (
    "dma-fence", "dma-fence-chain", "dma-fence-unwrap", "dma-resv"))


def _objects(*files):
    return " ".join(name[:-1] + "o" for name in files if name.endswith(".c"))


# The kernel's own KUnit suites of what our modules build on, and what those need that our
# test kernels don't have: KMS helpers and prime numbers.
KUNIT = Part(
    "kunit",
    _KMS_HELPER + _DRM_SUITES + _SCHED + _DMABUF
    + (_DRM + "tests/drm_kunit_helpers.c", _DRM + "scheduler/tests/sched_tests.h",
       "lib/math/prime_numbers.c", "lib/math/prime_numbers_private.h"),
    "obj-m := drm_kms_helper.o dmabuf_kunit.o drm-sched-tests.o "
    + _objects(_DRM + "tests/drm_kunit_helpers.c", "lib/math/prime_numbers.c", *_DRM_SUITES)
    + "\ndrm_kms_helper-y := " + _objects(*_KMS_HELPER)
    + "\ndmabuf_kunit-y := " + _objects(*_DMABUF)
    + "\ndrm-sched-tests-y := " + _objects(*_SCHED) + "\n",
    edits=(
        # Some of its tests take time by the square of it: minutes, with KASAN in an emulated CPU.
        ("drivers/dma-buf/st-dma-fence-chain.c", "#define CHAIN_SZ (4 << 10)",
         "#define CHAIN_SZ (1 << 8)"),
        # They take the fence of a job for granted that a slow machine has already run and freed.
        (_SCHED[1], "if (params->dep_chain && prev)",
         "if (params->dep_chain && prev && prev->base.s_fence)"),
        (_SCHED[1], "if (prev)", "if (prev && prev->base.s_fence)")))

_SHIM = pathlib.Path(__file__).parent / "kunit-core"


def _text(name):
    return (_SHIM / name).read_text(encoding="utf-8")


def _lib_kunit(*names):
    return tuple("lib/kunit/" + name for name in names)


_KUNIT_CORE = _lib_kunit(
    "assert.c", "attributes.c", "bug.c", "device.c", "executor.c", "hooks.c", "platform.c",
    "resource.c", "static_stub.c", "string-stream.c", "test.c", "try-catch.c", "user_alloc.c")

# KUnit itself, as a module for a kernel that hasn't got it, Debian's for one. What it lacks for
# that is in kunit-core/: shim.h goes into whatever is built against this.
KUNIT_CORE = Part(
    "kunit-core",
    _KUNIT_CORE + _lib_kunit("debugfs.h", "device-impl.h", "hooks-impl.h", "string-stream.h",
                             "try-catch-impl.h"),
    "obj-m := kunit.o\n"
    "kunit-y := suites.o " + _objects(*_KUNIT_CORE) + "\n"
    "ccflags-y := -include $(src)/shim.h\n",
    (("shim.h", _text("shim.h")), ("suites.c", _text("suites.c"))),
    edits=(
        ("lib/kunit/test.c", "kunit_module_init(struct module *mod)",
         "kunit_module_init(struct kunit_shim_module *mod)"),
        ("lib/kunit/test.c", "kunit_module_exit(struct module *mod)",
         "kunit_module_exit(struct kunit_shim_module *mod)"),
        ("lib/kunit/test.c", "struct module *mod = data;",
         "struct kunit_shim_module *mod = kunit_shim_module(data, val);"),
        ("lib/kunit/test.c", "kunit_err(current->kunit_test,",
         "kunit_err((struct kunit *)current->kunit_test,"),
        # No module can make one from nothing.
        ("lib/kunit/user_alloc.c", "mm = mm_alloc();", "mm = kunit_shim_get_mm();"),
        ("lib/kunit/user_alloc.c", "mm->task_size = TASK_SIZE;", ""),
        ("lib/kunit/user_alloc.c",
         "arch_pick_mmap_layout(mm, &current->signal->rlim[RLIMIT_STACK]);", "")))


def _source():
    """The kernel's source, unpacked."""
    got = subprocess.run([paths.TOP / "scripts/kernel", "--source"], stdout=subprocess.PIPE,
                         text=True, check=False)
    if got.returncode:
        raise Failure("no kernel source")
    return pathlib.Path(got.stdout.strip())


def _series(top):
    """The series that the source @top is of: 7.2, say."""
    text = (top / "Makefile").read_text(encoding="utf-8")
    return ".".join(re.search(r"^%s = (\d+)$" % key, text, re.M)[1]
                    for key in ("VERSION", "PATCHLEVEL"))


def _lay_out(part, top, folder):
    """Fills @folder with @part's files."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in part.files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(top / name, folder / name)
    for name, old, new in part.edits:
        text = (folder / name).read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise Failure("%s in the kernel's source has no %r" % (name, old))
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    for name, text in (("Kbuild", part.kbuild), *part.extra):
        (folder / name).write_text(text, encoding="utf-8")


def modules(part, kernel_name):
    """
    Builds @part for the kernel @kernel_name, unless it's there already.

    Returns the folder of its modules, below the build folder. Raises Failure if it doesn't
    build, or if the source package is of another series than the kernel.
    """
    root, top = tree.get(), _source()
    kernel = kernels.find(root, kernel_name)
    if not re.match(re.escape(_series(top)) + r"\b", kernel.release):
        raise Failure("%s needs the source of Linux %s, and the root tree has that of %s"
                      % (part.name, kernel.release, _series(top)))
    inside = "%s-%s" % (part.name, kernel_name)
    base = paths.build_dir() / "kernel-parts"
    folder, log = base / inside, base / (inside + ".log")
    base.mkdir(exist_ok=True)
    want = hashlib.sha256(repr((part, str(top), kernel.build, str(root))).encode()).hexdigest()
    with proc.lock(base / (inside + ".lock"), "waiting for another build of " + inside):
        stamp = folder / ".built"
        if stamp.exists() and stamp.read_text(encoding="ascii") == want:
            return folder
        _lay_out(part, top, folder)
        argv = ["make", "-C", kernel.build, "M=%s/kernel-parts/%s" % (paths.IN_BUILD, inside),
                "-j%d" % (os.cpu_count() or 1), "modules"]
        if build.in_tree(root, argv, log, kernel.binds):
            raise Failure("%s doesn't build for %s, log: %s" % (part.name, kernel.release, log))
        stamp.write_text(want, encoding="ascii")
    return folder


def modules_with_kunit(kernel_name):
    """
    Builds our modules with their suites for a kernel that lacks KUnit, and KUnit for it.

    Returns the folders of both. Raises Failure like modules().
    """
    core = modules(KUNIT_CORE, kernel_name)
    inside = "%s/kernel-parts/%s" % (paths.IN_BUILD, core.name)
    stamp = (core / ".built").read_text(encoding="ascii")
    # The last one is for the eye of build.modules(): built again when KUnit was.
    args = ("CONFIG_KUNIT=m", "KCFLAGS=-include %s/shim.h" % inside,
            "KBUILD_EXTRA_SYMBOLS=%s/Module.symvers" % inside, "KUNIT_CORE=" + stamp)
    return core, build.modules(tree.get(), kernel_name, args, variant="kunit")
