# SPDX-License-Identifier: Apache-2.0
"""Small disks that can be filled and made read-only. Needs the right to mount, in a name space of
this process's own."""

import ctypes
import errno
import os

MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
MNT_DETACH = 2
CLONE_NEWNS = 0x20000
SIZE = "512k"

_libc = ctypes.CDLL(None, use_errno=True)
_state = []


def can_mount():
    """Enters the name space of its own; once, early, before there are threads."""
    if not _state:
        entered = _libc.unshare(CLONE_NEWNS) == 0
        _state.append(entered and _mount("none", "/", None, MS_REC | MS_PRIVATE) == 0)
    return _state[0]


def _mount(source, target, kind, flags, data=""):
    return _libc.mount(str(source).encode(), str(target).encode(),
                       kind.encode() if kind else None, flags, data.encode())


def _must(outcome, what):
    if outcome != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


class Disk:
    """A small file system at a directory that is made for it."""

    def __init__(self, directory, mode):
        self.dir = directory
        self.dir.mkdir()
        _must(_mount("tmpfs", directory, "tmpfs", 0, f"size={SIZE},mode={mode:o}"), "mount")
        self._filler = directory / "filler"
        self._covered = False

    def fill(self):
        with self._filler.open("wb", buffering=0) as file:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def free(self):
        self._filler.unlink()

    def close(self):
        """Read-only, whoever has files open for writing: by a second mount that covers the first."""
        _must(_mount(self.dir, self.dir, None, MS_BIND), "bind")
        self._covered = True
        _must(_mount(self.dir, self.dir, None, MS_REMOUNT | MS_BIND | MS_RDONLY), "read-only")

    def open(self):
        _must(_libc.umount2(str(self.dir).encode(), MNT_DETACH), "umount")
        self._covered = False

    def remove(self):
        if self._covered:
            self.open()
        _libc.umount2(str(self.dir).encode(), MNT_DETACH)
