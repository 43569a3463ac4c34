# SPDX-License-Identifier: Apache-2.0
"""Certificates for IP addresses (RFC 8738): ordered, validated, stored, served."""

import shutil
import socket

import pytest

from harness import certificates, client
from harness.ports import has_ipv6
from harness.waiting import wait_until
from test_config_mistakes import KEY, NAME, changed, good, refused
from test_http01 import PREFIX

V4 = "127.0.0.1"
V6 = "::1"
V6_FILE = "_ipv6.--1"
AH01909 = "AH01909"  # mod_ssl compares ServerName with the DNS names of a certificate alone


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")


def addresses_of(certificate):
    names = certificate.extensions.get_extension_for_class(certificates.x509.SubjectAlternativeName)
    return [str(a) for a in names.value.get_values_for_type(certificates.x509.IPAddress)]


def served_without_a_name(httpd, host=V4):
    """The certificate for a client that goes to an address: it names no server in TLS."""
    return client.served_certificate(httpd.https, None, host)


def get(httpd, ca, host=V4):
    """https to the address, judged by a client that compares it with the certificate."""
    context = client.trusting(ca.root())
    literal = f"[{host}]" if ":" in host else host
    with socket.create_connection((host, httpd.https), timeout=10) as raw:
        with context.wrap_socket(raw, server_hostname=host) as tls:
            tls.sendall(f"GET /index.html HTTP/1.0\r\nHost: {literal}\r\n\r\n".encode())
            return tls.makefile("rb").read()


def test_an_address_alone(world):
    world.expect(AH01909)
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(V4, managed=True))
    httpd.start()
    httpd.wait_for_issue(V4)
    httpd.graceful()
    served = served_without_a_name(httpd)
    assert addresses_of(served) == [V4]
    assert certificates.names_of(served) == []
    assert get(httpd, ca).endswith(b"hello\n")
    assert (httpd.store.dir / "live" / V4).is_dir()
    assert httpd.certificate_status(V4)["names"] == [V4]
    page = httpd.get("localhost", "/acme-status").body.decode()
    assert f"<h2>{V4}</h2>" in page
    assert not any((httpd.run_dir / "challenges").iterdir())


@pytest.mark.parametrize("names", [f"{NAME} {V4}", f"{V4} {NAME}"])
def test_a_name_and_an_address(world, names):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), f"ACMEManagedDomain {names}", httpd.site(NAME, aliases=[V4]))
    httpd.start()
    first = names.split()[0]
    httpd.wait_for_issue(first)
    httpd.graceful()
    served = httpd.wait_for_certificate(NAME, ca)
    assert addresses_of(served) == [V4]
    assert certificates.names_of(served) == [NAME]
    assert served_without_a_name(httpd) == served
    assert get(httpd, ca).endswith(b"hello\n")


@needs_ipv6
@pytest.mark.parametrize("challenge", ["http-01", "tls-alpn-01"])
def test_an_ipv6_address(world, challenge):
    """httpd takes none as a ServerName: the virtual host is at the address."""
    world.expect(AH01909)
    httpd = world.httpd()
    httpd.more_lines = [f"Listen [::1]:{httpd.http}", f"Listen [::1]:{httpd.https}"]
    ca = world.ca(httpd, tls_port=httpd.https)
    httpd.configure(httpd.acme(ca), f"ACMEChallenge {challenge}", f"<VirtualHost [::1]:{httpd.https}>",
                    f"ServerName {NAME}", "SSLEngine on", "ACMEManagedDomain [0:0::1]",
                    "</VirtualHost>")
    assert "virtual host" not in httpd.check()[1]
    httpd.start()
    httpd.wait_for_issue(V6)
    httpd.graceful()
    assert addresses_of(served_without_a_name(httpd, V6)) == [V6]
    assert get(httpd, ca, V6).endswith(b"hello\n")
    assert httpd.store.generations(V6_FILE) == ["000001"]
    assert httpd.store.leftovers() == []
    assert ca.issued() == 1
    assert httpd.log.count(r"keeper\[\d+\]: ::1 has a new certificate")
    assert httpd.log.count(r"agent\[\d+\]: Ordering a certificate for ::1:")
    assert not httpd.log.count(r"(keeper|agent)\[\d+\]: .*\b_ipv6"), "its directory is not its name"


def test_tls_alpn(world):
    """The CA asks for a reverse name, which no virtual host has."""
    world.expect(AH01909)
    httpd = world.httpd()
    ca = world.ca(httpd, tls_port=httpd.https)
    httpd.configure(httpd.acme(ca), "ACMEChallenge tls-alpn-01", httpd.site(V4, managed=True))
    httpd.start()
    httpd.wait_for_issue(V4)
    assert ca.issued() == 1


