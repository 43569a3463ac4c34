# SPDX-License-Identifier: Apache-2.0
"""Whom the CA has asked to wait, and whether they did."""

# Clients may cap what they are asked for where they only poll.
LONGEST_POLL = 3600
SLACK = 0.2  # seconds


class Pacing:
    def __init__(self, clock):
        self._clock = clock
        self._polls = {}  # URL: not before
        self._refused = {}  # (URL, signer, payload): not before

    def asked_to_wait(self, url, seconds):
        """An unfinished order or authorization was shown with this Retry-After."""
        self._polls.pop(url, None)
        if seconds is not None:
            self._polls[url] = self._clock.now() + min(seconds, LONGEST_POLL)

    def refused(self, entry, seconds):
        """rateLimited, or busy, with this Retry-After."""
        about = (entry.url, entry.signer, entry.payload)
        self._refused[about] = self._clock.now() + min(seconds, 86400)

    def judge(self, entry, rules):
        now = self._clock.now() + SLACK
        wanted = self._polls.get(entry.url, 0)
        if now < wanted:
            rules.record("B-02", f"{wanted - now:.1f} s too early", entry)
        wanted = self._refused.get((entry.url, entry.signer, entry.payload), 0)
        if now < wanted:
            rules.record("B-03", f"{wanted - now:.1f} s too early", entry)
