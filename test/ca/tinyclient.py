# SPDX-License-Identifier: Apache-2.0
"""An ACME client that does as it is told, also what no client should do."""

import hashlib
import hmac
import http.client
import json
import ssl
import time
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID
from simulated_ca import jws as jose
from simulated_ca.binding import Credential

AGENT = "tinyclient/1.0 http.client/3.11"


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    def kind(self):
        """Of a problem, without its URN."""
        return self.json()["type"].rsplit(":", 1)[1]


def encoded(value):
    return json.dumps(value).encode()


class Client:
    def __init__(self, ca):
        self.ca = ca
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.account = None
        self.nonce = None
        self.directory = {}

    # -- http -------------------------------------------------------------------------------

    def request(self, method, url, body=None, headers=None, without=()):
        parts = urllib.parse.urlsplit(url)
        context = ssl.create_default_context(cafile=str(self.ca.tls_certificate))
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=10,
                                                 context=context)
        sent = {"User-Agent": AGENT, "Accept-Language": "en", **(headers or {})}
        try:
            connection.request(method, url[len(f"https://{parts.netloc}"):] or "/", body,
                               {name: sent[name] for name in sent if name not in without})
            answer = connection.getresponse()
            got = Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()
        self.nonce = got.headers.get("Replay-Nonce") or self.nonce
        return got

    def open(self):
        self.directory = self.request("GET", self.ca.url).json()
        self.request("HEAD", self.directory["newNonce"])
        return self

    # -- JWS --------------------------------------------------------------------------------

    @property
    def jwk(self):
        numbers = self.key.public_key().public_numbers()
        return {"crv": "P-256", "kty": "EC", "x": jose.encode(numbers.x.to_bytes(32, "big")),
                "y": jose.encode(numbers.y.to_bytes(32, "big"))}

    def sign(self, header, payload):
        protected, text = jose.encode(encoded(header)), jose.encode(payload)
        r, s = decode_dss_signature(
            self.key.sign(f"{protected}.{text}".encode(), ec.ECDSA(hashes.SHA256())))
        return {"protected": protected, "payload": text,
                "signature": jose.encode(r.to_bytes(32, "big") + s.to_bytes(32, "big"))}

    def header(self, target, by_key=False, **changes):
        who = {"jwk": self.jwk} if by_key or self.account is None else {"kid": self.account}
        nonce, self.nonce = self.nonce, None
        made = {"alg": "ES256", "nonce": nonce, "url": target, **who, **changes}
        return {name: value for name, value in made.items() if value is not None}

    def post(self, url, payload=b"", header=None, edit=None, content_type="application/jose+json",
             **changes):
        """header: changes of the protected header; edit: a function on the finished JWS."""
        if not isinstance(payload, bytes):
            payload = encoded(payload)
        if self.nonce is None:
            self.request("HEAD", self.directory["newNonce"])
        value = self.sign(self.header(url, **(header or {})), payload)
        if edit is not None:
            value = edit(value)
        return self.request("POST", url, encoded(value), {"Content-Type": content_type}, **changes)

    # -- the steps ----------------------------------------------------------------------------

    def binding(self, kid="kid-1", secret=None, header=None, payload=None):
        credential = self.ca.credentials.get(kid) or Credential(kid, "AAAA")
        made = {"alg": "HS256", "kid": kid, "url": self.directory["newAccount"], **(header or {})}
        protected = jose.encode(encoded(made))
        text = jose.encode(encoded(self.jwk) if payload is None else payload)
        mac = hmac.new(secret or credential.octets(), f"{protected}.{text}".encode(),
                       hashlib.sha256).digest()
        return {"protected": protected, "payload": text, "signature": jose.encode(mac)}

    def register(self, contact=("mailto:a@test.example",), binding="right", **payload):
        wanted = {"termsOfServiceAgreed": True, "contact": list(contact),
                  "externalAccountBinding": self.binding() if binding == "right" else binding,
                  **payload}
        wanted = {name: value for name, value in wanted.items() if value is not None}
        answer = self.post(self.directory["newAccount"], wanted, header={"by_key": True})
        if answer.status in (200, 201):
            self.account = answer.headers["Location"]
        return answer

    def order(self, *names, **more):
        return self.post(self.directory["newOrder"], {
            "identifiers": [{"type": "dns", "value": name} for name in names], **more})

    def csr(self, names, common_name=True, key=None, digest=None):
        subject = [x509.NameAttribute(NameOID.COMMON_NAME, names[0])] if common_name else []
        request = (x509.CertificateSigningRequestBuilder()
                   .subject_name(x509.Name(subject))
                   .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]),
                                  False)
                   .sign(key or ec.generate_private_key(ec.SECP256R1()),
                         digest or hashes.SHA256()))
        return jose.encode(request.public_bytes(serialization.Encoding.DER))

    def finalize(self, order, names, **more):
        return self.post(order["finalize"], {"csr": self.csr(names, **more)})

    def ordered(self, *names):
        """(URL, order) once it is ready; all challenges are answered."""
        answer = self.order(*names)
        assert answer.status == 201, answer.body
        url = answer.headers["Location"]
        for authorization in answer.json()["authorizations"]:
            for challenge in self.post(authorization).json()["challenges"][:1]:
                if challenge.get("status") == "pending":
                    self.post(challenge["url"], {})
        return url, self.wait(url, "ready")

    def wait(self, url, status, seconds=5):
        end = time.monotonic() + seconds
        while True:
            shown = self.post(url).json()
            if shown["status"] == status:
                return shown
            assert time.monotonic() < end, shown
            time.sleep(0.05)

    def certificate(self, *names, **more):
        """(order URL, order, answer of the download)"""
        url, order = self.ordered(*names)
        answer = self.finalize(order, names, **more)
        assert answer.status == 200, answer.body
        shown = self.wait(url, "valid")
        return url, shown, self.post(shown["certificate"])
