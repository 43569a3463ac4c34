# SPDX-License-Identifier: Apache-2.0
"""The way to the CA through a proxy that wants to know who asks."""

import pytest

from harness.ports import has_ipv6
from harness.proxy import CREDENTIALS, Proxy, credentials_file
from harness.waiting import wait_until

NAME = "www.test.example"


def test_issued_through_a_proxy_with_a_password(world):
    httpd = world.httpd()
    httpd.log_level = "trace8"
    ca = world.ca(httpd)
    proxy = Proxy()
    httpd.configure(httpd.acme(ca),
                    f"ACMEProxy http://127.0.0.1:{proxy.port} file:{credentials_file(httpd)}",
                    httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    proxy.end()
    assert set(proxy.connects) == {f"localhost:{ca.port}"} and proxy.refused == 0
    password = CREDENTIALS.split(":")[1]
    assert password not in httpd.log.path.read_text()
    assert '"protected"' not in httpd.log.path.read_text(), "nor is any signed request"
    assert password not in (httpd.run_dir / "status.json").read_text()


def test_a_proxy_that_refuses_is_named(world):
    world.expect(r"acme_eab:error\].*proxy")
    httpd = world.httpd()
    ca = world.ca(httpd)
    proxy = Proxy()
    httpd.configure(httpd.acme(ca), f"ACMEProxy http://127.0.0.1:{proxy.port}",
                    httpd.site(NAME, managed=True))
    httpd.start()
    entry = httpd.wait_for_status(NAME, lambda e: e["state"] == "failing", "the refusal")
    proxy.end()
    assert proxy.refused > 0 and f"127.0.0.1:{proxy.port}" in entry["problem"]["detail"]
    assert ca.registrations() == 0


def test_all_requests_of_an_account_share_a_connection(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    proxy = Proxy()
    names = [f"d{number}.test.example" for number in range(12)]
    httpd.configure(httpd.acme(ca), "ACMEReload off",
                    f"ACMEProxy http://127.0.0.1:{proxy.port} file:{credentials_file(httpd)}",
                    *(httpd.site(name, managed=True) for name in names))
    httpd.start()
    wait_until(lambda: ca.issued() == len(names), 60, "all certificates")
    for name in names:
        httpd.wait_for_status(name, lambda e: e["keys"], "a certificate in the store")
    assert len(proxy.connects) == 1


def test_issued_through_an_https_proxy(world):
    """The proxy is trusted by ACMECACertificateFile or the system."""
    httpd = world.httpd()
    ca = world.ca(httpd)
    proxy = Proxy(ca.tls_certificate, ca.tls_key)
    httpd.configure(httpd.acme(ca),
                    f"ACMEProxy https://localhost:{proxy.port} file:{credentials_file(httpd)}",
                    httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    proxy.end()
    assert set(proxy.connects) == {f"localhost:{ca.port}"} and proxy.refused == 0


def test_an_https_proxy_that_is_not_trusted_gets_no_password(world):
    world.expect(r"acme_eab:error\]")
    httpd = world.httpd()
    ca = world.ca(httpd)
    other = world.ca(httpd)
    proxy = Proxy(other.tls_certificate, other.tls_key)
    httpd.configure(httpd.acme(ca),
                    f"ACMEProxy https://localhost:{proxy.port} file:{credentials_file(httpd)}",
                    httpd.site(NAME, managed=True))
    httpd.start()
    entry = httpd.wait_for_status(NAME, lambda e: e["state"] == "failing", "the refusal")
    problem = entry.get("problem") or httpd.status()["accounts"][0]["problem"]
    assert f"certificate of the proxy localhost:{proxy.port} is not trusted" in problem["detail"]
    assert "ACMEProxy" in problem["advice"]
    assert proxy.connects == []


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
def test_a_ca_that_only_has_an_ipv6_address(world):
    httpd = world.httpd()
    ca = world.ca(httpd, host="[::1]")
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    assert httpd.status()["accounts"][0]["directory"] == f"https://[::1]:{ca.port}/dir"
