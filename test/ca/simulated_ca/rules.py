# SPDX-License-Identifier: Apache-2.0
"""What a client must do, by number, and who did not. The numbers are those of the checklist that
docs/conformance.md goes through."""

from dataclasses import dataclass

from .answers import Problem

RULES = {
    "T-03": "User-Agent on every request",
    "T-04": "User-Agent names the ACME software and the HTTP library, with versions",
    "T-05": "Accept-Language on every request",
    "T-06": "Content-Type of a POST is exactly application/jose+json",
    "T-07": "no Replay-Nonce in a request",
    "T-08": "only directory, newNonce and renewalInfo are fetched with GET or HEAD",
    "T-09": "URLs are used byte for byte as they were handed out, and none is invented",
    "T-11": "a redirect of a POST is not followed",
    "T-16": "a request is smaller than 50,000 octets",
    "J-01": "the body is a flattened JWS: protected, payload, signature, each a string",
    "J-02": "no unprotected header, no signatures, no b64, no crit",
    "J-03": "the protected header has alg, nonce, url and either jwk or kid",
    "J-04": "alg is neither none nor a MAC",
    "J-06": "alg fits the key",
    "J-07": "jwk only where the RFC says so",
    "J-08": "kid is the account URL as the CA gave it",
    "J-09": "url is the URL of the request",
    "J-10": "the payload of a POST-as-GET is the empty string",
    "J-11": "a challenge is answered with {}",
    "J-12": "binary fields are base64url without padding",
    "J-13": "a JWK holds the public members and no other",
    "J-14": "the signature is that of the key",
    "J-16": "no body is sent twice",
    "JP-02": "an ECDSA signature is R and S in full length",
    "JP-03": "EC coordinates have full length",
    "JP-04": "RSA numbers have no leading zero octet",
    "N-03": "a nonce with foreign characters is ignored",
    "N-04": "a nonce comes from this CA and is used once",
    "N-06": "the retry after badNonce uses the nonce that came with it",
    "N-07": "retries after badNonce end at some point",
    "A-02": "the terms of service are agreed to where there are any",
    "A-03": "contacts are plain mailto: URLs",
    "A-07": "a look-up holds onlyReturnExisting and nothing that would create",
    "A-14": "an update changes contact or status and nothing else",
    "E-01": "externalAccountBinding is an object",
    "E-02": "its protected header is alg, kid, url",
    "E-03": "its alg is a MAC",
    "E-05": "its url is that of newAccount",
    "E-06": "its payload is the account's public key",
    "E-09": "the MAC key is decoded before use",
    "E-13": "externalAccountBinding is in newAccount only",
    "K-02": "its inner JWS has jwk and url and no nonce",
    "K-03": "its payload names account and old key",
    "K-04": "the new key of an account was never used before",
    "K-07": "an account's key is not changed while its names are validated",
    "O-01": "names of an order are lower case, distinct, without a dot at the end",
    "O-02": "no notBefore or notAfter unless asked for",
    "O-04": "no name that a wildcard of the same order covers",
    "O-14": "replaces and profile only where the directory offers them",
    "Z-09": "the challenge is POSTed to, not the authorization",
    "F-01": "csr is base64url of a DER PKCS#10",
    "F-02": "the names of the CSR are those of the order",
    "F-03": "the key of the CSR is no account key",
    "F-05": "finalize only when the order is ready",
    "F-09": "no second finalize for an order that was finalized",
    "CSR-02": "a CN is 64 characters or shorter and one of the names",
    "CSR-04": "a CSR has names and no attributes that CAs refuse",
    "CSR-05": "a CSR is signed by its key with SHA-256 or better",
    "CSR-09": "each certificate has a new key",
    "B-02": "an order or authorization is not read before Retry-After has passed",
    "B-03": "after rateLimited or Retry-After nothing of the kind is sent too early",
    "R-01": "revokeCert holds certificate and at most a reason, which is a number",
    "R-03": "no reason that a subscriber may not give",
    "R-06": "no certificate is ordered for a key that was revoked as compromised",
    "ARI-02": "the id of a certificate for renewalInfo is made as RFC 9773 says",
    "ARI-04": "renewalInfo is fetched without cookies, query or body",
}


@dataclass(frozen=True)
class Violation:
    number: str
    what: str
    request: str

    def __str__(self):
        return f"{self.number} ({RULES[self.number]}): {self.what}, in {self.request}"


class Rules:
    def __init__(self):
        self.violations = []
        self.waived = set()

    def record(self, number, what, request):
        """A rule was broken, and the request is served all the same."""
        assert number in RULES, number
        if number not in self.waived:
            self.violations.append(Violation(number, what, str(request)))

    def demand(self, condition, number, what, request):
        """A rule that has to hold for the request to make sense."""
        if not condition:
            self.record(number, what, request)
            raise Problem("malformed", f"{number}: {RULES[number]}; {what}")

    def numbers(self):
        return [violation.number for violation in self.violations]
