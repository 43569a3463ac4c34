# SPDX-License-Identifier: Apache-2.0
"""Judging httpd's error log: what is worse than a notice must have been expected."""

import re

LINE = re.compile(r"^\[[^]]+\] \[(?P<module>\w*):(?P<level>\w+)\] \[pid \d+")
BAD_LEVELS = ("emerg", "alert", "crit", "error", "warn")

# mod_ssl says at each start that a vhost will answer 503 while it has only a fallback certificate.
# The leak checker of a sanitized program says so when a thread ends under its hands.
ALWAYS_FINE = (r"AH10085:", r"^==\d+==Unable to get registers from thread")


class ErrorLog:
    def __init__(self, path):
        self.path = path

    def text(self):
        try:
            return self.path.read_text(errors="replace")
        except OSError:
            return ""

    def lines(self, pattern):
        return [line for line in self.text().splitlines() if re.search(pattern, line)]

    def count(self, pattern):
        return len(self.lines(pattern))

    def tail(self, count=60):
        return "\n".join(self.text().splitlines()[-count:])

    def unexpected(self, expected):
        """Lines of a bad level, or in no known format, that match none of the patterns."""
        fine = [re.compile(pattern) for pattern in (*ALWAYS_FINE, *expected)]
        return [line for line in self.text().splitlines()
                if _is_bad(line) and not any(pattern.search(line) for pattern in fine)]


def _is_bad(line):
    found = LINE.match(line)
    if found is None:
        return bool(line.strip())
    return found["level"] in BAD_LEVELS
