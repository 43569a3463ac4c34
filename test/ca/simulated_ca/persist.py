# SPDX-License-Identifier: Apache-2.0
"""dns-persist-01 by draft-ietf-acme-dns-persist-01: the challenge object, and the records that satisfy
it. Strict: a record that does not fit the grammar of RFC 8659, 4.2 counts for nothing."""

import re

from .resolver import ResolverError

KNOWN = ("accounturi", "policy", "persistuntil")
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
ISSUE_VALUE = re.compile(
    rf"[ \t]*(?P<issuer>{LABEL}(?:\.{LABEL})*)?[ \t]*(?:;(?P<parameters>.*))?", re.DOTALL)
PARAMETER = re.compile(r"[ \t]*([A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)[ \t]*=[ \t]*"
                       r"([\x21-\x3a\x3c-\x7e]*)[ \t]*")


def issue_object(ca, account):
    """The members of a challenge beside type, url and status."""
    made = {}
    if ca.switches.issuer_domain_names is not None:
        made["issuer-domain-names"] = list(ca.switches.issuer_domain_names)
    if ca.switches.persist_account is not None:
        made["accounturi"] = account.url if ca.switches.persist_account == "own" \
            else "https://ca.example/account/of-somebody-else"
    return made


def parse(value):
    """(issuer, parameters) of a record's octets, or None. A parameter that means something and is there
    twice makes it none; the others are ignored."""
    whole = ISSUE_VALUE.fullmatch(value.decode("latin-1"))
    if whole is None or whole["issuer"] is None:
        return None
    parameters = {}
    for text in (whole["parameters"] or "").split(";") if (whole["parameters"] or "").strip() else ():
        parameter = PARAMETER.fullmatch(text)
        if parameter is None:
            return None
        tag = parameter[1].lower()
        if tag in KNOWN and tag in parameters:
            return None
        parameters[tag] = parameter[2]
    return whole["issuer"].lower(), parameters


def judge(value, issuers, account_url, wildcard, now):
    """None when the record validates, else why not. wildcard: policy=wildcard is needed."""
    parsed = parse(value)
    if parsed is None:
        return "it is malformed"
    issuer, parameters = parsed
    until = parameters.get("persistuntil")
    if issuer not in (issuers or ()):
        return f"it is for {issuer}"
    if parameters.get("accounturi") != account_url:
        return f"it is for the account {parameters.get('accounturi')}"
    if until is not None and not re.fullmatch("[0-9]+", until):
        return "its persistUntil is no number"
    if until is not None and int(until) < now:
        return "its persistUntil has passed"
    if wildcard and parameters.get("policy", "").lower() != "wildcard":
        return "it has not policy=wildcard"
    return None


def find(look_up, switches, authorization, now):
    """None when a record validates, at the name or above it; else what was found. look_up raises
    ResolverError."""
    labels = authorization.name.split(".")
    seen = []
    for depth in range(len(labels) - 1 if switches.persist_parents else 1):
        name = "_validation-persist." + ".".join(labels[depth:])
        try:
            values = look_up(name)
        except ResolverError as error:
            if not error.missing:
                raise
            values = []
        for value in values:
            why = judge(value, switches.issuer_domain_names, authorization.account.url,
                        authorization.wildcard or depth > 0, now)
            if why is None:
                return None
            seen.append(f"{name} has a record, but {why}")
    return "; ".join(seen) or f"There is no record _validation-persist.{authorization.name}"
