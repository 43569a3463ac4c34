# SPDX-License-Identifier: Apache-2.0
"""Times of the status page, and an httpd that lives in another time."""

import datetime
from pathlib import Path

FAKETIME = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)


def parse(text):
    """A time of the status as seconds since 1970."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def minutes_until(entry_time, now):
    return (parse(entry_time) - now) / 60


def shifted(seconds):
    """The environment in which the clock is that many seconds ahead (libfaketime)."""
    return {"LD_PRELOAD": str(FAKETIME), "FAKETIME": f"{int(seconds):+d}s",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
