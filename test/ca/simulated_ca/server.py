# SPDX-License-Identifier: Apache-2.0
"""https on two ports of 127.0.0.1, a thread for each connection."""

import http.server
import socket
import ssl
import sys
import threading
import time
from http import HTTPStatus

from .request import Request


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120

    def handle(self):
        self.server.opened(self.connection)
        try:
            self.connection.do_handshake()
            super().handle()
        except OSError:  # gone, or it does not trust this CA
            self.close_connection = True
        finally:
            self.server.closed(self.connection)

    def finish(self):
        try:
            super().finish()
        except OSError:
            pass

    def do_GET(self):
        self._serve()

    do_HEAD = do_POST = do_GET

    def log_message(self, *_):
        pass

    def _serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) != length:
            return
        # Not self.path, which the library may have tidied up.
        target = self.requestline.split(" ")[1]
        answer = self.server.serve(self.command, self.headers, target, body)
        self._send(answer)

    def _send(self, answer):
        deadline = time.monotonic() + answer.delay
        while time.monotonic() < deadline and self.server.running.is_set():
            time.sleep(min(0.05, max(0.0, deadline - time.monotonic())))
        answer = self.server.ca.finish(answer)
        if answer.cut == "whole":
            self._cut()
            return
        octets = self._head(answer)
        body = b"" if self.command == "HEAD" else answer.body
        if answer.cut == "half":
            self.connection.sendall(octets + body[: len(body) // 2])
            self._cut()
            return
        if answer.drip:
            self._drip(octets, body, answer.drip)
            self.server.ca.delivered(answer)
            return
        # Counted first, for the client may look at the count as soon as it has the answer.
        self.server.ca.delivered(answer)
        self.connection.sendall(octets + body)

    def _drip(self, octets, body, seconds):
        self.connection.sendall(octets)
        for octet in body:
            if not self.server.running.is_set():
                raise ConnectionAbortedError
            self.connection.sendall(bytes([octet]))
            time.sleep(seconds)

    def _head(self, answer):
        try:
            phrase = HTTPStatus(answer.status).phrase
        except ValueError:
            phrase = "Odd"
        lines = [f"HTTP/1.1 {answer.status} {phrase}",
                 *(f"{name}: {value}" for name, value in answer.headers)]
        if answer.status != 204:
            lines.append(f"Content-Length: {len(answer.body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _cut(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, ca, context, port):
        self.ca = ca
        self.context = context
        self.running = threading.Event()
        self.running.set()
        self._open = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), Handler)

    def get_request(self):
        # The handshake is the thread's, so that a slow client holds up nobody.
        raw, address = super().get_request()
        return self.context.wrap_socket(raw, server_side=True,
                                        do_handshake_on_connect=False), address

    def serve(self, method, headers, target, body):
        url = "https://" + (headers.get("Host") or "") + target
        return self.ca.handle(Request(method, url, headers, body))

    def opened(self, connection):
        with self._lock:
            self._open.add(connection)

    def closed(self, connection):
        with self._lock:
            self._open.discard(connection)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def end(self):
        self.running.clear()
        self.shutdown()
        self.server_close()
        with self._lock:
            left = list(self._open)
        for connection in left:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Server:
    def __init__(self, ca, certificate, key, port):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._listeners = [Listener(ca, context, port), Listener(ca, context, 0)]

    @property
    def ports(self):
        return [listener.server_port for listener in self._listeners]

    def start(self):
        for listener in self._listeners:
            threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05},
                             daemon=True).start()
        return self

    def stop(self):
        for listener in self._listeners:
            listener.end()
