# SPDX-License-Identifier: Apache-2.0
"""Looking at processes through /proc: whose they are, what they hold in memory. Signals go to
processes that descend from this one, and to no other."""

import ctypes
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from .waiting import PATIENCE

PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans():
    """From now on a descendant whose parent has ended, as each daemon's has, becomes a child of this
    process instead of init's: so what was started here can be told from what was not."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Foreign(AssertionError):
    """Somebody else's process was about to be signalled."""


RELAY = "acme-eab-log"  # the process that reads the lines of keeper and agent


@dataclass(frozen=True)
class Process:
    pid: int
    ppid: int
    name: str
    started: int  # clock ticks since boot: tells a reused pid from the old one
    zombie: bool

    def is_alive(self):
        now = read(self.pid)
        return now is not None and now.started == self.started and not now.zombie

    def is_ours(self):
        """Does it descend from this process?"""
        pid = self.pid
        while pid > 1:
            process = read(pid)
            if process is None:  # it has just ended, and its children have another parent now
                if pid == self.pid:
                    return False
                pid = self.pid
            elif process.ppid == os.getpid():
                return True
            else:
                pid = process.ppid
        return False

    def kill(self, sig=signal.SIGKILL):
        """Signal this very process, if it is still there; never one that we have not started."""
        if self.pid < 2:
            raise Foreign(f"pid {self.pid} is nobody's to signal")
        try:
            held = os.pidfd_open(self.pid)  # from here on it means the same process
        except ProcessLookupError:
            return
        try:
            if not self.is_alive():
                return
            if not self.is_ours():
                raise Foreign(f"process {self.pid} ({self.name}) was not started by the tests")
            signal.pidfd_send_signal(held, sig)
        except ProcessLookupError:
            pass
        finally:
            os.close(held)

    def reap(self):
        """Forget it, if it was adopted and has ended."""
        now = read(self.pid)
        if now and now.zombie and now.started == self.started and now.ppid == os.getpid():
            os.waitpid(self.pid, os.WNOHANG)

    def user_ids(self):
        """Real, effective, saved and file-system user id."""
        return self._status_numbers("Uid")

    def groups(self):
        return self._status_numbers("Groups")

    def status(self, key):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return line.split(":", 1)[1].strip()
        raise KeyError(key)

    def _status_numbers(self, key):
        return [int(number) for number in self.status(key).split()]

    def arguments(self):
        return Path(f"/proc/{self.pid}/cmdline").read_bytes()

    def environment(self):
        return Path(f"/proc/{self.pid}/environ").read_bytes()

    def descriptors(self):
        """{number: what it points at}"""
        found = {}
        for number in _descriptors(self.pid):
            try:
                found[int(number)] = os.readlink(f"/proc/{self.pid}/fd/{number}")
            except OSError:
                continue
        return found

    def maps(self):
        return Path(f"/proc/{self.pid}/maps").read_text().splitlines()

    def memory_holds(self, needles):
        """Those of needles (bytes) that are somewhere in the readable memory."""
        missing = set(needles)
        found = set()
        overlap = max(len(needle) for needle in needles) - 1
        for start, end in self._readable_ranges():
            for chunk in self._chunks(start, end, overlap):
                for needle in list(missing):
                    if needle in chunk:
                        found.add(needle)
                        missing.discard(needle)
        return found

    def _readable_ranges(self):
        for line in Path(f"/proc/{self.pid}/maps").read_text().splitlines():
            fields = line.split()
            if "r" in fields[1] and fields[-1] not in ("[vvar]", "[vsyscall]", "[vvar_vclock]"):
                start, end = fields[0].split("-")
                yield int(start, 16), int(end, 16)

    def _chunks(self, start, end, overlap, size=4 * 1024 * 1024):
        with open(f"/proc/{self.pid}/mem", "rb", buffering=0) as memory:
            carried = b""
            for address in range(start, end, size):
                try:
                    memory.seek(address)
                    data = memory.read(min(size, end - address))
                except (OSError, OverflowError):
                    carried = b""
                    continue
                yield carried + data
                carried = data[-overlap:] if overlap else b""


def read(pid):
    """The process of that pid, or None."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            text = stat.read()
    except OSError:
        return None
    name = text[text.index("(") + 1 : text.rindex(")")]
    fields = text[text.rindex(")") + 2 :].split()
    # The first thread of a process that was killed may have ended before others, which hold what is open.
    ended = fields[0] == "Z" and int(fields[17]) <= 1
    return Process(pid, int(fields[1]), name, int(fields[19]), ended)


def every():
    found = (read(int(entry)) for entry in os.listdir("/proc") if entry.isdigit())
    return [process for process in found if process is not None and not process.zombie]


def children(pid):
    return [process for process in every() if process.ppid == pid]


def descendants():
    """The processes that were started here, and theirs."""
    by_parent = {}
    for process in every():
        by_parent.setdefault(process.ppid, []).append(process)
    found, left = [], [os.getpid()]
    while left:
        mine = by_parent.get(left.pop(), [])
        found += mine
        left += [process.pid for process in mine]
    return found


def belonging_to(directory):
    """Our processes that were started with a path below directory or have a file below it open: all
    that a test has started, orphans included. An agent has neither, but a pipe to the relay of its
    httpd, which lives as long as the agent does."""
    prefix = str(directory)
    running = descendants()
    found = [process for process in running if _touches(process, prefix)]
    pipes = {pipe for process in found if process.name == RELAY for pipe in _pipes(process)}
    return [process for process in running if process in found or _pipes(process) & pipes]


def _pipes(process):
    return {target for target in process.descriptors().values() if target.startswith("pipe:")}


def _touches(process, prefix):
    try:
        if prefix.encode() in process.arguments():
            return True
        return any(target.startswith(prefix) for target in process.descriptors().values())
    except OSError:
        return False


def _descriptors(pid):
    try:
        return os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return []


def wait_gone(processes, seconds, patience=PATIENCE):
    """True when all of them have ended in time."""
    end = time.monotonic() + seconds * patience
    while any(process.is_alive() for process in processes):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
