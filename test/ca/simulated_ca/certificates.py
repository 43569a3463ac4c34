# SPDX-License-Identifier: Apache-2.0
"""Certificates: issued, shown in every form on record, revoked; and their renewal information."""

from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from . import issuer as issuers
from . import jws as jose
from . import requests_for_certificates as csrs
from .answers import Answer, Problem, json_answer
from .clock import rfc3339

# RFC 5280, 5.3.1: those a subscriber may give to a public CA.
REASONS = (0, 1, 3, 4, 5)
KEY_COMPROMISE = 1


@dataclass
class Certificate:
    order: object
    leaf: x509.Certificate
    issuer: issuers.Issuer
    urls: list = field(default_factory=list)  # of the default chain and the alternates
    collected: int = 0
    revoked: bool = False
    reason: int = None  # as it stands in the list of revoked certificates

    def __post_init__(self):
        # Read once: several threads ask, and the library lets only one at a time look at a leaf.
        self.serial = self.leaf.serial_number

    @property
    def url(self):
        return self.urls[0]

    def ari_id(self):
        """RFC 9773, 4.1."""
        authority = self.leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        serial = self.serial.to_bytes(self.serial.bit_length() // 8 + 1, "big")
        return f"{jose.encode(authority.key_identifier)}.{jose.encode(serial)}"


def issue(ca, order):
    kept = [name for name in order.names if not name.startswith(tuple(ca.switches.drop_names)
                                                                or ("\0",))]
    common_name = csrs.common_name(order.csr)
    start = -ca.switches.backdate_hours * 3600
    leaf = ca.issuer.issue(kept, common_name if common_name in kept else None,
                           order.csr.public_key(), ca.clock.datetime(start),
                           ca.clock.datetime(start + ca.switches.lifetime_days * 86400 - 1),
                           ca.switches.client_auth,
                           ca.switches.ocsp_named or (ca.responder and ca.responder.url),
                           ca.switches.must_staple)
    made = Certificate(order, leaf, ca.issuer)
    ident = ca.urls.next_id()
    for number in range(ca.switches.alternate_chains + 1):
        made.urls.append(ca.urls.publish("certificate", (made, number),
                                         f"{ident}-{number}" if number else ident))
    ca.certificates.append(made)
    return made


def certificate(ca, message):
    found, alternate = message.resource.thing
    if found.order.account is not message.account:
        raise Problem("unauthorized", "It is somebody else's", ca.switches.foreign_status)
    message.read_only()
    answer = Answer(200, _pem(ca, found, alternate), ca.switches.certificate_content_type)
    for url in found.urls:
        if url != found.urls[alternate]:
            answer.with_header("Link", f'<{url}>;rel="alternate"')
    answer.collects = found
    return answer


def _pem(ca, found, alternate):
    blocks = [issuers.pem(c) for c in (found.leaf, *found.issuer.chain(alternate))]
    form = ca.switches.chain_form
    if form == "private-key":
        blocks.append(issuers.key_pem(ec.generate_private_key(ec.SECP256R1())))
    elif form == "foreign-leaf":
        blocks[0] = _foreign_leaf(ca, found)
    elif form == "wrong-order":
        blocks = [issuers.pem(c) for c in (found.leaf, found.issuer.root, found.issuer.certificate)]
    elif form == "leaf-only":
        blocks = blocks[:1]
    elif form == "empty":
        blocks = []
    return _dressed(blocks, ca.switches.pem_form)


def _foreign_leaf(ca, found):
    """The right names, for somebody else's key."""
    key = ec.generate_private_key(ec.SECP256R1())
    return issuers.pem(ca.issuer.issue(found.order.names, None, key.public_key(),
                                       *issuers.validity(found.leaf)))


def _dressed(blocks, form):
    if form == "blank-lines":
        return b"\n".join(blocks)
    if form == "text":
        return b"".join(b"subject=/CN=whatever\n" + block for block in blocks)
    text = b"".join(blocks)
    if form == "crlf":
        return text.replace(b"\n", b"\r\n")
    return text.rstrip(b"\n") if form == "no-newline" else text


# -- revocation -----------------------------------------------------------------------------------


def revoke(ca, message):
    """RFC 8555, 7.6; by the account, by one that may order these names, or by the certificate's key."""
    payload = message.object()
    reason = payload.get("reason", 0)
    message.reader.demand("certificate" in payload and set(payload) <= {"certificate", "reason"}
                          and isinstance(reason, int) and not isinstance(reason, bool), "R-01",
                          f"it has {payload}")
    octets = message.reader.octets(payload["certificate"], "certificate")
    found = next((c for c in ca.certificates
                  if c.leaf.public_bytes(serialization.Encoding.DER) == octets), None)
    if found is None:
        raise Problem("malformed", "No such certificate", 404)
    _refuse_others(ca, message, found)
    if found.revoked:
        raise _revoked_before(ca)
    _check_reason(ca, message, reason)
    _revoke(ca, message, found, reason)
    return Answer()


def _refuse_others(ca, message, found):
    key = csrs.public_octets(found.leaf.public_key())
    if message.account is None:
        message.reader.demand(ca.account_of(message.thumbprint) is None, "J-07",
                              "jwk is an account's key, at revoke")
        allowed = ca.switches.revoke_by != "account" and csrs.public_octets(message.key) == key
    else:
        allowed = ca.switches.revoke_by != "certificate" and (
            found.order.account is message.account
            or all((message.account.url, name) in ca.validated for name in found.order.names))
    if not allowed:
        raise Problem("unauthorized", "This key may not revoke it", ca.switches.foreign_status)


def _revoked_before(ca):
    if ca.switches.revoke_again == "conflict":
        return Problem("conflict", "It was revoked before", 409)
    return Problem("alreadyRevoked", "It was revoked before")


def _check_reason(ca, message, reason):
    if reason not in REASONS:
        message.reader.rules.record("R-03", f"reason is {reason}", message.request)
    if reason not in REASONS or reason not in ca.switches.revoke_reasons:
        taken = ", ".join(str(number) for number in ca.switches.revoke_reasons)
        raise Problem("badRevocationReason", f"The reasons are {taken}")


def _revoke(ca, message, found, reason):
    """Whoever has the key has shown by it that the key is known: no certificate is for it any more."""
    found.revoked, found.reason = True, reason
    if message.account is None:
        found.reason = KEY_COMPROMISE
        ca.blocked.add(csrs.public_octets(message.key))


# -- renewal information, RFC 9773 ------------------------------------------------------------------


def renewal_info(ca, request, resource):
    accept = request.headers.get("Accept")
    ca.rules.demand(accept in (None, "application/json"), "ARI-04", f"Accept is {accept}", request)
    found = next((c for c in ca.certificates if c.ari_id() == resource.thing), None)
    if found is None:
        near = any(c.ari_id().partition(".")[0] == (resource.thing or "").partition(".")[0]
                   for c in ca.certificates)
        ca.rules.demand(not near, "ARI-02", f"no certificate is {resource.thing}", request)
        raise Problem("malformed", "No such certificate", 404)
    start, end = _window(ca, found)
    if found.revoked:  # replace it now
        start, end = ca.clock.now() - 3600, ca.clock.now() - 1800
    made = {"suggestedWindow": {"start": rfc3339(start), "end": rfc3339(end)}}
    if ca.switches.ari_explanation is not None:
        made["explanationURL"] = ca.switches.ari_explanation
    return json_answer(made, retry_after=ca.switches.ari_retry_after, nonce=None)


def _window(ca, found):
    if ca.switches.ari_window is not None:
        return tuple(ca.clock.now() + shift for shift in ca.switches.ari_window)
    first, last = issuers.validity(found.leaf)
    life = (last - first).total_seconds()
    centre = last.timestamp() - life / (2 if life < 10 * 86400 else 3)
    return centre - life / 100, centre + life / 100
