# SPDX-License-Identifier: MIT
"""A writer of newc archives, the kernel's initramfs format."""

import stat


class Archive:
    """Collects files and gives them back as the bytes of one archive."""

    def __init__(self):
        self._data = bytearray()
        self._inode = 0
        self._dirs = set()

    def _entry(self, name, mode, content=b""):
        self._inode += 1
        raw = name.encode() + b"\0"
        fields = [self._inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(raw), 0]
        self._data += b"070701" + b"".join(b"%08X" % f for f in fields) + raw
        self._pad()
        self._data += content
        self._pad()

    def _pad(self):
        self._data += bytes(-len(self._data) % 4)

    def directory(self, name):
        """Adds the directory @name and those above it."""
        parts = name.strip("/").split("/")
        for i in range(1, len(parts) + 1):
            path = "/".join(parts[:i])
            if path not in self._dirs:
                self._dirs.add(path)
                self._entry(path, stat.S_IFDIR | 0o755)

    def file(self, name, content, mode=0o644):
        """Adds the regular file @name with the bytes @content."""
        if "/" in name.strip("/"):
            self.directory(name.strip("/").rsplit("/", 1)[0])
        self._entry(name.strip("/"), stat.S_IFREG | mode, content)

    def symlink(self, name, target):
        """Adds the symbolic link @name to @target."""
        self._entry(name.strip("/"), stat.S_IFLNK | 0o777, target.encode())

    def finish(self):
        """Returns the archive; nothing can be added after that."""
        self._inode = -1
        self._entry("TRAILER!!!", 0)
        return bytes(self._data)
