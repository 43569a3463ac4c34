# SPDX-License-Identifier: Apache-2.0
"""Authorizations and their challenges."""

import secrets
import time
from dataclasses import dataclass, field

from . import jws as jose
from .answers import URN, Problem, json_answer
from .clock import rfc3339
from .persist import issue_object
from .validators import BY_ACCOUNT, VALIDATORS, Failed

FINAL = ("valid", "invalid", "expired", "revoked", "deactivated")

TOKENS = {
    "good": lambda: secrets.token_urlsafe(32),
    "path": lambda: "../../../../etc/passwd-and-so-on",
    "short": lambda: "abc",
    "long": lambda: "a" * 5000,
    "missing": lambda: None,
}


@dataclass
class Challenge:
    authorization: object
    type: str
    token: str
    url: str = None
    status: str = "pending"
    validated: float = None
    error: dict = None
    due: float = None  # when processing ends


@dataclass
class Authorization:
    account: object
    name: str  # without *.
    wildcard: bool
    expires: float
    url: str = None
    status: str = "pending"
    challenges: list = field(default_factory=list)

    def settle(self, ca):
        """Let happen what is due by now."""
        for challenge in self.challenges:
            if challenge.status == "processing" and challenge.due is not None \
                    and ca.clock.now() >= challenge.due:
                _judge(ca, challenge)
        if self.status == "pending" and ca.clock.now() > self.expires:
            self.status = "expired"


def make(ca, account, name):
    """A fresh authorization for a name of an order, wildcards included."""
    wildcard = name.startswith("*.")
    made = Authorization(account, name[2:] if wildcard else name, wildcard,
                         ca.clock.now() + 30 * 86400)
    made.url = ca.urls.publish("authorization", made, ca.urls.next_id())
    if ca.is_validated(account, name):
        _make_valid(ca, made)
    else:
        types = (*ca.switches.unknown_challenges, *ca.switches.challenge_types)
        if name.startswith((*ca.switches.dns_only, "\0")):
            types = ("dns-01",)
        for type_ in types:
            if not (wildcard and type_ in ("http-01", "tls-alpn-01")):
                add_challenge(ca, made, type_)
    return made


def add_challenge(ca, authorization, type_):
    token = None if type_ == "dns-persist-01" else TOKENS[ca.switches.token_form]()
    challenge = Challenge(authorization, type_, token)
    challenge.url = ca.urls.publish("challenge", challenge, ca.urls.next_id())
    authorization.challenges.append(challenge)
    return challenge


def _make_valid(ca, authorization):
    authorization.status = "valid"
    types = {"email": "sectigo-email-01", "dns-email": "sectigo-dns-01", "no-challenges": None,
             "ordinary": "http-01"}
    type_ = types[ca.switches.prevalidated_form]
    if type_ is not None:
        challenge = add_challenge(ca, authorization, type_)
        challenge.status, challenge.validated = "valid", ca.clock.now() - 86400
        if type_.startswith("sectigo"):
            challenge.token = None


def show(ca, authorization):
    made = {"identifier": {"type": "dns", "value": authorization.name},
            "status": authorization.status,
            "expires": rfc3339(authorization.expires, ca.switches.expires_form),
            "challenges": [show_challenge(ca, c) for c in authorization.challenges]}
    if authorization.wildcard or ca.switches.prevalidated_form == "email":
        made["wildcard"] = authorization.wildcard
    return made


def show_challenge(ca, challenge):
    made = {"type": challenge.type, "url": challenge.url, "status": challenge.status}
    if ca.switches.challenge_status_missing and challenge.status == "pending":
        del made["status"]
    if challenge.token is not None:
        made["token"] = challenge.token
    if challenge.type == "dns-persist-01":
        made |= issue_object(ca, challenge.authorization.account)
    if challenge.validated is not None:
        made["validated"] = rfc3339(challenge.validated)
    if challenge.error is not None:
        made["error"] = challenge.error
    return made


