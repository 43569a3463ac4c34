# SPDX-License-Identifier: Apache-2.0
"""Orders, from newOrder to the certificate."""

import itertools
import random
import time
from dataclasses import dataclass, field

from . import authorizations as authz
from . import requests_for_certificates as csrs
from .answers import Answer, Problem, json_answer, subproblem
from .clock import rfc3339

OPEN = ("pending", "ready", "processing")


@dataclass
class Order:
    account: object
    names: list
    expires: float
    authorizations: list
    url: str = None
    finalize_url: str = None
    error: dict = None
    replaces: str = None
    profile: str = None
    csr: object = None  # once finalized
    done_at: float = 0.0  # on the CA's clock
    awake_at: float = 0.0  # monotonic, while a finalize blocks
    polls_left: int = 0
    reads: int = 0
    fate: str = None  # valid or invalid, once the work is done
    certificate: object = None

    def status(self, ca):
        if self.error is not None or self.fate == "invalid":
            return "invalid"
        if self.certificate is not None:
            return "valid"
        if self.csr is not None:
            return "processing"
        for authorization in self.authorizations:
            authorization.settle(ca)
        states = {authorization.status for authorization in self.authorizations}
        if states - {"pending", "valid"} or ca.clock.now() > self.expires:
            return "invalid"
        return "pending" if "pending" in states else "ready"

    def settle(self, ca):
        """Let the work on a finalized order end, if it is time."""
        if self.csr is None or self.certificate is not None or self.fate == "invalid":
            return
        if self.polls_left > 0 or ca.clock.now() < self.done_at \
                or time.monotonic() < self.awake_at:
            return
        if ca.switches.processing_fate != "valid":
            self.fate = "invalid"
            self.error = Problem("serverInternal", "The order was given up", 500).document()
            if ca.switches.processing_fate == "invalid-once":
                ca.switches.processing_fate = "valid"
            return
        self.fate = "valid"
        self.certificate = ca.issue(self)

    def is_usable(self, ca):
        """Could a client still get a certificate from it that it has not collected?"""
        self.settle(ca)
        status = self.status(ca)
        return status in OPEN or (status == "valid" and not self.certificate.collected)


# -- newOrder -----------------------------------------------------------------------------------


def new_order(ca, message):
    payload = message.object()
    names = _names(ca, message, payload)
    _refuse_members(ca, message, payload)
    _refuse_names(ca, message, names)
    names = [n for n in names if not n.startswith(ca.switches.order_drops or ("\0",))]
    reused = _unfinished(ca, message.account, names)
    if reused is not None and ca.switches.order_reuse:
        return _placed(ca, reused)
    if reused is not None:
        ca.counts.repeated_orders.append(
            f"an order for {', '.join(names)} was made while {reused.url} was "
            f"{reused.status(ca)}")
    made = Order(message.account, names, ca.clock.now() + ca.switches.order_lifetime, [],
                 replaces=payload.get("replaces"), profile=payload.get("profile"))
    if not (ca.switches.order_without_authorizations
            and all(ca.is_validated(message.account, name) for name in names)):
        made.authorizations = [authz.make(ca, message.account, name) for name in names]
    ident = ca.urls.next_id()
    made.url = ca.urls.publish("order", made, ident)
    made.finalize_url = ca.urls.publish("finalize", made, ident)
    message.account.orders.append(made)
    ca.orders.append(made)
    ca.counts.orders += 1
    return _placed(ca, made)


def _placed(ca, order):
    answer = json_answer(show(ca, order), 201, delay=ca.switches.order_latency)
    return answer.with_header("Location", order.url)


def _names(ca, message, payload):
    identifiers = payload.get("identifiers")
    if not isinstance(identifiers, list) or not identifiers:
        raise Problem("malformed", "There are no identifiers")
    names = []
    for identifier in identifiers:
        if identifier.get("type") != "dns":
            raise Problem("unsupportedIdentifier", f"No certificates for {identifier}")
        names.append(identifier["value"])
    proper = len(set(names)) == len(names) and all(
        name == name.lower() and name.isascii() and not name.endswith(".") and ":" not in name
        for name in names)
    message.reader.demand(proper, "O-01", f"the names are {names}")
    wild = {name[1:] for name in names if name.startswith("*.")}
    covered = [n for n in names if not n.startswith("*.") and "." + n.partition(".")[2] in wild]
    message.reader.demand(not covered, "O-04", f"{covered} are covered by a wildcard")
    return names


def _refuse_members(ca, message, payload):
    demand = message.reader.demand
    demand("externalAccountBinding" not in payload, "E-13", "it is in a newOrder")
    demand("notBefore" not in payload and "notAfter" not in payload, "O-02",
           f"it has {sorted(payload)}")
    if "replaces" in payload:
        demand(ca.switches.renewal_info, "O-14", "replaces, and there is no renewalInfo")
        _check_replaced(ca, message.account, payload["replaces"])
    if "profile" in payload:
        demand(payload["profile"] in (ca.switches.profiles or {}), "O-14",
               f"there is no profile {payload['profile']}")


