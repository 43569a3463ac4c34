# SPDX-License-Identifier: Apache-2.0
"""The way to the CA through a proxy that wants to know who asks."""

import base64
import os
import socket
import ssl
import threading

import pytest

from harness.ports import free_port, has_ipv6
from harness.waiting import wait_until

NAME = "www.test.example"
CREDENTIALS = "campus-host:kahzaNg2eeth"


class Proxy:
    """Tunnels CONNECT for those who say the right words, and notes what was asked of it. With a
    certificate and its key it is an https proxy."""

    def __init__(self, certificate=None, key=None):
        self.port = free_port()
        self.connects = []
        self.refused = 0
        self._tls = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate, key)
        self._socket = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def end(self):
        self._socket.close()

    def _accept(self):
        while True:
            try:
                near, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near):
        if self._tls is not None:
            try:
                near = self._tls.wrap_socket(near, server_side=True)
            except OSError:
                self.refused += 1
                return
        head = b""
        while b"\r\n\r\n" not in head:
            data = near.recv(4096)
            if not data:
                return
            head += data
        words = base64.b64encode(CREDENTIALS.encode())
        if b"Proxy-Authorization: Basic " + words not in head:
            self.refused += 1
            near.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                         b"Proxy-Authenticate: Basic realm=campus\r\nContent-Length: 0\r\n\r\n")
            near.close()
            return
        host, port = head.split()[1].decode().rsplit(":", 1)
        self.connects.append(f"{host}:{port}")
        far = socket.create_connection(("127.0.0.1", int(port)))
        near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        threading.Thread(target=self._pump, args=(near, far), daemon=True).start()
        self._pump(far, near)

    @staticmethod
    def _pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def credentials_file(httpd):
    path = httpd.dir / "proxy.credentials"
    path.touch(0o600)
    path.write_text(CREDENTIALS + "\n")
    os.chmod(path, 0o600)
    return path


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
