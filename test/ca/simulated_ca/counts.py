# SPDX-License-Identifier: Apache-2.0
"""What has happened at the CA, and what must never happen."""

from collections import Counter
from dataclasses import dataclass
from typing import Optional


@dataclass
class Entry:
    """A request as the CA saw it."""

    at: float
    kind: str
    method: str
    url: str
    signer: Optional[str] = None  # account URL or thumbprint
    payload: bytes = b""
    status: Optional[int] = None  # None: it was cut
    note: str = ""

    def __str__(self):
        payload = self.payload.decode(errors="replace")
        if len(payload) > 300:
            payload = payload[:300] + "..."
        status = "cut" if self.status is None else self.status
        return f"{self.at:.3f} {self.kind}: {self.method} {self.url} {payload} -> {status} {self.note}"


class Counts:
    def __init__(self):
        self.log = []
        self.requests = Counter()  # by kind
        self.eab_keys = {}  # kid: thumbprints of the account keys that were bound with it
        self.accounts = 0
        self.orders = 0
        self.finalizes = 0  # accepted ones
        self.fetches = 0  # of challenge answers
        self.repeated_orders = []  # sentences

    def arrived(self, entry):
        self.log.append(entry)
        self.requests[entry.kind] += 1

    def bound(self, kid, thumbprint):
        self.eab_keys.setdefault(kid, set()).add(thumbprint)

    def of(self, kind):
        return [entry for entry in self.log if entry.kind == kind]

    def eab_used_twice(self):
        return sorted(kid for kid, keys in self.eab_keys.items() if len(keys) > 1)

    def text(self, last=60):
        return "\n".join(str(entry) for entry in self.log[-last:])
