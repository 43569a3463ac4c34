# SPDX-License-Identifier: Apache-2.0
"""What httpd does for tls-alpn-01 (RFC 8737), with an answer that the test puts in place: shown to
a client that offers acme-tls/1 alone for a pending name, and to nobody else."""

import functools
import shutil
import socket
import ssl

import pytest
from cryptography import x509

from harness import ca as authority
from harness import certificates, client
from test_config_mistakes import NAME

OTHER = "other.test.example"
REVERSE = "10.2.0.192.in-addr.arpa"
ACME = "acme-tls/1"
ACME_IDENTIFIER = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")


@pytest.fixture
def server(world):
    """An httpd that waits for its first certificates: the CA does not answer."""
    httpd = world.httpd()
    ca = world.ca(httpd)
    ca.pause()

    def start(*lines, more=""):
        httpd.configure(httpd.acme(ca), *lines, httpd.site(NAME, managed=True, more=more),
                        httpd.site(OTHER, managed=True))
        httpd.start()
        # The agent tidies up when it starts.
        httpd.wait_for_status(NAME, lambda entry: True, "anything")
    return httpd, start


RSA_KEY = certificates.make_rsa_key()


def put(httpd, name, text=None):
    """Put an answer in place as the agent does; returns its certificate for elliptic curves."""
    certificate, key = certificates.make_self_signed([name])
    pairs = certificate + key + b"".join(certificates.make_self_signed([name], key=RSA_KEY))
    path = httpd.run_dir / "challenges" / name / "acme-tls-1.pem"
    path.parent.mkdir(exist_ok=True)
    shutil.chown(path.parent, "www-data")
    path.write_bytes(pairs if text is None else text)
    return x509.load_pem_x509_certificate(certificate)


