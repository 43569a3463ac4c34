# SPDX-License-Identifier: Apache-2.0
"""How the CA looks at a name: a function for each challenge type that can be answered here.

A validator is called with the CA, the name, the token and the key authorization, and raises Failed."""

import http.client

from .answers import URN


class Failed(Exception):
    def __init__(self, kind, detail, status=403):
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.status = status

    def document(self):
        return {"type": URN + self.kind, "detail": self.detail, "status": self.status}


def http_01(ca, name, token, expected):
    """RFC 8555, 8.3. All names are on this machine, at ca.http_port instead of 80."""
    connection = http.client.HTTPConnection("127.0.0.1", ca.http_port, timeout=10)
    try:
        ca.counts.fetches += 1
        connection.request("GET", f"/.well-known/acme-challenge/{token}", headers={
            "Host": name, "User-Agent": "simulated-ca/1.0", "Accept": "*/*"})
        answer = connection.getresponse()
        body = answer.read(1024)
    except (OSError, http.client.HTTPException) as error:
        raise Failed("connection", f"Fetching http://{name}/: {error}", 400) from None
    finally:
        connection.close()
    if answer.status != 200 or body.rstrip() != expected.encode():
        raise Failed("unauthorized", f"{name} answered {answer.status} {body[:80]!r}")


VALIDATORS = {"http-01": http_01}
