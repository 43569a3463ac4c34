# SPDX-License-Identifier: Apache-2.0
"""As little of HTTP/2 (RFC 9113) as it takes to ask for several hosts on one connection."""

import socket
import struct

DATA, HEADERS, SETTINGS, GOAWAY = 0, 1, 4, 7
END_STREAM, ACK, END_HEADERS = 1, 1, 4
NO_DYNAMIC_TABLE = struct.pack(">HI", 1, 0)

STATUSES = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}  # RFC 7541, appendix A
DIGITS = {"00000": "0", "00001": "1", "00010": "2", "011001": "3", "011010": "4", "011011": "5",
          "011100": "6", "011101": "7", "011110": "8", "011111": "9"}  # appendix B


class Http2:
    def __init__(self, port, server_name, context, session=None):
        context.set_alpn_protocols(["h2"])
        raw = socket.create_connection(("127.0.0.1", port), timeout=40)
        self.tls = context.wrap_socket(raw, server_hostname=server_name, session=session)
        assert self.tls.selected_alpn_protocol() == "h2"
        self._file = self.tls.makefile("rb")
        self._stream = -1
        self.tls.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self._send(SETTINGS, 0, 0, NO_DYNAMIC_TABLE)

    def get(self, host, path="/index.html"):
        """The status of one request."""
        self._stream += 2
        self._send(HEADERS, END_STREAM | END_HEADERS, self._stream,
                   b"\x82\x87" + _field(4, path) + _field(1, host))
        status = None
        while True:
            kind, flags, stream, body = self._receive()
            assert kind != GOAWAY, body
            if kind == SETTINGS and not flags & ACK:
                self._send(SETTINGS, ACK, 0)
            if stream == self._stream and kind == HEADERS and status is None:
                status = _status(body)
            if stream == self._stream and kind in (HEADERS, DATA) and flags & END_STREAM:
                return status

    def get_at_once(self, host, count, path="/index.html"):
        """The statuses of so many requests, which come in one piece."""
        first = self._stream + 2
        self._stream += 2 * count
        body = b"\x82\x87" + _field(4, path) + _field(1, host)
        self.tls.sendall(b"".join(_frame(HEADERS, END_STREAM | END_HEADERS, stream, body)
                                  for stream in range(first, self._stream + 2, 2)))
        statuses, ended = {}, set()
        while len(ended) < count:
            kind, flags, stream, body = self._receive()
            assert kind != GOAWAY, body
            if kind == HEADERS:
                statuses.setdefault(stream, _status(body))
            if kind in (HEADERS, DATA) and flags & END_STREAM:
                ended.add(stream)
        return [statuses[stream] for stream in sorted(statuses)]

    def close(self):
        self.tls.close()

    def _send(self, kind, flags, stream, body=b""):
        self.tls.sendall(_frame(kind, flags, stream, body))

    def _receive(self):
        head = self._file.read(9)
        if len(head) < 9:
            raise ConnectionError("the connection has ended")
        length = int.from_bytes(head[:3], "big")
        kind, flags, stream = struct.unpack(">BBI", head[3:])
        return kind, flags, stream, self._file.read(length)


def _frame(kind, flags, stream, body):
    return struct.pack(">I", len(body))[1:] + struct.pack(">BBI", kind, flags, stream) + body


def _field(index, text):
    """A literal that nobody keeps, with a name of the static table."""
    return bytes([index, len(text)]) + text.encode()


def _status(block):
    """It is the first field."""
    while block[0] & 0xe0 == 0x20:  # another size of the dynamic table
        block = block[1:]
    if block[0] & 0x80:
        return STATUSES[block[0] & 0x7f]
    value = block[2 : 2 + (block[1] & 0x7f)]
    return int(_digits(value) if block[1] & 0x80 else value)


def _digits(value):
    bits, text = "".join(f"{octet:08b}" for octet in value), ""
    while len(text) < 3:
        length = 5 if bits[:5] in DIGITS else 6
        text += DIGITS[bits[:length]]
        bits = bits[length:]
    return text
