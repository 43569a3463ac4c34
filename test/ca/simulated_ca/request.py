# SPDX-License-Identifier: Apache-2.0
"""A request as it came."""

from dataclasses import dataclass


@dataclass
class Request:
    method: str
    url: str
    headers: object  # of the http package: case-insensitive
    body: bytes

    def __str__(self):
        return f"{self.method} {self.url}"
