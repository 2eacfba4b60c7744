# SPDX-License-Identifier: MIT
"""What the root tree is made of. A change here gives it another key, hence another tree."""

SUITE = "forky"

# One line per purpose.
PACKAGES = """
    busybox-static kmod udev procps iproute2 pciutils strace e2fsprogs
    gcc make libc6-dev pkgconf meson ninja-build clang libasan8 libubsan1
    linux-headers-amd64 linux-source
    bc bison flex libelf-dev libssl-dev cpio rsync perl python3 xz-utils zstd patch
    sparse shellcheck pyflakes3 g++
    python3-sphinx
    qemu-system-x86
    libdrm-dev libpng-dev libcairo2-dev
    igt-gpu-tools igt-gpu-tools-tests libdrm-tests
    mesa-vulkan-drivers libvulkan-dev libegl-mesa0 libgl1-mesa-dri libegl-dev libgles-dev libgbm-dev
    qemu-system-modules-opengl qemu-system-gui xvfb
    ccache spin lcov
""".split()

# The second kernel to build and boot against: the newest 7.x of this suite.
SECOND_SUITE = "trixie-backports"

OPTIONS = (
    "--variant=minbase",
    # A lagging mirror's Release file can be past its date.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=APT::Sandbox::User "root"',
    '--aptopt=APT::Install-Recommends "false"',
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=path-exclude=/usr/share/info/*",
    "--dpkgopt=path-exclude=/usr/lib/debug/*",
)
