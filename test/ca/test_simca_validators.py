# SPDX-License-Identifier: Apache-2.0
"""How the simulated CA looks at names for tls-alpn-01 and dns-01: a right answer and every wrong one."""

import datetime
import hashlib
import ipaddress
import socket
import ssl
import threading
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from simulated_ca import jws as jose
from simulated_ca.counts import Counts
from simulated_ca.validators import ACME_IDENTIFIER, ACME_TLS, VALIDATORS, Failed
from test_simca_resolver import TXT, FakeServer, record
from tinyclient import Client

NAME = "www.test.example"
EXPECTED = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0.oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"
DIGEST = hashlib.sha256(EXPECTED.encode()).digest()


def subject(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def answer(names=(x509.DNSName(NAME),), digest=DIGEST, critical=True, key=None, signer=None,
           issuer="answer", tag=b"\x04\x20"):
    """(certificate, key) in PEM, right unless told otherwise."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (x509.CertificateBuilder().subject_name(subject("answer")).issuer_name(subject(issuer))
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1)))
    if names:
        made = made.add_extension(x509.SubjectAlternativeName(names), False)
    if digest is not None:
        value = x509.UnrecognizedExtension(ACME_IDENTIFIER, tag + digest)
        made = made.add_extension(value, critical)
    certificate = made.sign(signer or key, hashes.SHA256())
    return (certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption()))


class TlsServer:
    """One that answers each handshake with this certificate, and notes the server names."""

    def __init__(self, directory, pem, protocols=(ACME_TLS,), newest=None):
        path = directory / "answer.pem"
        path.write_bytes(pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        if protocols:
            context.set_alpn_protocols(list(protocols))
        if newest is not None:
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, newest
        self.names = []
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            try:
                with self._context.wrap_socket(plain, server_side=True) as tls:
                    tls.recv(1)
            except OSError:
                pass

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()


@pytest.fixture
def look(tmp_path):
    """Validate a name at a TLS server with such an answer. @return the server names it was asked for"""
    servers = []

    def validate(pem, name=NAME, **options):
        servers.append(TlsServer(tmp_path, pem, **options))
        ca = SimpleNamespace(counts=Counts(), tls_port=servers[-1].port)
        VALIDATORS["tls-alpn-01"](ca, name, "token", EXPECTED)
        assert ca.counts.fetches == 1
        return servers[-1].names
    yield validate
    for server in servers:
        server.stop()


def test_tls_alpn_01(look):
    assert look(answer()) == [NAME]
    assert look(answer(key=rsa.generate_private_key(65537, 2048))) == [NAME]
    address = x509.IPAddress(ipaddress.ip_address("192.0.2.1"))
    assert look(answer([address]), "192.0.2.1") == ["1.2.0.192.in-addr.arpa"]


@pytest.mark.parametrize("changes, words", [
    ({"names": [x509.DNSName("other.test.example")]}, "is for"),
    ({"names": [x509.DNSName(NAME), x509.DNSName("other.test.example")]}, "is for"),
    ({"names": [x509.DNSName(NAME), x509.DNSName(NAME)]}, "is for"),
    ({"names": [x509.RFC822Name("a@test.example")]}, "is for"),
    ({"names": ()}, "is for"),
    ({"digest": None}, "has no acmeIdentifier"),
    ({"critical": False}, "not critical"),
    ({"digest": hashlib.sha256(b"else").digest()}, "acmeIdentifier"),
    ({"digest": DIGEST[:-1]}, "acmeIdentifier"),
    ({"tag": b""}, "acmeIdentifier"),
    ({"signer": ec.generate_private_key(ec.SECP256R1())}, "not signed by itself"),
    ({"issuer": "somebody"}, "another issuer")], ids=str)
def test_tls_alpn_01_with_another_certificate(look, changes, words):
    with pytest.raises(Failed) as failure:
        look(answer(**changes))
    assert failure.value.kind == "unauthorized"
    assert words in failure.value.detail and NAME in failure.value.detail


@pytest.mark.parametrize("protocols", [(), ("http/1.1",)])
def test_tls_alpn_01_with_another_protocol(look, protocols):
    with pytest.raises(Failed) as failure:
        look(answer(), protocols=protocols)
    assert failure.value.kind in ("unauthorized", "tls")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_tls_alpn_01_with_an_old_version(look):
    with pytest.raises(Failed) as failure:
        look(answer(), newest=ssl.TLSVersion.TLSv1_1)
    assert failure.value.kind in ("tls", "connection")


def test_tls_alpn_01_with_nobody_there():
    ca = SimpleNamespace(counts=Counts(), tls_port=None)
    with pytest.raises(Failed) as failure:
        VALIDATORS["tls-alpn-01"](ca, NAME, "token", EXPECTED)
    assert failure.value.kind == "connection"


@pytest.mark.parametrize("values, kind", [
    ([b"other", jose.encode(DIGEST).encode()], None),
    ([b"other"], "unauthorized"), ([], "unauthorized"),
    ([jose.encode(DIGEST).encode() + b"="], "unauthorized"),
    (None, "dns")])
def test_dns_01(values, kind):
    asked = f"_acme-challenge.{NAME}"

    def reply(fake, query):
        if values is None:
            return fake.answer(query, rcode=2)
        return fake.answer(query, *(record(asked, TXT, bytes([len(v)]) + v) for v in values))
    server = FakeServer(reply)
    ca = SimpleNamespace(counts=Counts(), resolver=server.address)
    try:
        VALIDATORS["dns-01"](ca, NAME, "token", EXPECTED)
        assert kind is None
    except Failed as failure:
        assert failure.kind == kind
        assert asked in failure.detail
    finally:
        server.stop()


def test_a_client_is_validated_by_each_type(make_ca):
    """The table is used: without an answer each of them fails by its own validator."""
    for type_, words in (("tls-alpn-01", "Connecting to"), ("dns-01", "Looking up")):
        ca = make_ca(challenge_types=(type_,), challenge_fate="validated")
        client = Client(ca).open()
        assert client.register().status == 201
        url = client.order(NAME).headers["Location"]
        authorization = ca.orders[0].authorizations[0].url
        client.post(client.post(authorization).json()["challenges"][0]["url"], {})
        client.wait(url, "invalid")
        assert words in client.post(authorization).json()["challenges"][0]["error"]["detail"]
