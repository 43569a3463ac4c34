# SPDX-License-Identifier: Apache-2.0
"""A zone with several authoritative name servers and a resolver, each at port 53 of a loopback address
of its own, so that they can disagree. They answer what a dictionary says."""

import secrets
import socket
import struct
import threading

ZONE = "test.example"
A, NS, CNAME, TXT, AAAA, CAA = 1, 2, 5, 16, 28, 257
NXDOMAIN = 3


def _wire(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def _strings(value):
    data = value.encode()
    return b"".join(bytes([len(data[i:i + 255])]) + data[i:i + 255]
                    for i in range(0, len(data) or 1, 255))


def _property(value):
    """'0 issue ca.example'"""
    flags, tag, text = value.split(" ", 2)
    return bytes([int(flags), len(tag)]) + tag.encode() + text.encode()


class Server:
    """records: {(name, type): [text]}, shared; added: a file with a name and a TXT value in each line;
    without: names that this one does not know."""

    def __init__(self, address, records, added):
        self.address = address
        self.records = records
        self.added = added
        self.without = set()
        self.silent = False
        self.asked = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 53))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self):
        self._socket.sendto(b"", (self.address, 53))
        self._thread.join()
        self._socket.close()

    def _serve(self):
        while True:
            question, sender = self._socket.recvfrom(4096)
            if not question:
                return
            if not self.silent:
                self._socket.sendto(self._answer(question), sender)

    def _answer(self, question):
        at, labels = 12, []
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode().lower())
            at += 1 + question[at]
        name, kind = ".".join(labels), struct.unpack_from(">H", question, at + 1)[0]
        self.asked.append((name, kind))
        found = self._find(name, kind)
        known = name not in self.without and (
            bool(found) or any(owner == name for owner, _ in self.records))
        flags = 0x8480 | (0 if known else NXDOMAIN)
        return (question[:2] + struct.pack(">HHHHH", flags, 1, len(found), 0, 0)
                + question[12:at + 5] + b"".join(found))

    def _find(self, name, kind):
        if name in self.without:
            return []
        values = [*self.records.get((name, kind), []), *self._added(name, kind)]
        alias = self.records.get((name, CNAME), [])
        if alias and not values:
            return [self._record(name, CNAME, alias[0]), *self._find(alias[0], kind)]
        return [self._record(name, kind, value) for value in values]

    def _added(self, name, kind):
        lines = self.added.read_text().splitlines() if self.added.exists() else []
        return [line.partition(" ")[2] for line in lines
                if kind == TXT and line.partition(" ")[0] == name]

    @staticmethod
    def _record(name, kind, value):
        data = {A: lambda: socket.inet_aton(value), NS: lambda: _wire(value),
                CNAME: lambda: _wire(value), TXT: lambda: _strings(value),
                AAAA: lambda: socket.inet_pton(socket.AF_INET6, value),
                CAA: lambda: _property(value)}[kind]()
        return _wire(name) + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


class Zone:
    def __init__(self, servers, added):
        net = f"127.{secrets.randbelow(250) + 2}.{secrets.randbelow(250) + 2}."
        self.records = {(ZONE, A): ["127.0.0.1"], (ZONE, NS): []}
        self.servers = []
        self.added = added
        for i in range(servers):
            name = f"ns{i + 1}.{ZONE}"
            self.records[(ZONE, NS)].append(name)
            self.records[(name, A)] = [f"{net}{i + 2}"]
            self.servers.append(Server(f"{net}{i + 2}", self.records, added))
        self.resolver = Server(f"{net}1", self.records, added)

    def publish(self, name, *values):
        self.records[(f"_validation-persist.{name}", TXT)] = list(values)

    def stop(self):
        for server in (*self.servers, self.resolver):
            server.stop()
