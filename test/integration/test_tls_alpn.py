# SPDX-License-Identifier: Apache-2.0
"""What httpd does for tls-alpn-01 (RFC 8737), with an answer that the test puts in place: shown to
a client that offers acme-tls/1 alone for a pending name, and to nobody else."""

import shutil
import socket
import ssl

import pytest
from cryptography import x509

from harness import certificates
from test_config_mistakes import NAME

OTHER = "other.test.example"
REVERSE = "10.2.0.192.in-addr.arpa"
ACME = "acme-tls/1"


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


def put(httpd, name, text=None):
    """Put an answer in place as the agent does; returns its certificate."""
    certificate, key = certificates.make_self_signed([name])
    path = httpd.run_dir / "challenges" / name / "acme-tls-1.pem"
    path.parent.mkdir(exist_ok=True)
    shutil.chown(path.parent, "www-data")
    path.write_bytes(certificate + key if text is None else text)
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
    put(httpd, NAME, text=certificates.make_self_signed([NAME])[0]
        + certificates.make_self_signed([NAME])[1])
    assert not is_answered(httpd, NAME, certificate), "the key of another certificate"
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