def authorization(ca, message):
    found = message.resource.thing
    if found.account is not message.account:
        raise Problem("unauthorized", "It is somebody else's", ca.switches.foreign_status)
    if message.payload != b"":
        message.reader.demand(message.payload.strip() == b'{"status":"deactivated"}', "Z-09",
                              f"the payload is {message.payload[:80]!r}")
        found.status = "deactivated"
    if ca.switches.authorization_fate is not None and found.status == "pending":
        found.status = ca.switches.authorization_fate
    found.settle(ca)
    answer = json_answer(show(ca, found), retry_after=ca.switches.authorization_retry_after)
    if found.status == "pending" and ca.switches.challenge_retry_after is not None \
            and any(c.status == "processing" for c in found.challenges):
        answer.retry_after = ca.switches.challenge_retry_after
    if found.status not in FINAL:
        ca.pacing.asked_to_wait(found.url, answer.retry_after)
    return answer


def challenge(ca, message):
    found = message.resource.thing
    if found.authorization.account is not message.account:
        raise Problem("unauthorized", "It is somebody else's", ca.switches.foreign_status)
    if message.payload == b"":
        found.authorization.settle(ca)
    else:
        message.reader.demand(message.payload == b"{}", "J-11", f"it is {message.payload[:80]!r}")
        _begin(ca, found)
    answer = json_answer(show_challenge(ca, found), retry_after=ca.switches.challenge_retry_after)
    return answer.with_header("Link", f'<{found.authorization.url}>;rel="up"')


def _begin(ca, challenge):
    if challenge.status != "pending" or challenge.authorization.status != "pending":
        return
    if challenge.type not in VALIDATORS and challenge.type not in BY_ACCOUNT:
        raise Problem("malformed", f"There is no way to answer {challenge.type}")
    challenge.status = "processing"
    if ca.switches.challenge_error_while_processing:
        challenge.error = {"type": URN + "connection", "detail": "Timeout; it is tried again."}
    challenge.due = ca.clock.now() + ca.switches.challenge_seconds
    if ca.switches.challenge_fate == "validated" and ca.switches.challenge_seconds == 0:
        challenge.due = None  # not by the clock, but by the fetch
        ca.in_background(lambda: _validate(ca, challenge))
    elif ca.switches.challenge_seconds == 0:
        _judge(ca, challenge)


def key_authorization(challenge):
    return f"{challenge.token}.{challenge.authorization.account.thumbprint}"


def _validate(ca, challenge):
    """Really look, without the CA's lock."""
    problem = None
    time.sleep(ca.switches.fetch_after)
    try:
        for _ in range(ca.switches.perspectives):
            if challenge.type in BY_ACCOUNT:
                BY_ACCOUNT[challenge.type](ca, challenge.authorization, key_authorization(challenge))
            else:
                VALIDATORS[challenge.type](ca, challenge.authorization.name,
                                           challenge.token, key_authorization(challenge))
    except Failed as failure:
        problem = failure.document()
    with ca.lock:
        _end(ca, challenge, problem)


def _judge(ca, challenge):
    """Without looking."""
    fate = ca.switches.challenge_fate
    if fate in ("valid", "validated"):
        _end(ca, challenge, None)
    elif fate == "empty-error":
        _end(ca, challenge, {})
    else:
        _end(ca, challenge, {"type": URN + "unauthorized", "status": 403,
                             "detail": "Another answer was expected"})


def _end(ca, challenge, problem):
    if challenge.status != "processing":
        return
    authorization = challenge.authorization
    if authorization.name.startswith((*ca.switches.unprovable, "\0")):
        problem = Failed("connection", "Timeout during connect").document()
    if problem is None:
        challenge.status = authorization.status = "valid"
        challenge.error, challenge.validated = None, ca.clock.now()
        authorization.expires = ca.clock.now() + 30 * 86400
    else:
        challenge.status = authorization.status = "invalid"
        challenge.error = problem
    challenge.due = None