def _check_replaced(ca, account, ident):
    """RFC 9773, 5."""
    refusal = ca.switches.replaces_refusal
    if refusal == "unauthorized":
        raise Problem("unauthorized", 'The "replaces" field does not identify a certificate that '
                      "belongs to this ACME account", 401)
    if refusal == "malformed":
        raise Problem("malformed", "replaces is not understood", 400)
    if refusal == "not-found":
        raise Problem("malformed", "ARI Feature not enabled", 404)
    certificate = next((c for c in ca.certificates if c.ari_id() == ident), None)
    if certificate is None or certificate.order.account is not account:
        raise Problem("malformed", "No such certificate", 404)
    claimed = any(o.replaces == ident and o.status(ca) != "invalid" for o in ca.orders)
    if refusal == "replaced" or claimed:
        raise Problem("alreadyReplaced", "Another order has replaced it", 409)


def _refuse_names(ca, message, names):
    if ca.switches.single_name_product and len(names) > 1 \
            and ca.switches.single_name_refused_at == "new-order":
        raise Problem("malformed", "This product is for a single domain name")
    foreign = [name for name in names if name.endswith(tuple(ca.switches.foreign_names) or ("\0",))]
    if not foreign:
        return
    if ca.switches.foreign_until is not None:
        if ca.switches.foreign_until <= 0:
            return
        ca.switches.foreign_until -= 1
    if ca.switches.foreign_form == "not-linked":
        raise Problem("rejectedIdentifier", "The identifiers are not all linked to the same "
                      "preauthorized Subject organization name/address", 403)
    if ca.switches.foreign_form == "lacks-authorization":
        raise Problem("unauthorized", "The client lacks sufficient authorization", 403)
    raise Problem("rejectedIdentifier", "Some names are refused", 403, [
        subproblem(reason, "This name is not delegated to the account", name)
        for name, reason in zip(foreign, itertools.cycle(ca.switches.foreign_reasons))])


def _unfinished(ca, account, names):
    for order in account.orders:
        if set(order.names) == set(names) and order.is_usable(ca):
            return order
    return None


# -- reading --------------------------------------------------------------------------------------


def show(ca, order):
    order.settle(ca)
    status = order.status(ca)
    names, urls = _mutated(ca, order)
    made = {"status": status, "expires": rfc3339(order.expires, ca.switches.expires_form),
            "identifiers": [{"type": "dns", "value": name} for name in names],
            "authorizations": urls, "finalize": order.finalize_url}
    for member in ("error", "replaces", "profile"):
        if getattr(order, member) is not None:
            made[member] = getattr(order, member)
    if status == "valid":
        made["certificate"] = order.certificate.url
    return made


def _mutated(ca, order):
    """What a CA that breaks RFC 8555, 7.1.3 shows from the second look on."""
    names, urls = list(order.names), [a.url for a in order.authorizations]
    kind = ca.switches.order_mutation if order.reads else None
    if kind == "shuffle":
        random.shuffle(names)
        random.shuffle(urls)
    elif kind == "drop-name":
        names.pop()
    elif kind == "add-name":
        names.append("added.example")
    elif kind == "other-authorizations":
        urls = [authz.make(ca, order.account, name).url for name in order.names]
    return names, urls


def order(ca, message):
    found = _own(ca, message)
    message.read_only()
    if found.polls_left > 0 and found.csr is not None:
        found.polls_left -= 1
    found.reads += 1
    answer = json_answer(show(ca, found))
    if found.status(ca) in ("pending", "processing"):
        answer.retry_after = ca.switches.processing_retry_after if found.csr else None
        ca.pacing.asked_to_wait(found.url, answer.retry_after)
    return answer


def _own(ca, message):
    found = message.resource.thing
    if found.account is not message.account:
        raise Problem("unauthorized", "It is somebody else's order", ca.switches.foreign_status)
    return found


# -- finalize -------------------------------------------------------------------------------------


def finalize(ca, message):
    found = _own(ca, message)
    _check_ready(ca, message, found)
    if ca.switches.contact_required_at_finalize and not message.account.contact:
        raise Problem("badCSR", "The account has no contact")
    if ca.switches.single_name_product and len(found.names) > 1:
        raise Problem("badCSR", "This product is for a single domain name")
    found.csr = csrs.read(ca, message, found)
    found.polls_left = ca.switches.processing_polls
    found.done_at = ca.clock.now() + ca.switches.processing_seconds
    found.awake_at = time.monotonic() + ca.switches.finalize_blocks
    ca.counts.finalizes += 1
    return Answer(delay=ca.switches.finalize_blocks, later=lambda: _finalized(ca, found))


def _finalized(ca, found):
    answer = json_answer(show(ca, found))
    if ca.switches.finalize_location:
        answer.with_header("Location", found.url)
    if found.status(ca) == "processing":
        answer.retry_after = ca.switches.processing_retry_after
        ca.pacing.asked_to_wait(found.url, answer.retry_after)
    return answer


def _check_ready(ca, message, found):
    found.settle(ca)
    status = found.status(ca)
    if status == "ready":
        return
    number = "F-09" if found.csr is not None else "F-05"
    message.reader.rules.record(number, f"the order is {status}", message.request)
    raise Problem("orderNotReady", f"The order is {status}", 403)
