# SPDX-License-Identifier: Apache-2.0
"""A renewal and its graceful restart, seen from many clients: nobody notices."""

import hashlib
import re
import secrets
import signal
import socket
import subprocess
import time

from harness.waiting import wait_until

NAME = "www.test.example"
SIZE = 24 * 1024 * 1024  # more than the buffers of both ends can hold


def start_ab(url):
    """ab opens a new connection for each request unless told otherwise."""
    return subprocess.Popen(
        ["nice", "ab", "-q", "-t", "300", "-n", "10000000", "-c", "3", "-s", "60",
         "-H", f"Host: {NAME}", url],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def judge_ab(process):
    process.send_signal(signal.SIGINT)  # then it tells what it has counted, and ends with 1
    output, _ = process.communicate(timeout=90)
    assert process.returncode in (0, 1), output
    failed = int(re.search(r"Failed requests:\s+(\d+)", output)[1])
    complete = int(re.search(r"Complete requests:\s+(\d+)", output)[1])
    assert "Non-2xx responses" not in output, output
    return complete, failed


class SlowDownload:
    """A client that begins to read a big file and does not go on until told to."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.sendall(f"GET /big HTTP/1.0\r\nHost: {NAME}\r\n\r\n".encode())
        self.data = self._socket.recv(4096)

    def finish(self):
        while chunk := self._socket.recv(65536):
            self.data += chunk
        self._socket.close()
        return self.data.split(b"\r\n\r\n", 1)[1]


def test_no_request_fails_through_a_renewal_and_its_restart(world):
    httpd = world.httpd()
    ca = world.ca(httpd, validity=14)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    content = secrets.token_bytes(SIZE)
    (httpd.htdocs / "big").write_bytes(content)
    httpd.start()
    first = httpd.wait_for_certificate(NAME, ca)
    restarts = httpd.restarts()

    slow = SlowDownload(httpd.http)
    clients = [start_ab(f"http://127.0.0.1:{httpd.http}/index.html"),
               start_ab(f"https://127.0.0.1:{httpd.https}/index.html")]
    httpd.wait_for_certificate(NAME, ca, other_than=first.serial_number)
    wait_until(lambda: httpd.restarts() > restarts, 5, "the graceful restart")
    time.sleep(2)  # the load goes on after it
    for client in clients:
        assert client.poll() is None, "the load went on until now"
        complete, failed = judge_ab(client)
        assert complete > 20, "there was a load, however busy the machine"
        assert failed == 0
    body = slow.finish()
    assert hashlib.sha256(body).digest() == hashlib.sha256(content).digest()
