# SPDX-License-Identifier: Apache-2.0
"""A POST whose signature is good: from the octets to who says what."""

import re

from . import jws as jose
from . import nonces
from .answers import FRESH, Problem

JOSE_JSON = "application/jose+json"
BY_JWK = ("new-account",)
BY_EITHER = ("revoke",)
LARGEST = 50000
MOST_NONCE_RETRIES = 10
RETRY_SECONDS = 30
PRODUCT = re.compile(r"\S+/\d\S*")


class Message:
    def __init__(self, rules, request, resource, entry):
        self.request = request
        self.resource = resource
        self.reader = jose.Reader(rules, request)
        self.entry = entry
        self.account = None
        self.jwk = None
        self.key = None
        self.payload = None
        self.signer = None
        self.retries = 0  # after badNonce, so far

    def open(self, ca):
        """Check all that holds for every POST; raise Problem when it does not."""
        entry = self.entry
        jws = self.reader.read(self._body())
        entry.payload = self.payload = jws.payload
        self._check_header(jws.header)
        self._find_key(ca, jws.header)
        entry.signer = self.signer = self.account.url if self.account else self.thumbprint
        self.reader.verify(jws, self.key)
        self._spend(ca, jws.header["nonce"])
        if self.account is not None and not ca.may_act(self.account):
            raise Problem("unauthorized", f"The account is {self.account.status}", 401)
        self._check_payload()

    @property
    def thumbprint(self):
        return jose.thumbprint(self.jwk)

    def object(self):
        """The payload, which has to be an object."""
        try:
            value = jose.parse_json(self.payload)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise Problem("malformed", f"The payload is {self.payload[:80]!r}, not an object")
        return value

    def read_only(self):
        self.reader.demand(self.payload == b"", "J-10", f"it is {self.payload[:80]!r}")

    def _body(self):
        self.reader.demand(self.request.headers.get("Content-Type") == JOSE_JSON, "T-06",
                           f"it is {self.request.headers.get('Content-Type')}")
        self.reader.demand(len(self.request.body) < LARGEST, "T-16",
                           f"it has {len(self.request.body)}")
        try:
            return jose.parse_json(self.request.body)
        except ValueError as error:
            self.reader.demand(False, "J-01", f"not JSON: {error}")

    def _check_header(self, header):
        ways = {"jwk", "kid"} & set(header)
        complete = {"alg", "nonce", "url"} <= set(header) and len(ways) == 1
        self.reader.demand(complete, "J-03", f"it has {sorted(header)}")
        self.reader.demand(header["url"] == self.request.url, "J-09", f"it is {header['url']}")
        kind = self.resource.kind
        self.reader.demand("kid" not in header or kind not in BY_JWK, "J-07", f"kid at {kind}")
        self.reader.demand("jwk" not in header or kind in BY_JWK + BY_EITHER, "J-07",
                           f"jwk at {kind}")

    def _find_key(self, ca, header):
        if "jwk" in header:
            self.jwk = header["jwk"]
            self.key = self.reader.key(self.jwk)
            return
        kid = header["kid"]
        self.account = next((a for a in ca.accounts if a.url == kid), None)
        if self.account is None:
            # Of this CA once, perhaps; but a rebuilt URL is found out.
            similar = [a.url for a in ca.accounts if str(kid).lower().rstrip("/") ==
                       a.url.lower().rstrip("/")]
            self.reader.demand(isinstance(kid, str) and not similar, "J-08", f"kid is {kid}")
            raise Problem("accountDoesNotExist", f"There is no account {kid}")
        self.jwk, self.key = self.account.jwk, self.account.key

    def _spend(self, ca, nonce):
        about = (self.signer, self.request.url, self.payload)
        expected = ca.retries.pop(about, None)
        if expected is not None and ca.clock.now() - expected[2] > RETRY_SECONDS:
            expected = None  # it gave up, and this is another attempt
        if expected is not None:
            wanted, count, _ = expected
            self.reader.demand(wanted in (None, nonce), "N-06", f"{nonce} and not {wanted}")
            self.reader.demand(count <= MOST_NONCE_RETRIES, "N-07", f"{count} in a row")
        self.reader.demand(jose.BASE64URL.fullmatch(str(nonce)) and nonce, "N-03", f"{nonce!r}")
        verdict = ca.nonces.spend(nonce)
        self.reader.demand(verdict not in (nonces.USED, nonces.FOREIGN), "N-04",
                           f"{nonce} is {verdict}")
        self.retries = 0 if expected is None else expected[1]
        if verdict == nonces.FORGOTTEN:
            raise Problem("badNonce", "The Replay Nonce is not recognized", nonce=FRESH)

    def remember_retry(self, ca, nonce):
        """badNonce was said, with this nonce (None: with none that can be used)."""
        usable = nonce if nonce and jose.BASE64URL.fullmatch(nonce) else None
        about = (self.signer, self.request.url, self.payload)
        ca.retries[about] = (usable, self.retries + 1, ca.clock.now())

    def _check_payload(self):
        if self.resource.kind != "new-account":
            self.reader.demand(b'"externalAccountBinding"' not in self.payload, "E-13",
                               f"it is in {self.resource.kind}")


def check_headers(ca, request):
    """What holds for every request."""
    agent = request.headers.get("User-Agent")
    ca.rules.demand(bool(agent), "T-03", "there is none", request)
    if len(PRODUCT.findall(agent)) < 2:
        ca.rules.record("T-04", f"it is {agent}", request)
    if not request.headers.get("Accept-Language"):
        ca.rules.record("T-05", "there is none", request)
    ca.rules.demand("Replay-Nonce" not in request.headers, "T-07", "there is one", request)
