# SPDX-License-Identifier: Apache-2.0
"""A proxy on the way to the CA."""

import base64
import os
import socket
import ssl
import threading

from .ports import free_port

CREDENTIALS = "campus-host:kahzaNg2eeth"


class Proxy:
    """Tunnels CONNECT for those who say the right words, and notes what was asked of it. With a
    certificate and its key it is an https proxy. routes: ports here, by the hosts that are there."""

    def __init__(self, certificate=None, key=None, routes=None):
        self.port = free_port()
        self.connects = []
        self.refused = 0
        self._routes = routes or {}
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
        far = socket.create_connection(("127.0.0.1", self._routes.get(host, int(port))))
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
