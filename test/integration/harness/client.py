# SPDX-License-Identifier: Apache-2.0
"""Requests to the httpd under test, each on a connection of its own."""

import http.client
import json
import socket
import ssl
import threading
import time

from cryptography import x509

from .waiting import PATIENCE


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)


class TlsConnection(http.client.HTTPConnection):
    """https to 127.0.0.1 with a server name of our choice."""

    def __init__(self, port, server_name, context, timeout):
        super().__init__("127.0.0.1", port, timeout=timeout)
        self._server_name = server_name
        self._context = context

    def connect(self):
        super().connect()
        self.sock = self._context.wrap_socket(self.sock, server_hostname=self._server_name)


def trusting(root_pem):
    """A TLS context that trusts this root and nothing else."""
    return ssl.create_default_context(cadata=root_pem.decode())


def trusting_anyone():
    """Without the roots of the machine: reading them takes longer than a request."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def get(port, host, path="/index.html", method="GET", tls=None, timeout=10 * PATIENCE, server_name=None,
        headers=None):
    """One request. tls: a context, for https. What keeps an answer from coming, or cuts it short, is
    an OSError."""
    if tls is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    else:
        connection = TlsConnection(port, server_name or host, tls, timeout)
    try:
        # As bytes on the wire: no client-side clean-up of "..".
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", host)
        connection.putheader("Connection", "close")
        for key, value in (headers or {}).items():
            connection.putheader(key, value)
        connection.endheaders()
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    except http.client.HTTPException as error:
        raise ConnectionError(f"no whole answer: {error!r}") from error
    finally:
        connection.close()


def served_certificate(port, name, address="127.0.0.1"):
    """The certificate that is shown for that server name (None: for none), trusted or not."""
    with socket.create_connection((address, port), timeout=10 * PATIENCE) as raw:
        with trusting_anyone().wrap_socket(raw, server_hostname=name) as tls:
            return x509.load_der_x509_certificate(tls.getpeercert(binary_form=True))


class Prober:
    """Asks again and again, from a thread, and remembers every failure to connect."""

    def __init__(self, targets, pause=0.02):
        self._targets = targets  # functions that make one request
        self._pause = pause
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.failures = []
        self.requests = 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(30)

    def _run(self):
        while not self._stop.is_set():
            for target in self._targets:
                try:
                    target()
                    self.requests += 1
                except OSError as error:
                    self.failures.append(f"{time.strftime('%X')} {error!r}")
            self._stop.wait(self._pause)
