# SPDX-License-Identifier: Apache-2.0
"""What goes back over the wire: an answer, or a problem that becomes one."""

import json
from dataclasses import dataclass, field
from typing import Callable, Optional

URN = "urn:ietf:params:acme:error:"
PROBLEM_JSON = "application/problem+json"
HTML = "text/html; charset=iso-8859-1"
FRESH = "fresh"  # the nonce of an answer: a new one


@dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    content_type: Optional[str] = None
    headers: list = field(default_factory=list)
    nonce: Optional[str] = FRESH  # FRESH, None for none, or this very text
    delay: float = 0.0  # real seconds before it is sent
    later: Optional[Callable] = None  # makes the answer after the delay
    cut: Optional[str] = None  # "whole": no answer at all; "half": half of it
    collects: object = None  # the certificate that the client has once it has the answer
    drip: float = 0.0  # seconds between the octets of the body
    retry_after: Optional[float] = None  # seconds; the switches say in which form

    def with_header(self, name, value):
        self.headers.append((name, value))
        return self


def json_answer(value, status=200, **more):
    return Answer(status, json.dumps(value).encode(), "application/json", **more)


def html_answer(status, words="Something went wrong", **more):
    """What a proxy in front of the CA says, which knows nothing of ACME."""
    more.setdefault("nonce", None)
    body = f"<html>\r\n<head><title>{status}</title></head>\r\n<body>{words}</body>\r\n</html>\r\n"
    return Answer(status, body.encode(), HTML, **more)


class Problem(Exception):
    """A refusal. kind: the type, with or without its URN."""

    def __init__(self, kind, detail, status=400, subproblems=None, headers=(), retry_after=None,
                 nonce=FRESH, **members):
        super().__init__(f"{kind}: {detail}")
        self.type = kind if ":" in kind else URN + kind
        self.detail = detail
        self.status = status
        self.subproblems = subproblems
        self.headers = list(headers)
        self.retry_after = retry_after
        self.nonce = nonce
        self.members = members

    def document(self):
        made = {"type": self.type, "status": self.status, "detail": self.detail, **self.members}
        if self.subproblems is not None:
            made["subproblems"] = self.subproblems
        return made

    def answer(self, form="problem"):
        """form: problem, bare-string, message, unknown-urn, empty or html (switch error_form)."""
        more = {"headers": self.headers, "retry_after": self.retry_after, "nonce": self.nonce}
        document = self.document()
        if self.type.endswith(":badNonce"):
            form = "problem"  # the odd CAs are sane here, else nothing would work at all
        if form == "bare-string":
            return json_answer(self.detail, self.status, **more)
        if form == "message":
            return json_answer({"message": "Missing Authentication Token"}, self.status, **more)
        if form == "empty":
            return Answer(self.status, **more)
        if form == "html":
            return html_answer(self.status, self.detail, **more)
        if form == "unknown-urn":
            document["type"] = "urn:sectigo:params:acme:error:" + self.type.rsplit(":", 1)[1]
        answer = json_answer(document, self.status, **more)
        answer.content_type = PROBLEM_JSON
        return answer


def subproblem(kind, detail, name):
    return {"type": URN + kind, "detail": detail, "identifier": {"type": "dns", "value": name}}