def hello(httpd, name, protocols, say=b""):
    """(protocol, certificate, what came back) of one connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(protocols)
    with socket.create_connection(("127.0.0.1", httpd.https), timeout=5) as plain, \
            context.wrap_socket(plain, server_hostname=name) as tls:
        served = x509.load_der_x509_certificate(tls.getpeercert(binary_form=True))
        answer = b""
        if say:
            tls.sendall(say)
            try:
                answer = tls.recv(1000)
            except OSError:
                pass
        return tls.selected_alpn_protocol(), served, answer


def is_answered(httpd, name, certificate, protocols=(ACME,)):
    try:
        protocol, served, _ = hello(httpd, name, protocols)
    except ssl.SSLError as error:
        # httpd chooses http/1.1, which this client has not offered.
        assert error.reason == "BAD_EXTENSION"
        return False
    assert (protocol == ACME) == (served == certificate), "the protocol and its certificate"
    return protocol == ACME


@pytest.mark.parametrize("lines", ["", "Protocols http/1.1", "Protocols h2 http/1.1"])
def test_answers_while_pending_and_with_no_certificate_yet(server, lines):
    httpd, start = server
    start(lines)
    assert not is_answered(httpd, NAME, None), "nothing is pending"
    certificate = put(httpd, NAME)
    assert is_answered(httpd, NAME, certificate)
    assert is_answered(httpd, NAME.upper(), certificate)
    assert is_answered(httpd, f"{NAME}.", certificate)
    assert not is_answered(httpd, OTHER, certificate), "another name is not pending"
    (httpd.run_dir / "challenges" / NAME / "acme-tls-1.pem").unlink()
    assert not is_answered(httpd, NAME, certificate)


def test_only_for_clients_that_offer_nothing_else(server):
    httpd, start = server
    start()
    certificate = put(httpd, NAME)
    for protocols in ((), ("http/1.1",), ("h2", "http/1.1"), (ACME, "http/1.1"),
                      ("http/1.1", ACME)):
        assert not is_answered(httpd, NAME, certificate, protocols), protocols


@pytest.mark.smoke
def test_server_names_that_no_virtual_host_has(server):
    httpd, start = server
    start()
    certificate = put(httpd, REVERSE)
    assert is_answered(httpd, REVERSE, certificate)
    assert not is_answered(httpd, REVERSE, certificate, ("http/1.1",))


def test_such_a_connection_carries_no_request(server, world):
    httpd, start = server
    world.expect("AH01897")  # no CAs for client certificates
    start(more="SSLVerifyClient require")
    put(httpd, NAME)
    request = f"GET /index.html HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode()
    protocol, _, answer = hello(httpd, NAME, (ACME,), say=request)
    assert protocol == ACME
    assert answer == b""


def test_files_that_are_no_answer(server, world):
    httpd, start = server
    start()
    world.expect("answer to a tls-alpn-01 validation")
    certificate = put(httpd, NAME, text=b"nonsense")
    assert not is_answered(httpd, NAME, certificate)
    good = b"".join(certificates.make_self_signed([NAME]))
    put(httpd, NAME, text=certificates.make_self_signed([NAME])[0]
        + certificates.make_self_signed([NAME])[1] + good)
    assert not is_answered(httpd, NAME, certificate), "the key of another certificate"
    put(httpd, NAME, text=good + b"".join(reversed(certificates.make_self_signed([NAME]))))
    assert not is_answered(httpd, NAME, certificate), "half of it is missing"
    path = httpd.run_dir / "challenges" / NAME / "acme-tls-1.pem"
    path.write_bytes(b" " * 20000)
    assert not is_answered(httpd, NAME, certificate)
    path.unlink()
    certificate = put(httpd, OTHER)
    path.symlink_to(httpd.run_dir / "challenges" / OTHER / "acme-tls-1.pem")
    assert not is_answered(httpd, NAME, certificate), "links are not followed"


def test_not_where_it_is_not_allowed(server):
    httpd, start = server
    start("ACMEChallenge http-01")
    assert not is_answered(httpd, NAME, put(httpd, NAME))


# -- with a CA that looks --------------------------------------------------------------------------

ORDINARY = {(): None, ("http/1.1",): "http/1.1", ("h2", "http/1.1"): "http/1.1",
            ("http/1.1", ACME): "http/1.1"}


class OrdinaryClients:
    """Clients of every kind, again and again, and what they were given that is not theirs."""

    def __init__(self, httpd, name, expected):
        self.surprises = set()
        self._prober = client.Prober([functools.partial(self._ask, httpd, name, offer, answer)
                                      for offer, answer in expected.items()], pause=0.01)

    def _ask(self, httpd, name, offer, answer):
        protocol, served, _ = hello(httpd, name, offer)
        if protocol != answer:
            self.surprises.add(f"{offer}: {protocol}")
        if any(extension.oid == ACME_IDENTIFIER for extension in served.extensions):
            self.surprises.add(f"{offer}: the certificate of the validation")

    def __enter__(self):
        self._prober.__enter__()
        return self

    def __exit__(self, *_):
        self._prober.__exit__()
        assert self._prober.failures == []
        assert self._prober.requests > 20
        assert self.surprises == set()


@pytest.mark.parametrize("protocols, key_types, tls", [
    ("", "rsa2048", ""),
    ("Protocols h2 http/1.1", "p256", ""),
    ("Protocols h2 http/1.1 acme-tls/1", "rsa2048 p384", ""),
    ("Protocols h2 http/1.1", "rsa2048 p256", "SSLHonorCipherOrder on"),
    ("Protocols acme-tls/1 http/1.1", "rsa2048", "SSLProtocol TLSv1.2"),
    ("", "p384", "SSLProtocol TLSv1.2"),
    ("Protocols h2 http/1.1", "p256 rsa2048", "SSLProtocol TLSv1.2")])
def test_issued_and_renewed(world, protocols, key_types, tls):
    """Before there is any certificate, and again while one is served, with a key of whatever kind;
    ordinary clients do not notice."""
    httpd = world.httpd()
    h2 = "h2" in protocols
    httpd.modules = ["http2"] if h2 else []
    ca = world.ca(httpd, tls_port=httpd.https, validity=20)
    httpd.configure(protocols, tls, f"ACMEKeyType {key_types}",
                    httpd.acme(ca, more="ACMEChallenge tls-alpn-01"),
                    httpd.site(NAME, managed=True, more=protocols), httpd.site(OTHER, managed=True))
    httpd.start()
    expected = {**ORDINARY, **({("h2", "http/1.1"): "h2"} if h2 else {})}
    with OrdinaryClients(httpd, NAME, expected):
        first = httpd.wait_for_certificate(NAME, ca)
        httpd.wait_for_certificate(OTHER, ca)
        httpd.wait_for_certificate(NAME, ca, other_than=first.serial_number)
    assert ca.count("Attempting to validate w/ HTTP") == 0
    assert ca.count(authority.CHALLENGE) >= 3
    assert (httpd.log.count("asked this server to prove") >= 3
            or httpd.log.count("When the CA asks this server cannot be seen")), "inotify is limited"
    assert list((httpd.run_dir / "challenges").iterdir()) == [], "no answer is left"
