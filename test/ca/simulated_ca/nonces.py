# SPDX-License-Identifier: Apache-2.0
"""Nonces: given once, taken once."""

import secrets

GOOD, USED, FOREIGN, FORGOTTEN = "good", "used", "foreign", "forgotten"


class Nonces:
    def __init__(self):
        self._given = set()
        self._used = set()
        self._forgotten = set()

    def issue(self):
        nonce = secrets.token_urlsafe(16)
        self._given.add(nonce)
        return nonce

    def spend(self, nonce):
        """GOOD, or why not."""
        if nonce in self._used:
            return USED
        if nonce in self._forgotten:
            return FORGOTTEN
        if nonce not in self._given:
            return FOREIGN
        self._used.add(nonce)
        return GOOD

    def forget_all(self):
        """As a CA does that was restarted: none of the nonces given so far is good any more."""
        self._forgotten |= self._given - self._used
        self._given = set()
