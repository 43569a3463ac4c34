# SPDX-License-Identifier: Apache-2.0
"""The simulated CA's DNS client: aliases, long answers, and everything that is no answer."""

import socket
import struct
import threading

import pytest
from simulated_ca import resolver
from simulated_ca.resolver import ResolverError, txt_records

NAME = "_acme-challenge.www.test.example"
TXT, CNAME, A = 16, 5, 1


def wire(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def record(owner, kind, data, class_=1):
    owner = wire(owner) if isinstance(owner, str) else owner
    return owner + struct.pack(">HHIH", kind, class_, 60, len(data)) + data


def name_of(query):
    """The name that is asked for."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    return ".".join(labels)


def two_sockets():
    """Of TCP and UDP, with the same port."""
    while True:
        tcp = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
            return tcp, udp
        except OSError:
            tcp.close()
            udp.close()


class FakeServer:
    """Answers over UDP and TCP with what reply(server, query) returns: octets, several answers, or
    None for silence."""

    def __init__(self, reply):
        self._reply = reply
        self.asked = []
        self._tcp, self._udp = two_sockets()
        self.address = self._tcp.getsockname()
        self._threads = [threading.Thread(target=serve, daemon=True)
                         for serve in (self._serve_datagrams, self._serve_streams)]
        for thread in self._threads:
            thread.start()

    def stop(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.sendto(b"", self.address)
        self._tcp.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._udp.close()
        self._tcp.close()

    def answer(self, query, *records, flags=0x8180, rcode=0, ident=None, count=None, question=None):
        question = query[12:] if question is None else question
        return (ident or query[:2]) + struct.pack(
            ">HHHHH", flags | rcode, 1, len(records) if count is None else count, 0, 0) \
            + question + b"".join(records)

    def _serve_datagrams(self):
        while True:
            query, sender = self._udp.recvfrom(4096)
            if not query:
                return
            self.asked.append(name_of(query))
            answers = self._reply(self, query)
            for each in answers if isinstance(answers, list) else [answers]:
                if each is not None:
                    self._udp.sendto(each, sender)

    def _serve_streams(self):
        while True:
            try:
                link, _ = self._tcp.accept()
            except OSError:
                return
            with link:
                size = struct.unpack(">H", link.recv(2))[0]
                self.asked.append("over TCP")
                answer = self._reply(self, link.recv(size))
                link.sendall(answer if answer.startswith(b"raw") else
                             struct.pack(">H", len(answer)) + answer)


@pytest.fixture
def resolve(monkeypatch):
    """(values of NAME, what was asked) from a server that replies like that."""
    monkeypatch.setattr(resolver, "PATIENCE", 0.3)
    servers = []

    def ask(reply, name=NAME):
        servers.append(FakeServer(reply))
        return txt_records(servers[-1].address, name), servers[-1].asked
    yield ask
    for server in servers:
        server.stop()


def test_values_in_order_and_strings_joined(resolve):
    values, asked = resolve(lambda s, q: s.answer(
        q, record(NAME, TXT, b"\x03one"), record(NAME, A, bytes(4)),
        record(NAME, TXT, b"\x03two\x00\x01+"), record(NAME, TXT, b"\x05chaos", class_=3),
        record("other.example", TXT, b"\x05other"), record(b"\xc0\x0c", TXT, b"\x05three")))
    assert values == [b"one", b"two+", b"three"]
    assert asked == [NAME]


def test_there_are_none(resolve):
    assert resolve(lambda s, q: s.answer(q))[0] == []


def test_case_does_not_matter(resolve):
    values, _ = resolve(lambda s, q: s.answer(q, record(NAME.upper(), TXT, b"\x01x"),
                                              question=q[12:-4].upper() + q[-4:]))
    assert values == [b"x"]


def test_aliases_within_an_answer_and_by_another_question(resolve):
    def reply(server, query):
        if name_of(query) == NAME:
            return server.answer(query, record(NAME, CNAME, wire("a.example")),
                                 record("a.example", CNAME, wire("b.example")))
        return server.answer(query, record("b.example", TXT, b"\x01x"))
    assert resolve(reply) == ([b"x"], [NAME, "b.example"])
    assert resolve(lambda s, q: s.answer(q, record(NAME, CNAME, wire("b.example")),
                                         record("b.example", TXT, b"\x01y"))) == ([b"y"], [NAME])


def test_an_alias_that_leads_nowhere(resolve):
    def reply(server, query):
        records = [record(NAME, CNAME, wire("b.example"))] if name_of(query) == NAME else []
        return server.answer(query, *records)
    assert resolve(reply)[0] == []


def test_long_answers_come_over_tcp(resolve):
    def reply(server, query):
        if server.asked[-1] == "over TCP":
            return server.answer(query, *(record(NAME, TXT, b"\xc8" + b"x" * 200)
                                          for _ in range(50)))
        return server.answer(query, flags=0x8380)
    values, asked = resolve(reply)
    assert values == [b"x" * 200] * 50
    assert asked == [NAME, "over TCP"]


def test_strangers_are_passed_over_and_a_lost_question_is_repeated(resolve):
    def reply(server, query):
        if len(server.asked) == 1:
            return None
        good = server.answer(query, record(NAME, TXT, b"\x01x"))
        return [server.answer(query, ident=bytes([query[0] ^ 1, query[1]])), query, b"", good]
    values, asked = resolve(reply)
    assert (values, len(asked)) == ([b"x"], 2)


@pytest.mark.parametrize("rcode, word, missing", [(3, "NXDOMAIN", True), (2, "SERVFAIL", False),
                                                  (5, "REFUSED", False), (9, "RCODE 9", False)])
def test_refusals(resolve, rcode, word, missing):
    with pytest.raises(ResolverError, match=word) as error:
        resolve(lambda s, q: s.answer(q, rcode=rcode))
    assert error.value.missing == missing


def test_nobody_answers(resolve):
    with pytest.raises(ResolverError, match="no answer"):
        resolve(lambda s, q: None)
    with pytest.raises(ResolverError, match="no answer"):
        txt_records(("127.0.0.1", 0), NAME)


@pytest.mark.parametrize("reply, words", [
    (lambda s, q: s.answer(q, count=1), "cut off"),
    (lambda s, q: s.answer(q, record(NAME, TXT, b"\x01x"))[:-1], "cut off"),
    (lambda s, q: s.answer(q, record(NAME, TXT, b"\x05x")), "too long"),
    (lambda s, q: s.answer(q, record(NAME, CNAME, wire("a.example") + b"\0")), "wrong size"),
    (lambda s, q: s.answer(q, record(b"\xff\xff", TXT, b"\x01x")), "forward"),
    (lambda s, q: s.answer(q, record(b"\xc0\x0c", CNAME, b"\xc0" + bytes([len(q) + 12]))), "forward"),
    (lambda s, q: s.answer(q, record(b"\x80", TXT, b"\x01x")), "malformed"),
    (lambda s, q: s.answer(q, question=wire("other.example") + q[-4:]), "another question"),
    (lambda s, q: s.answer(q, count=5000), "too many records"),
    (lambda s, q: s.answer(q, flags=0x8980), "no answer to the question"),
    (lambda s, q: s.answer(q, record(NAME, CNAME, wire("a.example")),
                           record("a.example", CNAME, wire(NAME))), "circles"),
    (lambda s, q: s.answer(q, record(name_of(q), CNAME, wire("x" + name_of(q)))), "too many aliases"),
    (lambda s, q: b"raw and short" if s.asked[-1] == "over TCP" else s.answer(q, flags=0x8380),
     "ended within"),
    (lambda s, q: s.answer(q, flags=0x8380), "no answer to the question")])
def test_answers_that_are_none(resolve, reply, words):
    with pytest.raises(ResolverError, match=words):
        resolve(reply)


@pytest.mark.parametrize("name", ["", "a..example", "x" * 64 + ".example", "a." * 130 + "example"])
def test_names_that_are_none(name):
    with pytest.raises(ResolverError, match="is no name"):
        txt_records(("127.0.0.1", 1), name)