def test_a_ca_that_has_no_addresses(world):
    world.expect(AH01909, "unsupportedIdentifier")
    httpd = world.httpd()
    ca = world.simulated_ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(V4, managed=True))
    httpd.start()
    problem = httpd.wait_for_problem(V4, "unsupportedIdentifier")["problem"]
    assert "remove the name from ACMEManagedDomain" in problem["advice"]


@pytest.mark.parametrize("written", [V6, f"[{V6}]"])
def test_as_a_section(world, written):
    world.expect(AH01909)
    httpd = world.httpd()
    ca = world.ca(httpd)
    ca.pause()
    httpd.configure(httpd.acme(ca), httpd.site(NAME, aliases=[V6]), f"<ACMEManagedDomain {written}>",
                    "</ACMEManagedDomain>")
    httpd.start()
    entry = httpd.wait_for_status(V6, lambda e: e["state"] != "failing", "anything")
    assert entry["names"] == [V6]


def test_two_key_types(world):
    world.expect(AH01909)
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), "ACMEKeyType p256 rsa2048", httpd.site(V4, managed=True))
    httpd.start()
    ca.wait_for("POST /certZ/", times=2)
    places = [httpd.store.live(V4), httpd.store.live(V4 + "+rsa2048")]
    wait_until(lambda: all(place.is_dir() for place in places), 10, "both certificates")
    httpd.graceful()
    assert get(httpd, ca).endswith(b"hello\n")
    assert ca.issued() == 2


# -- http-01 ------------------------------------------------------------------------------------------

TOKEN = "A" * 43


@pytest.fixture
def unanswered(world):
    """An httpd that waits for its first certificate: the CA does not answer."""
    httpd = world.httpd()
    ca = world.ca(httpd)
    ca.pause()
    httpd.configure(httpd.acme(ca), httpd.plain_site("localhost"), httpd.site(NAME, managed=True))
    httpd.start()
    # The agent tidies up when it starts.
    httpd.wait_for_status(NAME, lambda entry: True, "anything")
    return httpd


def put(httpd, directory, text):
    """Put an answer in place as the agent does."""
    path = httpd.run_dir / "challenges" / directory / TOKEN
    path.parent.mkdir()
    shutil.chown(path.parent, "www-data")
    path.write_text(text)


def test_the_host_of_a_request_may_be_an_address(unanswered):
    put(unanswered, "_ipv6.2001-db8--1", "of IPv6")
    put(unanswered, "192.0.2.1", "of IPv4")
    port = unanswered.http
    for host, text in (("[2001:db8::1]", b"of IPv6"), (f"[2001:db8::1]:{port}", b"of IPv6"),
                       ("[2001:DB8:0:0:0:0:0:1]:80", b"of IPv6"),
                       ("192.0.2.1", b"of IPv4"), (f"192.0.2.1:{port}", b"of IPv4")):
        answer = unanswered.get(host, PREFIX + TOKEN)
        assert (answer.status, answer.body) == (200, text), host
        over_tls = unanswered.get_tls(host, PREFIX + TOKEN, server_name=NAME)
        assert over_tls.body == text, host
    # Whoever knows the token may ask under another address or name: a CA may come by a redirection.
    for host in ("[2001:db8::2]", "192.0.2.2", NAME):
        answer = unanswered.get(host, PREFIX + TOKEN)
        assert answer.status == 200 and answer.body in (b"of IPv6", b"of IPv4"), host
        assert unanswered.get(host, PREFIX + "B" * 43).status == 404, host


# -- the configuration --------------------------------------------------------------------------------

@pytest.fixture
def httpd(world):
    httpd = world.httpd()
    httpd.write_key(KEY)
    return httpd


MISTAKES = {
    "192.0.2.256": "no IPv4 address",
    "192.0.2": "no IPv4 address",
    "192.0.2.01": "no IPv4 address",
    "192.0.2.1:443": "has a port",
    "[2001:db8::1]:443": "has a port",
    f"{NAME}:443": "has a port",
    "192.0.2.0/24": "is a network",
    "2001:db8::/32": "is a network",
    "2001:db8::1::2": "no IPv6 address",
    "[2001:db8::1": "no IPv6 address",
    "fe80::1%eth0": "zone",
    "0.0.0.0": "not the address of a server",
    "::": "not the address of a server",
    "224.0.0.1": "multicast",
    "ff02::1": "multicast",
    "::ffff:192.0.2.1": "write it as IPv4",
}


@pytest.mark.parametrize("word", MISTAKES)
def test_what_is_no_address(httpd, word):
    line = f"ACMEManagedDomain {word}"
    output = refused(httpd, [good(httpd), line, httpd.site(NAME)], line, MISTAKES[word])
    assert f"ACMEManagedDomain: '{word}' " in output


