# SPDX-License-Identifier: Apache-2.0
"""Times of the status page, and an httpd that lives in another time."""

import atexit
import ctypes
import datetime
import os
import struct
import time
from pathlib import Path

from .waiting import wait_until

FAKETIME = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
SHARED_MEMORY = Path("/dev/shm")

_shared = []


def parse(text):
    """A time of the status as seconds since 1970."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def minutes_until(entry_time, now):
    return (parse(entry_time) - now) / 60


def expect_not_before(due, happened, what, now=time.time, seconds=30):
    """Wait until happened(), and see that it was not before its time.

    now: the clock by which it is due. A busy machine may come to it late, and no test fails for it."""
    wait_until(happened, seconds, what, pause=0.01)
    assert now() >= due - 1, f"{what}: {due - now()} s too early"


def shifted(seconds):
    """The environment in which the clock is that many seconds ahead (libfaketime)."""
    return {"LD_PRELOAD": str(FAKETIME), "FAKETIME": f"{int(seconds):+d}s",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
            "FAKETIME_SHARED": _share()}


def _share():
    """Names of a semaphore and a piece of memory that all processes of the tests may use. Without,
    the first process makes both and takes them away when it ends, which for a daemon is early: its
    children then hang or end in their start."""
    if not _shared:
        semaphore, memory = f"/eab-test-sem-{os.getpid()}", f"/eab-test-shm-{os.getpid()}"
        libc = ctypes.CDLL(None, use_errno=True)
        libc.sem_open.restype = ctypes.c_void_p
        if not libc.sem_open(semaphore.encode(), os.O_CREAT, 0o600, 1):
            raise OSError(ctypes.get_errno(), "sem_open")
        files = [SHARED_MEMORY / f"sem.{semaphore[1:]}", SHARED_MEMORY / memory[1:]]
        # Counters, and four start times that nobody has set yet.
        files[1].write_bytes(struct.pack("<10q", 0, 0, *(4 * (0, -1))).ljust(4096, b"\0"))
        for path in files:
            path.chmod(0o666)  # the agent and the workers are other users
            atexit.register(path.unlink, missing_ok=True)
        _shared.append(f"{semaphore} {memory}")
    return _shared[0]
