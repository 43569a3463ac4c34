# SPDX-License-Identifier: Apache-2.0
"""A certificate authority that demands EAB: Pebble, with pebble-challtestsrv as its DNS."""

import base64
import json
import os
import re
import secrets
import signal
import ssl
import subprocess
import urllib.request

from . import certificates, processes
from .ports import free_port
from .waiting import PATIENCE, wait_until

REGISTER = "POST /sign-me-up"
ORDER = "POST /order-plz"
AUTHORIZATION = "POST /authZ/"
CHALLENGE = "POST /chalZ/"
FINALIZE = "POST /finalize-order/"
DOWNLOAD = "POST /certZ/"
ISSUED = "Issued certificate serial"


def new_hmac_key(octets=48):
    """An EAB key as a CA hands it out: base64url without padding."""
    return base64.urlsafe_b64encode(secrets.token_bytes(octets)).rstrip(b"=").decode()


class CertificateAuthority:
    def __init__(self, directory, http_port, kids=("kid-1",), validity=None, environment=None,
                 refused_names=(), dns_server=None, tls_port=None, host="localhost"):
        self.dir = directory
        self.dir.mkdir()
        self.http_port = http_port
        self.host = host  # where it listens, and what its URL says
        self.port = free_port()
        self.management_port = free_port()
        self.dns_port = free_port()
        self.dns_management_port = free_port()
        self.keys = {kid: new_hmac_key() for kid in kids}
        self.validity = validity
        self.refused_names = list(refused_names)
        self.dns_server = dns_server or f"127.0.0.1:{self.dns_port}"
        self.tls_port = tls_port or free_port()
        self.environment = {
            "PEBBLE_VA_NOSLEEP": "1",
            "PEBBLE_WFE_NONCEREJECT": "0",
            "PEBBLE_AUTHZREUSE": "0",
            **(environment or {}),
        }
        self.tls_certificate = self.dir / "tls.pem"
        self.tls_key = self.dir / "tls.key"
        self.log = self.dir / "pebble.log"
        self.starts = 0
        self._pebble = None
        self._dns = None
        self._make_tls_certificate()

    @property
    def url(self):
        return f"https://{self.host}:{self.port}/dir"

    def start(self):
        self.starts += 1
        self._dns = self._spawn(
            ["pebble-challtestsrv", "-dns01", f"127.0.0.1:{self.dns_port}",
             "-management", f"127.0.0.1:{self.dns_management_port}",
             "-http01", "", "-https01", "", "-tlsalpn01", "",
             "-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""],
            self.dir / "dns.log", {})
        config = self.dir / "pebble.json"
        config.write_text(json.dumps({"pebble": self._settings()}))
        self._pebble = self._spawn(
            ["pebble", "-strict", "-config", str(config),
             "-dnsserver", self.dns_server],
            self.log, self.environment)
        wait_until(self._answers, 60, "the CA to answer")
        return self

    def stop(self):
        for process in (self._pebble, self._dns):
            if process is not None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()
        self._pebble = self._dns = None

    def pause(self):
        """The CA stops answering, connections stay open."""
        self._pebble.send_signal(signal.SIGSTOP)

    def resume(self):
        self._pebble.send_signal(signal.SIGCONT)

    def root(self):
        """The root certificate of what it issues, in PEM."""
        return self._manage("roots/0")

    def count(self, text):
        """How often a line with text is in its log."""
        return self.log_text().count(text)

    def log_text(self):
        """It is read while it is written: its end may be half a line, or half a letter."""
        return self.log.read_text(errors="replace")

    def is_untouched(self):
        """It runs as it was started, once."""
        return self.starts == 1 and self._pebble is not None

    def forget_log(self):
        os.truncate(self.log, 0)

    def registrations(self):
        """newAccount requests."""
        return self.count(REGISTER + " ")

    def accounts(self):
        """Accounts that were made."""
        return self.count("accounts in memory")

    def orders(self):
        """Orders that were made."""
        return len(re.findall(r"There are now \d+ orders in the db", self.log_text()))

    def issued(self):
        """Certificates that were issued to clients (it logs its own issuers otherwise)."""
        return self.count(ISSUED)

    def wait_for(self, text, times=1, seconds=30):
        wait_until(lambda: self.count(text) >= times, seconds,
                   f"'{text}' in the CA's log, {times} times", pause=0.002)

    def _settings(self):
        settings = {
            "listenAddress": f"{self.host}:{self.port}".replace("localhost", "127.0.0.1"),
            "managementListenAddress": f"127.0.0.1:{self.management_port}",
            "certificate": str(self.tls_certificate),
            "privateKey": str(self.tls_key),
            "httpPort": self.http_port,
            "tlsPort": self.tls_port,
            "externalAccountBindingRequired": True,
            "externalAccountMACKeys": self.keys,
            "domainBlocklist": self.refused_names,
        }
        if self.validity:
            settings["certificateValidityPeriod"] = self.validity
        return settings

    def _make_tls_certificate(self):
        certificate, key = certificates.make_self_signed(["localhost", "127.0.0.1", "::1"], days=3650)
        self.tls_certificate.write_bytes(certificate)
        self.tls_key.write_bytes(key)

    def _spawn(self, command, log, environment):
        with open(log, "ab") as output:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                    stderr=subprocess.STDOUT, cwd=self.dir,
                                    env={**os.environ, **environment})

    def _answers(self):
        if self._pebble.poll() is not None:
            raise AssertionError("Pebble ended: " + self.log_text()[-2000:])
        try:
            return self.root()
        except OSError:
            return None

    def _manage(self, path):
        context = ssl.create_default_context(cafile=self.tls_certificate)
        url = f"https://localhost:{self.management_port}/{path}"
        with urllib.request.urlopen(url, timeout=5 * PATIENCE, context=context) as answer:
            return answer.read()

    def process(self):
        return processes.read(self._pebble.pid)
