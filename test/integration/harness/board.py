# SPDX-License-Identifier: Apache-2.0
"""The board that the test shares with the processes it watches: steps.c has the same layout."""

import mmap
import os
import shutil
import struct

from . import processes

HEAD = 64
NAME_SIZE = 192
PLACE_SIZE = 256
LINES = HEAD + NAME_SIZE + 3 * PLACE_SIZE
SIZE = LINES + 4000 * NAME_SIZE

# Offsets of the numbers.
ARMED, KEEPER, AGENT, STRUCK, GO, DENIED, COUNT = range(0, 28, 4)
CLOCK, PASSED = 32, 40


class Board:
    def __init__(self, directory, library):
        """The directory gets the library and its board."""
        directory.mkdir()
        os.chmod(directory, 0o755)
        self.library = directory / "steps.so"
        shutil.copy(library, self.library)
        path = directory / "board"
        path.write_bytes(bytes(SIZE))
        path.chmod(0o666)  # the agent is another user
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), SIZE)

    @property
    def environment(self):
        return {"LD_PRELOAD": str(self.library)}

    def watch(self, store, run, out=""):
        for i, place in enumerate((store, run, out)):
            self._put_text(HEAD + NAME_SIZE + i * PLACE_SIZE, PLACE_SIZE, str(place))

    def aim(self, step):
        """Whoever is about to do this step stands still until it is released."""
        self._put_text(HEAD, NAME_SIZE, step)

    def arm(self):
        self._put(ARMED, 1)

    def has_struck(self):
        return self._get(STRUCK) != 0

    def release(self):
        self._put(GO, 1)

    def deny(self, error):
        """Whatever would change the store fails with this errno, until it is 0."""
        self._put(DENIED, error)

    def pids(self, *who):
        return [self._get({"keeper": KEEPER, "agent": AGENT}[one]) for one in who]

    def kill(self, *who):
        """kill -9, of those that were started last."""
        for process in map(processes.read, self.pids(*who)):
            if process is not None and process.name.startswith("acme-eab"):
                process.kill()

    def ahead(self):
        """By how many seconds the time of day of all watched processes is ahead of ours."""
        return sum(struct.unpack_from("<2q", self._memory, CLOCK))

    def set_clock(self, seconds):
        """Somebody puts the clock forward, or back."""
        self._add(CLOCK, seconds)

    def let_pass(self, seconds):
        """So much time goes by."""
        self._add(PASSED, seconds)

    def steps(self):
        """The names of all steps since it was armed, in their order."""
        found = []
        for i in range(self._get(COUNT)):
            start = LINES + i * NAME_SIZE
            name = self._memory[start : start + NAME_SIZE].split(b"\0")[0].decode()
            if name:
                found.append(name)
        return found

    def _add(self, offset, seconds):
        before = struct.unpack_from("<q", self._memory, offset)[0]
        struct.pack_into("<q", self._memory, offset, before + int(seconds))

    def _get(self, offset):
        return struct.unpack_from("<i", self._memory, offset)[0]

    def _put(self, offset, number):
        struct.pack_into("<i", self._memory, offset, number)

    def _put_text(self, offset, size, text):
        octets = text.encode()
        assert len(octets) < size
        self._memory[offset : offset + size] = octets.ljust(size, b"\0")
