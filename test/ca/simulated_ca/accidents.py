# SPDX-License-Identifier: Apache-2.0
"""What goes wrong on the way, at the n-th request of a kind: before the CA has acted, instead of
it, or after it."""

from dataclasses import dataclass
from typing import Callable

from .answers import FRESH, URN, Answer, Problem, html_answer


@dataclass
class Accident:
    """happens(answer) with the CA's own answer if it has acted, with None otherwise. It returns what
    is answered; None before the CA has acted: it goes on as if nothing had happened."""

    kind: str  # of request, "any" for all
    first: int  # counted from 1, in requests of the kind since it was planned
    times: int
    after: bool  # the CA has acted
    happens: Callable
    seen: int = 0

    def is_due(self):
        return self.first <= self.seen < self.first + self.times


class Accidents:
    def __init__(self):
        self._planned = []

    def plan(self, kind, happens, at=1, times=1, after=False):
        """Let it happen at the at-th request of that kind from now on, and the next times - 1."""
        self._planned.append(Accident(kind, at, times, after, happens))

    def clear(self):
        self._planned = []

    def arriving(self, kind):
        """Count a request. @return the accidents that concern it"""
        concerned = [a for a in self._planned if a.kind in (kind, "any")]
        for accident in concerned:
            accident.seen += 1
        return [accident for accident in concerned if accident.is_due()]

    def meanwhile(self, kind, do, at=1, after=False):
        """Something happens elsewhere, before the CA acts or before it answers."""
        def happens(answer):
            do()
            return answer
        self.plan(kind, happens, at, after=after)

    # -- the usual ones ----------------------------------------------------------------------

    def cut_before(self, kind, **when):
        """The connection ends and the CA has done nothing."""
        self.plan(kind, lambda _: Answer(cut="whole"), **when)

    def cut_after(self, kind, **when):
        """The CA has acted, and the connection ends without an answer."""
        def cut(answer):
            answer.cut = "whole"
            return answer
        self.plan(kind, cut, after=True, **when)

    def cut_within(self, kind, **when):
        """The CA has acted, and the connection ends within the answer."""
        def cut(answer):
            answer.cut = "half"
            return answer
        self.plan(kind, cut, after=True, **when)

    def problem(self, kind, type_, detail="This is how it is.", status=400, at=1, times=1, **more):
        """The CA refuses with an ACME problem."""
        def refuse(_):
            raise Problem(type_, detail, status, **more)
        self.plan(kind, refuse, at, times)

    def html(self, kind, status, at=1, times=1, after=False, retry_after=None):
        """A proxy answers in HTML; after: the CA behind it has acted."""
        self.plan(kind, lambda _: html_answer(status, retry_after=retry_after), at, times, after)

    def bad_nonces(self, kind, times=1, at=1, nonce=FRESH):
        """badNonce so often in a row; nonce: FRESH, None for no other one, or an ill-formed one."""
        def refuse(_):
            raise Problem("badNonce", "The Replay Nonce is not recognized", nonce=nonce)
        self.plan(kind, refuse, at, times)

    def redirect(self, kind, url, status=307, at=1, times=1):
        """url: best one from Urls.traps, so that a client that follows is found out."""
        self.plan(kind, lambda _: html_answer(status).with_header("Location", url), at, times)

    def delay(self, kind, seconds, at=1, times=1):
        """The CA acts and takes its time to say so."""
        def wait(answer):
            answer.delay += seconds
            return answer
        self.plan(kind, wait, at, times, after=True)

    def huge(self, kind, octets, at=1, times=1):
        """An answer that is far too long."""
        def swell(answer):
            answer.body += b" " * octets
            return answer
        self.plan(kind, swell, at, times, after=True)

    def slow_body(self, kind, seconds_each, at=1, times=1):
        """The answer comes octet by octet."""
        def drip(answer):
            answer.drip = seconds_each
            return answer
        self.plan(kind, drip, at, times, after=True)

    def body(self, kind, body, status=200, content_type="application/json", at=1, times=1):
        """This very body instead of the CA's."""
        self.plan(kind, lambda _: Answer(status, body, content_type), at, times)

    def rate_limited(self, kind, retry_after, at=1, times=1):
        self.problem(kind, "rateLimited", "Too many of these. See https://ca.example/limits.", 429,
                     at, times, retry_after=retry_after,
                     headers=[("Link", '<https://ca.example/limits>;rel="help"')])

    def user_action_required(self, kind, at=1, times=1):
        self.problem(kind, "userActionRequired", "Terms of service have changed.", 403, at, times,
                     instance="https://ca.example/agree?account=1",
                     headers=[("Link", '<https://ca.example/terms-v2.pdf>;rel="terms-of-service"')])


UNKNOWN_URN = URN.replace("ietf", "sectigo") + "orderLimitReached"