def said(httpd, *parts):
    """What httpd -t says of a configuration in which nothing is wrong."""
    httpd.configure(*parts)
    status, output = httpd.check()
    assert status == 0, output
    assert not httpd.store.dir.exists()
    return output.removesuffix("Syntax OK\n")


@pytest.mark.parametrize("written", ["2001:db8::1", "[2001:db8::1]", "2001:0DB8:0:0::0001"])
@pytest.mark.parametrize("alias", ["2001:db8::1", "[2001:DB8::1]"])
def test_an_address_has_many_texts(httpd, written, alias):
    assert said(httpd, good(httpd), f"ACMEManagedDomain {NAME} {written}",
                httpd.site(NAME, aliases=[alias])) == ""


def test_an_address_stands_in_one_managed_domain(httpd):
    second = f"ACMEManagedDomain {NAME} [2001:DB8:0::1]"
    refused(httpd, [good(httpd), "ACMEManagedDomain 2001:db8::1", second, httpd.site(NAME)], second,
            "'2001:db8::1' is already in the managed domain at")


def test_an_address_that_no_virtual_host_has(httpd):
    assert "no virtual host answers to 192.0.2.1" in said(
        httpd, good(httpd), f"ACMEManagedDomain {NAME} 192.0.2.1", httpd.site(NAME))


def test_dns_01_is_not_for_addresses(httpd):
    both = [f"ACMEManagedDomain {NAME} {V4}", httpd.site(NAME, aliases=[V4])]
    command = "ACMEDNSCommand /bin/true"
    output = said(httpd, good(httpd), command, "ACMEChallenge dns-01", *both)
    assert f"dns-01 cannot validate an IP address such as {V4}; add http-01" in output
    assert f"{httpd.conf}:{httpd.line_of('ACMEChallenge')}: " in output
    for fine in ("dns-01 http-01", "tls-alpn-01 dns-01", "none"):
        assert said(httpd, good(httpd), command, f"ACMEChallenge {fine}", *both) == ""


def test_lets_encrypt_has_a_profile_for_addresses(httpd):
    letsencrypt = changed(httpd, "ACMEServer", "ACMEServer letsencrypt")
    site = httpd.site(V4, managed=True)
    assert "ACMEProfile shortlived" in said(httpd, letsencrypt, site)
    assert "ACMEProfile shortlived" in said(httpd, letsencrypt, "ACMEProfile tlsserver", site)
    assert said(httpd, letsencrypt, "ACMEProfile shortlived", site) == ""
    assert said(httpd, letsencrypt, httpd.site(NAME, managed=True)) == ""


def test_without_a_server_name_the_first_virtual_host_answers(httpd):
    other, address = httpd.site(NAME, managed=True), httpd.site(V4, managed=True)
    assert said(httpd, good(httpd), address, other) == ""
    output = said(httpd, good(httpd), other, address)
    assert f"clients that go to {V4} name no server" in output
    assert f"{httpd.conf}:{line_of_last(httpd, '<VirtualHost')}: " in output
    # The first one may have the certificate as well, and a port of its own is another place.
    assert said(httpd, good(httpd), f"ACMEManagedDomain {NAME} {V4}", httpd.site(NAME),
                httpd.site(V4)) == ""
    assert said(httpd, good(httpd), other, address.replace(str(httpd.https), "18443")) == ""


def line_of_last(httpd, text):
    lines = httpd.conf.read_text().splitlines()
    return max(number for number, line in enumerate(lines, 1) if text in line)


# -- which virtual host gets the certificate ----------------------------------------------------------

def fallback_names(httpd, server_name=None):
    served = client.served_certificate(httpd.https, server_name)
    return certificates.names_of(served) + addresses_of(served)


def test_a_name_comes_before_the_address_of_a_virtual_host(world):
    """Both are at 127.0.0.1, and each has the certificate for its own name."""
    world.expect(AH01909)
    httpd = world.httpd()
    ca = world.ca(httpd)
    ca.pause()
    httpd.configure(httpd.acme(ca), httpd.site(NAME), httpd.site("other.test.example", aliases=[V4]),
                    f"ACMEManagedDomain {NAME}", f"ACMEManagedDomain {V4}")
    httpd.start()
    assert fallback_names(httpd) == fallback_names(httpd, NAME) == [NAME]
    assert fallback_names(httpd, "other.test.example") == [V4]


def test_the_address_of_a_virtual_host_where_no_other_has_the_name(world):
    """One without TLS that has it as its name counts for nothing."""
    world.expect(AH01909)
    httpd = world.httpd()
    ca = world.ca(httpd)
    ca.pause()
    httpd.configure(httpd.acme(ca), httpd.plain_site(V4), httpd.site("other.test.example"),
                    f"ACMEManagedDomain {V4}")
    httpd.start()
    assert fallback_names(httpd) == [V4]
