# SPDX-License-Identifier: Apache-2.0
"""JSON Web Signatures and keys, as strictly as RFC 8555, 6.2 allows a server to take them."""

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from .answers import Problem

BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
CURVES = {"P-256": (ec.SECP256R1(), hashes.SHA256(), "ES256", 32),
          "P-384": (ec.SECP384R1(), hashes.SHA384(), "ES384", 48),
          "P-521": (ec.SECP521R1(), hashes.SHA512(), "ES512", 66)}
MACS = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
MEMBERS = {"EC": {"crv", "kty", "x", "y"}, "RSA": {"e", "kty", "n"}, "OKP": {"crv", "kty", "x"}}


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    """Octets of base64url, None when it is anything else."""
    if not isinstance(text, str) or not BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        return None
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return data if encode(data) == text else None


def no_duplicates(pairs):
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a member appears twice")
    return made


def parse_json(data):
    return json.loads(data, object_pairs_hook=no_duplicates)


def thumbprint(jwk):
    """RFC 7638."""
    needed = {name: jwk[name] for name in sorted(MEMBERS[jwk["kty"]])}
    return encode(hashlib.sha256(json.dumps(needed, separators=(",", ":")).encode()).digest())


@dataclass
class Jws:
    header: dict
    payload_text: str  # base64url, as it came
    payload: bytes
    protected_text: str
    signature: bytes

    def signed(self):
        return f"{self.protected_text}.{self.payload_text}".encode()


class Reader:
    """Reads JWS and JWK for one request, and knows whom to tell of what is wrong with them."""

    def __init__(self, rules, request):
        self.rules = rules
        self.request = request

    def demand(self, condition, number, what):
        self.rules.demand(condition, number, what, self.request)

    def octets(self, text, what):
        data = decode(text)
        self.demand(data is not None, "J-12", f"{what} is {text!r}"[:200])
        return data

    def read(self, value, number="J-01"):
        """A flattened JWS from parsed JSON."""
        self.demand(isinstance(value, dict), number, "it is no object")
        self.demand("header" not in value and "signatures" not in value, "J-02",
                    f"it has {sorted(value)}")
        self.demand(set(value) == {"protected", "payload", "signature"}, number,
                    f"it has {sorted(value)}")
        self.demand(all(isinstance(part, str) for part in value.values()), number,
                    "not all of its members are strings")
        try:
            header = parse_json(self.octets(value["protected"], "protected"))
        except ValueError as error:
            self.demand(False, number, f"the protected header is not JSON: {error}")
        self.demand(isinstance(header, dict), number, "the protected header is no object")
        self.demand("crit" not in header and "b64" not in header, "J-02", f"it has {sorted(header)}")
        return Jws(header, value["payload"], self.octets(value["payload"], "payload"),
                   value["protected"], self.octets(value["signature"], "signature"))

    def key(self, jwk):
        """The public key that a JWK describes."""
        self.demand(isinstance(jwk, dict) and jwk.get("kty") in MEMBERS, "J-13", f"jwk is {jwk!r}")
        self.demand(set(jwk) == MEMBERS[jwk["kty"]], "J-13", f"jwk has {sorted(jwk)}")
        try:
            return {"EC": self._ec, "RSA": self._rsa, "OKP": self._okp}[jwk["kty"]](jwk)
        except (KeyError, ValueError) as error:
            raise Problem("badPublicKey", f"not a key: {error!r}") from None

    def _ec(self, jwk):
        curve, _, _, size = CURVES[jwk["crv"]]
        x, y = (self.octets(jwk[name], name) for name in "xy")
        self.demand(len(x) == len(y) == size, "JP-03", f"x has {len(x)}, y {len(y)} octets")
        return ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"),
                                             curve).public_key()

    def _rsa(self, jwk):
        n, e = (self.octets(jwk[name], name) for name in "ne")
        self.demand(n[:1] != b"\0" and e[:1] != b"\0", "JP-04", "a zero octet leads")
        return rsa.RSAPublicNumbers(int.from_bytes(e, "big"), int.from_bytes(n, "big")).public_key()

    def _okp(self, jwk):
        if jwk["crv"] != "Ed25519":
            raise ValueError(jwk["crv"])
        return ed25519.Ed25519PublicKey.from_public_bytes(self.octets(jwk["x"], "x"))

    def verify(self, jws, key):
        """The signature of the outer or any asymmetric JWS."""
        alg = jws.header.get("alg")
        self.demand(isinstance(alg, str) and alg != "none" and alg not in MACS, "J-04",
                    f"alg is {alg!r}")
        expected = algorithm_of(key)
        self.demand(alg == expected, "J-06", f"alg is {alg}, the key needs {expected}")
        if isinstance(key, ec.EllipticCurvePublicKey):
            size = 2 * ((key.curve.key_size + 7) // 8)
            self.demand(len(jws.signature) == size, "JP-02",
                        f"the signature has {len(jws.signature)} octets, not {size}")
        self.demand(_is_signed(jws, key), "J-14", "the signature does not verify")


def algorithm_of(key):
    if isinstance(key, ec.EllipticCurvePublicKey):
        return next(row[2] for row in CURVES.values() if row[0].name == key.curve.name)
    return "RS256" if isinstance(key, rsa.RSAPublicKey) else "EdDSA"


def _is_signed(jws, key):
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            half = len(jws.signature) // 2
            r, s = (int.from_bytes(part, "big")
                    for part in (jws.signature[:half], jws.signature[half:]))
            digest = next(row[1] for row in CURVES.values() if row[0].name == key.curve.name)
            key.verify(encode_dss_signature(r, s), jws.signed(), ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(jws.signature, jws.signed(), padding.PKCS1v15(), hashes.SHA256())
        else:
            key.verify(jws.signature, jws.signed())
        return True
    except InvalidSignature:
        return False


def mac_matches(jws, secret):
    made = hmac.new(secret, jws.signed(), MACS[jws.header["alg"]]).digest()
    return hmac.compare_digest(made, jws.signature)
