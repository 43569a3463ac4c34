# SPDX-License-Identifier: Apache-2.0
"""The memory of ACMEReload live as its keeper has it, to spoil what is in it. Its layout is that of
mod_acme_eab/live/segment.c."""

import hashlib
import mmap
import os
import struct

from .waiting import wait_until

HEAD = WORDS = 64  # octets: the header, and the words of a slot
PLACE = 32768
PLACES = 3
DIGEST = 32


def _descriptor(keeper):
    """None: a keeper that has just begun may not be the one that it will be."""
    for number, target in (keeper.descriptors() if keeper else {}).items():
        if "acme-eab-live" in target:
            return f"/proc/{keeper.pid}/fd/{number}"
    return None


class Segment:
    def __init__(self, httpd):
        path = wait_until(lambda: _descriptor(httpd.keeper()), 20, "a keeper that has the memory")
        fd = os.open(path, os.O_RDWR)
        try:
            self._memory = mmap.mmap(fd, 0)
        finally:
            os.close(fd)
        _, slots = struct.unpack_from("<QQ", self._memory, 0)
        self._places = (HEAD + slots * WORDS + PLACE - 1) // PLACE * PLACE

    def current(self, slot=0):
        """Which value is the current one; 0: none."""
        return struct.unpack_from("<Q", self._memory, HEAD + slot * WORDS)[0]

    def value(self, slot=0):
        at = self._place(slot)
        length, = struct.unpack_from("<I", self._memory, at)
        return self._memory[at + 4 + DIGEST : at + 4 + DIGEST + length]

    def write(self, value, slot=0, digest=True):
        """Another value in the place of the current one; digest: one that fits."""
        at = self._place(slot)
        struct.pack_into("<I", self._memory, at, len(value))
        if digest:
            self._memory[at + 4 : at + 4 + DIGEST] = hashlib.sha256(value).digest()
        self._memory[at + 4 + DIGEST : at + 4 + DIGEST + len(value)] = value

    def _place(self, slot):
        return self._places + (slot * PLACES + (self.current(slot) & 3)) * PLACE
