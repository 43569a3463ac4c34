# SPDX-License-Identifier: Apache-2.0
"""The CA's clock, which tests may move."""

import datetime
import time


class Clock:
    def __init__(self):
        self.offset = 0.0

    def now(self):
        """Seconds since 1970, as the CA sees it."""
        return time.time() + self.offset

    def advance(self, seconds):
        self.offset += seconds

    def datetime(self, shift=0):
        """The same in UTC and whole seconds."""
        return utc(int(self.now() + shift))


def utc(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def rfc3339(seconds, form="Z"):
    """A time as RFC 3339 has it; form: Z, fraction (with nanoseconds) or offset (+04:00)."""
    if form == "offset":
        return utc(seconds + 4 * 3600).strftime("%Y-%m-%dT%H:%M:%S.99+04:00")
    text = utc(seconds).strftime("%Y-%m-%dT%H:%M:%S")
    return text + (".123456789Z" if form == "fraction" else "Z")


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def http_date(seconds, form="date"):
    """RFC 9110, 5.6.7: date (IMF-fixdate), date-rfc850 or date-asctime."""
    t = utc(round(seconds))
    day, month, clock = WEEKDAYS[t.weekday()], MONTHS[t.month - 1], t.strftime("%H:%M:%S")
    if form == "date-rfc850":
        return f"{day}, {t.day:02}-{month}-{t.year % 100:02} {clock} GMT"
    if form == "date-asctime":
        return f"{day[:3]} {month} {t.day:2} {clock} {t.year}"
    return f"{day[:3]}, {t.day:02} {month} {t.year} {clock} GMT"
