# SPDX-License-Identifier: Apache-2.0
"""External Account Binding, RFC 8555, 7.3.4."""

import base64
import secrets
from dataclasses import dataclass, field

from . import jws as jose
from .answers import Problem


def new_key(octets=48):
    """An HMAC key as CAs hand it out: base64url without padding."""
    return jose.encode(secrets.token_bytes(octets))


@dataclass
class Credential:
    kid: str
    text: str  # of the HMAC key
    algorithms: tuple = ("HS256", "HS384", "HS512")
    suspended: bool = False
    thumbprints: set = field(default_factory=set)  # of the keys that are bound

    def octets(self):
        return base64.urlsafe_b64decode(self.text + "=" * (-len(self.text) % 4))


def check(ca, request, reader, binding, jwk, jwk_text):
    """Judge the binding of a newAccount. @return the credential"""
    reader.demand(isinstance(binding, dict), "E-01", f"it is {type(binding).__name__}")
    inner = reader.read(binding, "E-01")
    header = inner.header
    reader.demand(set(header) == {"alg", "kid", "url"}, "E-02", f"it has {sorted(header)}")
    reader.demand(header["alg"] in jose.MACS, "E-03", f"alg is {header['alg']}")
    reader.demand(header["url"] == request.url, "E-05", f"url is {header['url']}")
    try:
        bound = jose.parse_json(inner.payload)
    except ValueError:
        bound = None
    reader.demand(bound == jwk, "E-06", f"it is {inner.payload[:200]!r}, the key is {jwk_text}")
    credential = ca.credentials.get(header["kid"])
    if credential is None or header["alg"] not in credential.algorithms:
        raise _refusal(ca, "The key identifier is not known")
    if not jose.mac_matches(inner, credential.octets()):
        reader.demand(not jose.mac_matches(inner, credential.text.encode()), "E-09",
                      "it is signed with the text of the key")
        raise _refusal(ca, "The MAC is wrong")
    if credential.suspended or ca.switches.accounts_suspended:
        raise _refusal(ca, "The account was suspended")
    return credential


def bind(ca, credential, thumbprint):
    """Use the credential for a new account, or refuse."""
    used = credential.thumbprints - {thumbprint}
    ca.counts.bound(credential.kid, thumbprint)
    if used and ca.switches.eab_reuse == "refused":
        raise not_awaiting()
    if used and ca.switches.eab_reuse == "one-time":
        raise _refusal(ca, "The credentials were used before")
    credential.thumbprints.add(thumbprint)


def not_awaiting():
    return Problem("malformed", "[External Account Binding] The account is not awaiting external "
                   "account binding")


def missing():
    return Problem("externalAccountRequired",
                   'The request must include a value for the "externalAccountBinding" field')


def _refusal(ca, detail):
    return Problem("unauthorized", detail, ca.switches.eab_refusal_status)
