# SPDX-License-Identifier: Apache-2.0
"""Judging httpd's error log: what is worse than a notice must have been expected, unless httpd says
it on this machine without our module too."""

import re

LINE = re.compile(r"^\[[^]]+\] \[(?P<module>\w*):(?P<level>\w+)\] \[pid \d+")
BAD_LEVELS = ("emerg", "alert", "crit", "error", "warn")

# mod_ssl says at each start that a vhost will answer 503 while it has only a fallback certificate.
# The leak checker of a sanitized program says so when a thread ends under its hands.
# A child that is stopped closes its connections, and then its threads may want to wait for one of them.
ALWAYS_FINE = (r"AH10085:", r"(^|standard error: )==\d+==Unable to get registers from thread",
               r"\[mpm_event:error\] .*\(9\)Bad file descriptor: AH\d+: .*apr_pollset_(add|remove) fail")

# The module, its programs, its directives, its files: never the machine's.
OURS = re.compile(r"acme", re.IGNORECASE)

WHEN_AND_WHO = re.compile(r"^\[[A-Z][a-z]{2} [^]]+ \d{4}\] |\[pid \d+(:tid \d+)?\] ")

# What else differs between two lines that say the same.
_ACCIDENTAL = (
    (re.compile(r"\[(client|remote) [^]]*\] "), ""),
    (re.compile(r"(?<![\w./-])[\w.-]+:\d+(:\d+)?(?!\w)"), "{server}"),
    (re.compile(r"\b\d+"), "#"),
)


def said(line):
    """The line without its time and its process."""
    return WHEN_AND_WHO.sub("", line)


def shape(line, directory):
    """What is said, without the numbers and names of this httpd."""
    text = said(line).replace(str(directory), "{dir}")
    for pattern, replacement in _ACCIDENTAL:
        text = pattern.sub(replacement, text)
    return text


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

    def bad(self):
        """Lines of a bad level, or in no known format."""
        return [line for line in self.text().splitlines() if _is_bad(line)]

    def shape(self, line):
        return shape(line, self.path.parent)

    def unexpected(self, expected, of_the_machine=()):
        """Bad lines that match none of the patterns.

        of_the_machine: shapes of the lines that httpd writes without our module too."""
        fine = [re.compile(pattern) for pattern in (*ALWAYS_FINE, *expected)]
        return [line for line in self.bad()
                if not any(pattern.search(line) for pattern in fine)
                and (OURS.search(self.shape(line)) or self.shape(line) not in of_the_machine)]


def _is_bad(line):
    found = LINE.match(line)
    if found is None:
        return bool(line.strip())
    return found["level"] in BAD_LEVELS
