# SPDX-License-Identifier: Apache-2.0
"""What docs/conformance.md promises and no other file is about: which names are ordered, how long a
CA may take, old TLS, certificates without OCSP."""

import socket
import ssl
import threading
import time

import pytest

from harness import certificates, clock
from harness.ports import free_port
from harness.waiting import wait_until
from test_config_mistakes import GOOD, NAME, httpd, refused  # noqa: F401
from test_tls_alpn import ACME, put, server  # noqa: F401

BASE = "test.example"


# -- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("names, ordered", [
    (f"{NAME} *.{BASE} {BASE} a.b.{BASE}", [f"*.{BASE}", f"a.b.{BASE}", BASE]),
    (f"{NAME.upper()} {NAME}. {NAME} Mail.{BASE}", [f"mail.{BASE}", NAME])])
def test_each_name_is_ordered_once(world, names, ordered):
    """And not at all when a wildcard of the same certificate covers it."""
    httpd = world.httpd()
    ca = world.simulated_ca(httpd, prevalidated=True)
    httpd.configure(httpd.acme(ca), f"ACMEManagedDomain {names}", httpd.site(NAME))
    httpd.start()
    served = httpd.wait_for_certificate(NAME, ca)
    assert sorted(ca.orders[0].names) == ordered
    assert sorted(certificates.names_of(served)) == ordered
    assert ca.counted() == (1, 1, 1, 1, 1)


def test_a_hundred_names_at_most(httpd):  # noqa: F811
    names = [f"n{number}.{BASE}" for number in range(100)]
    httpd.configure(GOOD.format(key=httpd.key_file), f"ACMEManagedDomain {' '.join(names)}",
                    httpd.site(names[0]))
    assert httpd.check()[0] == 0
    line = f"ACMEManagedDomain {' '.join(names)} one.too.many.{BASE}"
    refused(httpd, [GOOD.format(key=httpd.key_file), line, httpd.site(names[0])], line, "101", "100")


def test_names_beyond_ascii_are_refused_with_a_hint(httpd):  # noqa: F811
    line = f"ACMEManagedDomain b\u00fccher.{BASE}"
    refused(httpd, [GOOD.format(key=httpd.key_file), line, httpd.site(NAME)], line, "xn--")
    httpd.configure(GOOD.format(key=httpd.key_file), f"ACMEManagedDomain xn--bcher-kva.{BASE}",
                    httpd.site(f"xn--bcher-kva.{BASE}"))
    assert httpd.check()[0] == 0


# -- time -----------------------------------------------------------------------------------------


class Deaf:
    """Takes connections and says nothing; as many bytes of each as come."""

    def __init__(self):
        self.port = free_port()
        self.connections = []
        self._socket = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                self.connections.append(self._socket.accept()[0])
            except OSError:
                return

    def end(self):
        self._socket.close()
        for connection in self.connections:
            connection.close()


def fast(times):
    """The environment in which time runs so many times as fast. httpd waits that much less for its
    children when it stops (AH00045)."""
    environment = clock.shifted(0)
    del environment["FAKETIME_DONT_FAKE_MONOTONIC"]
    return {**environment, "FAKETIME": f"+0 x{times}"}


def problem_of_account(httpd, word):  # noqa: F811
    def told():
        try:
            problem = httpd.status()["accounts"][0].get("problem") or {}
        except (AssertionError, OSError, IndexError):
            return None
        return problem if word in problem.get("detail", "") else None
    return wait_until(told, 25, f"a problem with {word!r}")


def test_a_connection_is_waited_for_ten_seconds(world):
    world.expect(r"acme_eab:error\].*no connection within 10 seconds", r"core:warn\].*AH00045")
    httpd, deaf = world.httpd(), Deaf()
    ca = world.simulated_ca(httpd)
    httpd.configure(httpd.acme(ca).replace(ca.url, f"https://127.0.0.1:{deaf.port}/dir"),
                    httpd.site(NAME, managed=True))
    httpd.environment = fast(8)
    httpd.start()
    began = time.monotonic()
    problem = problem_of_account(httpd, "within 10 seconds")
    assert time.monotonic() - began < 120 / 8, "not only when the whole time for an answer is over"
    assert problem["type"].endswith(":caUnreachable")
    httpd.stop()
    deaf.end()


def test_an_answer_is_waited_for_three_minutes(world):
    """A CA may need 90 seconds for a finalize; none needs for ever."""
    world.expect(r"acme_eab:error\].*within (10|180) seconds",  # on a busy machine first the one
                 r"core:warn\].*AH00045")
    httpd = world.httpd()
    ca = world.simulated_ca(httpd)
    ca.accidents.delay("directory", 60, times=10)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.environment = fast(30)
    began = time.monotonic()
    httpd.start()
    problem = problem_of_account(httpd, "within 180 seconds")
    assert problem["type"].endswith(":caUnreachable")
    assert time.monotonic() - began > 180 / 30
    httpd.stop()


# -- TLS ------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*TLSv1_1.*:DeprecationWarning")
def test_old_tls_gets_no_answer_to_tls_alpn(server, world):  # noqa: F811
    world.expect(r"ssl:(warn|error)\]")
    httpd, start = server  # noqa: F811
    start(more="SSLProtocol +TLSv1.1 +TLSv1.2\nSSLCipherSuite DEFAULT:@SECLEVEL=0")
    put(httpd, NAME)

    def protocol(version):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        context.set_alpn_protocols([ACME])
        with socket.create_connection(("127.0.0.1", httpd.https), timeout=5) as plain, \
                context.wrap_socket(plain, server_hostname=NAME) as tls:
            return tls.selected_alpn_protocol()
    assert protocol(ssl.TLSVersion.TLSv1_2) == ACME
    with pytest.raises(ssl.SSLError, match="BAD_EXTENSION"):  # http/1.1, which it has not offered
        protocol(ssl.TLSVersion.TLSv1_1)


def test_certificates_without_a_responder_are_no_obstacle_to_stapling(world):
    """Which is how CAs issue now; mod_ssl tells of it in its own words."""
    world.expect(r"ssl:(warn|error)\]")
    httpd = world.httpd()
    httpd.more_lines = ['SSLStaplingCache "shmcb:stapling(32768)"', "SSLUseStapling on"]
    ca = world.simulated_ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    assert httpd.get_tls(NAME, trust=ca.root()).status == 200
    assert httpd.log.lines(r"acme_eab:(warn|error)\]") == []
