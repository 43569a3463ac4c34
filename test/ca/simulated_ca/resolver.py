# SPDX-License-Identifier: Apache-2.0
"""TXT records, asked for at one name server (RFC 1035): over UDP, and over TCP when it says that the
answer is too long. Nothing is guessed: an answer that is not well formed is an error."""

import secrets
import socket
import struct
import time

TXT, CNAME, IN = 16, 5, 1
ALIASES_MAX = 8
RECORDS_MAX = 200
DATAGRAM_MAX = 4096
TRIES = 3
PATIENCE = 2.0  # seconds for each try

RCODES = {1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}


class ResolverError(Exception):
    """No answer, or one that says no; .missing when the name does not exist."""

    def __init__(self, text, missing=False):
        super().__init__(text)
        self.missing = missing


def txt_records(server, name):
    """The values of the TXT records of a name, as octets, in order; [] when there are none.
    server: (address, port). Aliases are followed."""
    asked = _labels(name)
    for _ in range(ALIASES_MAX):
        records = _ask(server, asked)
        asked, values = _follow(records, asked)
        if values is not None:
            return values
    raise ResolverError(f"{name} has too many aliases")


def _labels(name):
    labels = tuple(label.lower().encode("ascii") for label in name.rstrip(".").split("."))
    if not all(0 < len(label) < 64 for label in labels) or sum(map(len, labels)) + len(labels) > 254:
        raise ResolverError(f"{name} is no name")
    return labels


def _follow(records, name):
    """(name, values): values is None when another question is needed, for the name."""
    start = name
    for _ in range(ALIASES_MAX):
        values = [data for owner, kind, data in records if owner == name and kind == TXT]
        target = next((data for owner, kind, data in records if owner == name and kind == CNAME), None)
        if values or target is None:
            return name, values if values or name == start else None
        name = target
    raise ResolverError("aliases go in circles")


# -- on the wire --------------------------------------------------------------------------------


def _ask(server, labels):
    ident = secrets.token_bytes(2)
    question = b"".join(bytes([len(label)]) + label for label in labels) + b"\0" \
        + struct.pack(">HH", TXT, IN)
    query = ident + struct.pack(">HHHHH", 0x0100, 1, 0, 0, 0) + question  # recursion desired
    for _ in range(TRIES):
        answer = _by_datagram(server, query)
        if answer is not None:
            if answer[2] & 0x02:
                answer = _by_stream(server, query)
            return Parser(answer, ident, question).records()
    raise ResolverError(f"no answer from {server[0]}:{server[1]}")


def _by_datagram(server, query):
    """None after a while. What is not an answer to this question is passed over."""
    deadline = time.monotonic() + PATIENCE
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        try:
            link.connect(server)
            link.send(query)
            while (left := deadline - time.monotonic()) > 0:
                link.settimeout(left)
                answer = link.recv(DATAGRAM_MAX)
                if len(answer) >= 12 and answer[:2] == query[:2] and answer[2] & 0x80:
                    return answer
        except OSError:
            pass
    return None


def _by_stream(server, query):
    try:
        with socket.create_connection(server, timeout=PATIENCE) as link:
            link.sendall(struct.pack(">H", len(query)) + query)
            size = struct.unpack(">H", _exactly(link, 2))[0]
            return _exactly(link, size)
    except OSError as error:
        raise ResolverError(f"no answer over TCP: {error}") from None


def _exactly(link, size):
    data = b""
    while len(data) < size:
        more = link.recv(size - len(data))
        if not more:
            raise ConnectionError("it ended within the answer")
        data += more
    return data


class Parser:
    def __init__(self, message, ident, question):
        self._message = message
        self._ident = ident
        self._question = question

    def records(self):
        """(owner, type, data) of the answers of our class: data is labels of a CNAME, the joined
        strings of a TXT."""
        try:
            return self._records()
        except (IndexError, struct.error):
            raise ResolverError("the answer is cut off") from None

    def _records(self):
        count = self._check_header()
        at = 12 + len(self._question)
        found = []
        for _ in range(count):
            owner, at = self._name(at)
            kind, class_, _, size = struct.unpack_from(">HHIH", self._message, at)
            at += 10
            if at + size > len(self._message):
                raise ResolverError("the answer is cut off")
            if class_ == IN and kind in (TXT, CNAME):
                found.append((owner, kind, self._data(kind, at, size)))
            at += size
        return found

    def _check_header(self):
        ident, flags, questions, answers = struct.unpack_from(">2sHHH", self._message)
        if ident != self._ident or not flags & 0x8000 or flags & 0x7A00:
            raise ResolverError("that is no answer to the question")
        if flags & 0x000F:
            code = flags & 0x000F
            raise ResolverError(RCODES.get(code, f"RCODE {code}"), missing=code == 3)
        asked = self._message[12:12 + len(self._question)]
        if questions != 1 or asked.lower() != self._question:
            raise ResolverError("the answer is to another question")
        if answers > RECORDS_MAX:
            raise ResolverError("there are too many records")
        return answers

    def _data(self, kind, at, size):
        if kind == CNAME:
            target, end = self._name(at)
            if end != at + size:
                raise ResolverError("an alias has the wrong size")
            return target
        value, end = b"", at + size
        while at < end:
            length = self._message[at]
            if at + 1 + length > end:
                raise ResolverError("a string of a TXT record is too long")
            value += self._message[at + 1:at + 1 + length]
            at += 1 + length
        return value

    def _name(self, at):
        """(labels, where it goes on). A pointer must lead back, so that there are no circles."""
        labels, after, limit = [], None, at
        while self._message[at]:
            length = self._message[at]
            if length >= 0xC0:
                target = struct.unpack_from(">H", self._message, at)[0] & 0x3FFF
                if target >= limit:
                    raise ResolverError("a name points forward")
                after = after or at + 2
                at = limit = target
            elif length < 64 and len(labels) < 127:
                labels.append(self._message[at + 1:at + 1 + length].lower())
                at += 1 + length
            else:
                raise ResolverError("a name is malformed")
        return tuple(labels), after or at + 1
