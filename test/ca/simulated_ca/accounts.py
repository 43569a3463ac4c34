# SPDX-License-Identifier: Apache-2.0
"""Accounts: made, found, read, changed, given up; and the list of their orders."""

import json
import re
from dataclasses import dataclass, field

from . import binding
from . import jws as jose
from . import requests_for_certificates as csrs
from .answers import Problem, json_answer

MAILTO = re.compile(r"mailto:[^\s,?]+@[^\s,?]+")


@dataclass
class Account:
    jwk: dict
    key: object
    contact: list
    kid: str = None  # of the credential it was bound with
    echo: dict = None
    url: str = None
    orders_url: str = None
    status: str = "valid"
    orders: list = field(default_factory=list)

    @property
    def thumbprint(self):
        return jose.thumbprint(self.jwk)


def show(ca, account):
    made = {"status": account.status, "contact": account.contact, "key": account.jwk}
    if account.orders_url is not None:
        made["orders"] = account.orders_url
    if account.echo is not None and ca.switches.echo_eab:
        made["externalAccountBinding"] = account.echo
    return made


def new_account(ca, message):
    payload = message.object()
    existing = ca.account_of(message.thumbprint)
    if payload.get("onlyReturnExisting") is not None:
        return _look_up(ca, message, payload, existing)
    _check_members(ca, message, payload)
    credential = _check_binding(ca, message, payload)
    if existing is not None:
        return _known(ca, existing)
    if ca.switches.terms and ca.switches.meta and payload.get("termsOfServiceAgreed") is not True:
        message.reader.rules.record("A-02", "termsOfServiceAgreed is not true", message.request)
        raise Problem("userActionRequired", "Terms of service have to be agreed to", 403)
    if credential is not None:
        binding.bind(ca, credential, message.thumbprint)
    account = _make(ca, message, payload, credential)
    return json_answer(show(ca, account), 201).with_header("Location", account.url)


def _look_up(ca, message, payload, existing):
    """RFC 8555, 7.3.1."""
    allowed = {"onlyReturnExisting"}
    if ca.switches.lookup_needs_eab:
        allowed.add("externalAccountBinding")
    message.reader.demand(payload["onlyReturnExisting"] is True and set(payload) <= allowed, "A-07",
                          f"it has {sorted(payload)}")
    if ca.switches.lookup_needs_eab and "externalAccountBinding" not in payload:
        raise binding.missing()
    if existing is None:
        raise Problem("accountDoesNotExist", "No account has this key")
    _refuse_ended(existing)
    return json_answer(show(ca, existing)).with_header("Location", existing.url)


def _check_members(ca, message, payload):
    contact = payload.get("contact", [])
    plain = isinstance(contact, list) and all(
        isinstance(entry, str) and MAILTO.fullmatch(entry) for entry in contact)
    message.reader.demand(plain, "A-03", f"contact is {contact!r}")
    if ca.switches.contact_required and not contact:
        raise binding.missing()  # this is what they say


def _check_binding(ca, message, payload):
    if "externalAccountBinding" not in payload:
        if ca.switches.eab_required:
            raise binding.missing()
        return None
    return binding.check(ca, message.request, message.reader, payload["externalAccountBinding"],
                         message.jwk, json.dumps(message.jwk))


def _known(ca, account):
    _refuse_ended(account)
    if ca.switches.same_key == "refused":
        raise binding.not_awaiting()
    return json_answer(show(ca, account)).with_header("Location", account.url)


def _refuse_ended(account):
    if account.status != "valid":
        raise Problem("unauthorized", f"The account is {account.status}", 401)


def _make(ca, message, payload, credential):
    account = Account(message.jwk, message.key, payload.get("contact", []))
    if credential is not None:
        account.kid = credential.kid
        account.echo = payload["externalAccountBinding"]
    ident = ca.urls.next_id()
    account.url = ca.urls.publish("account", account, ident)
    if ca.switches.orders_list is not None:
        account.orders_url = ca.urls.publish("orders", (account, 0), ident)
    ca.accounts.append(account)
    ca.counts.accounts += 1
    return account


def account(ca, message):
    """Read, update, deactivate: RFC 8555, 7.3.2 and 7.3.6."""
    if ca.switches.account_check is not None:
        raise Problem("malformed", "This is no request for an account", ca.switches.account_check)
    if message.resource.thing is not message.account:
        raise Problem("unauthorized", "It is somebody else's account", ca.switches.foreign_status)
    if message.payload != b"":
        payload = message.object()
        message.reader.demand(set(payload) in ({"contact"}, {"status"}, set()), "A-14",
                              f"it has {sorted(payload)}")
        _check_members(ca, message, {"contact": message.account.contact, **payload})
        _update(message.account, payload)
    return json_answer(show(ca, message.account))


def _update(changed, payload):
    if "contact" in payload:
        changed.contact = payload["contact"]
    if payload.get("status") == "deactivated":
        changed.status = "deactivated"
    elif "status" in payload:
        raise Problem("malformed", f"An account cannot become {payload['status']}")


def orders(ca, message):
    """The list, a page at a time (RFC 8555, 7.1.2.1)."""
    owner, start = message.resource.thing
    if owner is not message.account:
        raise Problem("unauthorized", "It is somebody else's list", ca.switches.foreign_status)
    message.read_only()
    end = start + ca.switches.orders_list
    answer = json_answer({"orders": [order.url for order in owner.orders[start:end]]})
    if end < len(owner.orders):
        following = ca.urls.publish("orders", (owner, end), ca.urls.next_id())
        answer.with_header("Link", f'<{following}>;rel="next"')
    return answer


def key_change(ca, message):
    """RFC 8555, 7.3.5."""
    try:
        inner = message.reader.read(jose.parse_json(message.payload), "K-02")
    except ValueError:
        message.reader.demand(False, "K-02", "the payload is no JWS")
    header = inner.header
    message.reader.demand("jwk" in header and "kid" not in header and "nonce" not in header
                          and header.get("url") == message.request.url, "K-02",
                          f"its header is {header}")
    key = message.reader.key(header["jwk"])
    message.reader.verify(inner, key)
    payload = jose.parse_json(inner.payload)
    message.reader.demand(payload == {"account": message.account.url,
                                      "oldKey": message.account.jwk}, "K-03", f"it is {payload}")
    _refuse_key(ca, message, jose.thumbprint(header["jwk"]), key)
    ca.former_keys.add(message.account.thumbprint)
    message.account.jwk, message.account.key = header["jwk"], key
    return json_answer(show(ca, message.account))


def _refuse_key(ca, message, thumbprint, key):
    other = ca.account_of(thumbprint)
    if other is not None:
        raise Problem("conflict", "The key belongs to an account", 409,
                      headers=[("Location", other.url)])
    octets = csrs.public_octets(key)
    used = (octets in {csrs.public_octets(c.leaf.public_key()) for c in ca.certificates}
            or octets in ca.blocked or thumbprint in ca.former_keys)
    message.reader.demand(not used, "K-04", "it was in use before")
    message.reader.demand(not _is_validating(ca, message.account), "K-07",
                          "names are being validated, by answers for the old key")


def _is_validating(ca, account):
    found = [authorization for order in account.orders for authorization in order.authorizations]
    for authorization in found:
        authorization.settle(ca)
    return any(challenge.status == "processing"
               for authorization in found for challenge in authorization.challenges)
