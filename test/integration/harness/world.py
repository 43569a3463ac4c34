# SPDX-License-Identifier: Apache-2.0
"""What one test owns: a directory, CAs and httpds in it, and the duty to leave nothing behind."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

from . import machine, processes
from .ca import CertificateAuthority
from .httpd import Httpd
from .nameserver import NameServer
from .simulated import SimulatedAuthority
from .zone import Zone


class World:
    def __init__(self, module, stock=None):
        """stock: the CA that tests share (stock.py), or None"""
        self.module = module
        self.stock = stock
        self.dir = Path(tempfile.mkdtemp(prefix="eab-test-", dir="/tmp"))
        os.chmod(self.dir, 0o755)
        self.cas = []
        self.httpds = []
        self.nameservers = []
        self.expected = []

    def ca(self, httpd, **options):
        """A running CA that validates names at this httpd's http port."""
        if not options and not self.cas and self.stock and self.stock.http_port == httpd.http:
            self.cas.append(self.stock.take())
            return self.cas[0]
        ca = CertificateAuthority(self.dir / f"ca{len(self.cas)}", httpd.http, **options)
        self.cas.append(ca)
        return ca.start()

    def simulated_ca(self, httpd, mode="plain", *behaviours, **changes):
        """A running simulated CA; its complaints about the client fail the test. It looks for
        answers to http-01 and tls-alpn-01 at this httpd's ports."""
        ca = SimulatedAuthority(self.dir / f"ca{len(self.cas)}", httpd.http, mode, behaviours,
                                tls_port=httpd.https, **changes)
        self.cas.append(ca)
        return ca.start()

    def httpd(self, **options):
        """An httpd, not yet configured or started."""
        httpd = Httpd(self.dir / f"httpd{len(self.httpds)}", self.module, **options)
        if self.stock and not self.httpds:
            httpd.http = self.stock.http_port
        self.httpds.append(httpd)
        return httpd

    def nameserver(self, **options):
        """A running BIND for test.example."""
        server = NameServer(self.dir / f"named{len(self.nameservers)}", **options)
        self.nameservers.append(server)
        return server.start()

    def zone(self, servers=3):
        """A running zone test.example whose name servers can disagree."""
        zone = Zone(servers, self.dir / f"zone{len(self.nameservers)}")
        self.nameservers.append(zone)
        return zone

    def expect(self, *patterns):
        """Lines of level warn and worse that match are part of the test."""
        self.expected += patterns

    def end(self):
        """Stop everything. Returns what was wrong with the end, in sentences."""
        complaints = []
        for httpd in self.httpds:
            complaints += self._end_httpd(httpd)
        for number, ca in enumerate(self.cas):
            if self.stock and self.stock.owns(ca):
                self.stock.give_back(ca, self.dir / f"ca{number}")
                continue
            if isinstance(ca, SimulatedAuthority):
                complaints += ca.verdict()
            ca.stop()
        for server in self.nameservers:
            server.stop()
        complaints += self._end_rest()
        return complaints

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    def report(self):
        """The ends of all logs, for a test that failed."""
        parts = [f"--- {httpd.log.path}\n{httpd.log.tail()}" for httpd in self.httpds]
        parts += [f"--- {ca.log}\n" + "\n".join(ca.log.read_text(errors="replace").splitlines()[-40:])
                  for ca in self.cas if ca.log.exists()]
        return "\n".join(parts)

    def _end_httpd(self, httpd):
        complaints = []
        for ca in self.cas:
            ca.resume()
        try:
            httpd.stop()
        except AssertionError as error:
            complaints.append(str(error))
        left = processes.belonging_to(httpd.dir)
        if not processes.wait_gone(left, 2):  # a witness of a restart looks once more
            left = processes.belonging_to(httpd.dir)
            complaints.append(f"these processes outlived httpd: {left}")
            httpd.kill_all()
        lines = httpd.log.unexpected(self.expected, machine.lines())
        if lines:
            complaints.append("unexpected lines in the error log:\n" + "\n".join(lines))
        return complaints

    def _end_rest(self):
        left = processes.belonging_to(self.dir)
        for process in left:
            process.kill(signal.SIGKILL)
        return [f"these processes were left: {left}"] if left else []
