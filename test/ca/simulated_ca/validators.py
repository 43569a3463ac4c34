# SPDX-License-Identifier: Apache-2.0
"""How the CA looks at a name: a function for each challenge type that can be answered here.

A validator is called with the CA, the name, the token and the key authorization, and raises Failed.
All names are on this machine: at ca.http_port and ca.tls_port instead of 80 and 443, and TXT records
are asked for at ca.resolver."""

import base64
import hashlib
import http.client
import ipaddress
import socket
import ssl

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding

from . import jws as jose
from . import persist
from .answers import URN
from .resolver import ResolverError, txt_records

ACME_TLS = "acme-tls/1"
ACME_IDENTIFIER = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")


class Failed(Exception):
    def __init__(self, kind, detail, status=403):
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.status = status

    def document(self):
        return {"type": URN + self.kind, "detail": self.detail, "status": self.status}


def http_01(ca, name, token, expected):
    """RFC 8555, 8.3."""
    connection = http.client.HTTPConnection("127.0.0.1", ca.http_port, timeout=10)
    try:
        ca.counts.fetches += 1
        connection.request("GET", f"/.well-known/acme-challenge/{token}", headers={
            "Host": name, "User-Agent": "simulated-ca/1.0", "Accept": "*/*"})
        answer = connection.getresponse()
        body = answer.read(1024)
    except (OSError, http.client.HTTPException) as error:
        raise Failed("connection", f"Fetching http://{name}/: {error}", 400) from None
    finally:
        connection.close()
    if answer.status != 200 or body.rstrip() != expected.encode():
        raise Failed("unauthorized", f"{name} answered {answer.status} {body[:80]!r}")


# -- tls-alpn-01, RFC 8737 and RFC 8738, 6 --------------------------------------------------------


def tls_alpn_01(ca, name, _token, expected):
    ca.counts.fetches += 1
    protocol, octets = _shake_hands(ca, name)
    if protocol != ACME_TLS:
        raise Failed("unauthorized", f"{name} did not choose {ACME_TLS}, but {protocol}")
    try:
        certificate = x509.load_der_x509_certificate(octets)
        extensions = certificate.extensions
    except ValueError as error:
        raise Failed("unauthorized", f"The certificate of {name}: {error}") from None
    _check_self_signed(name, certificate)
    _check_name(name, extensions)
    _check_identifier(name, extensions, hashlib.sha256(expected.encode()).digest())


def _address(name):
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _shake_hands(ca, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols([ACME_TLS])
    address = _address(name)
    server_name = address.reverse_pointer if address is not None else name
    try:
        with socket.create_connection(("127.0.0.1", ca.tls_port or 0), timeout=10) as plain, \
                context.wrap_socket(plain, server_hostname=server_name) as tls:
            return tls.selected_alpn_protocol(), tls.getpeercert(binary_form=True)
    except ssl.SSLError as error:
        raise Failed("tls", f"The handshake with {name}: {error}", 400) from None
    except OSError as error:
        raise Failed("connection", f"Connecting to {name}: {error}", 400) from None


def _check_self_signed(name, certificate):
    key, digest = certificate.public_key(), certificate.signature_hash_algorithm
    how = (ec.ECDSA(digest),) if isinstance(key, ec.EllipticCurvePublicKey) \
        else (padding.PKCS1v15(), digest)
    try:
        key.verify(certificate.signature, certificate.tbs_certificate_bytes, *how)
    except InvalidSignature:
        raise Failed("unauthorized", f"The certificate of {name} is not signed by itself") from None
    if certificate.issuer != certificate.subject:
        raise Failed("unauthorized", f"The certificate of {name} has another issuer")


def _check_name(name, extensions):
    address = _address(name)
    wanted = x509.DNSName(name) if address is None else x509.IPAddress(address)
    try:
        names = list(extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        names = []
    if names != [wanted]:
        raise Failed("unauthorized", f"The certificate of {name} is for {names}")


def _check_identifier(name, extensions, digest):
    try:
        found = extensions.get_extension_for_oid(ACME_IDENTIFIER)
    except x509.ExtensionNotFound:
        raise Failed("unauthorized", f"The certificate of {name} has no acmeIdentifier") from None
    if not found.critical:
        raise Failed("unauthorized", f"The acmeIdentifier of {name} is not critical")
    if found.value.value != b"\x04\x20" + digest:
        raise Failed("unauthorized", f"The acmeIdentifier of {name} is {found.value.value.hex()}")


# -- dns-01, RFC 8555, 8.4 ------------------------------------------------------------------------


def dns_01(ca, name, _token, expected):
    _dns(ca, f"_acme-challenge.{name}", expected)


def _dns(ca, record, expected):
    ca.counts.fetches += 1
    digest = jose.encode(hashlib.sha256(expected.encode()).digest()).encode()
    try:
        values = txt_records(ca.resolver or ("127.0.0.1", 0), record)
    except ResolverError as error:
        kind = "unauthorized" if error.missing else "dns"
        raise Failed(kind, f"Looking up TXT for {record}: {error}", 400) from None
    if digest not in values:
        raise Failed("unauthorized", f"The TXT records of {record} are {values}")


# -- what depends on the account ------------------------------------------------------------------


def dns_account_01(ca, authorization, expected):
    """draft-ietf-acme-dns-account-label: the account's URL as octets, hashed."""
    digest = hashlib.sha256(authorization.account.url.encode()).digest()
    label = base64.b32encode(digest[:10]).decode().lower()
    _dns(ca, f"_{label}._acme-challenge.{authorization.name}", expected)


def dns_persist_01(ca, authorization, _expected):
    ca.counts.fetches += 1
    try:
        found = persist.find(lambda name: txt_records(ca.resolver or ("127.0.0.1", 0), name),
                             ca.switches, authorization, ca.clock.now())
    except ResolverError as error:
        raise Failed("dns", f"Looking up the record of {authorization.name}: {error}", 400) from None
    if found is not None:
        raise Failed("unauthorized", found)


VALIDATORS = {"http-01": http_01, "tls-alpn-01": tls_alpn_01, "dns-01": dns_01}
# Called with the authorization in place of name and token.
BY_ACCOUNT = {"dns-account-01": dns_account_01, "dns-persist-01": dns_persist_01}
