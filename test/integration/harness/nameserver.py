# SPDX-License-Identifier: Apache-2.0
"""A real name server: BIND with one zone that takes dynamic updates, and beside it a second server of
the zone that learns of new records late."""

import socket
import subprocess
import threading
import time

from .ports import free_port
from .waiting import wait_until

ZONE = "test.example"
PRIMARY = "127.0.0.1"
SECONDARY = "127.0.0.2"

CONFIGURATION = """\
options {{
    directory "{dir}";
    listen-on port {port} {{ {address}; }};
    listen-on-v6 {{ none; }};
    pid-file none;
    session-keyfile "{dir}/session.key";
    recursion no;
    dnssec-validation no;
    notify no;
}};
controls {{ }};
include "{key}";
zone "{zone}" {{
    type primary;
    file "zone";
    update-policy {{ grant ddns wildcard *.{zone} TXT; }};
}};
"""

ZONE_FILE = """\
$TTL 60
@ SOA ns1 hostmaster 1 3600 600 86400 1
@ NS ns1
@ NS ns2
@ A 127.0.0.1
* A 127.0.0.1
ns1 A 127.0.0.1
ns2 A 127.0.0.2
"""


class Late:
    """The second server: it answers as the first does, but is deaf to questions for TXT records until
    some time after the first of them."""

    def __init__(self, port, seconds):
        self.first_answer = None
        self.ignored = 0
        self._seconds = seconds
        self._since = None
        self._primary = (PRIMARY, port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((SECONDARY, port))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self):
        self._socket.sendto(b"", (SECONDARY, self._primary[1]))
        self._thread.join()
        self._socket.close()

    def _serve(self):
        while True:
            question, sender = self._socket.recvfrom(4096)
            if not question:
                return
            if not (b"\x0f_acme-challenge" in question and self._is_deaf()):
                self._forward(question, sender)

    def _is_deaf(self):
        now = time.time()
        self._since = self._since or now
        if now - self._since < self._seconds:
            self.ignored += 1
            return True
        self.first_answer = self.first_answer or now
        return False

    def _forward(self, question, sender):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as primary:
            primary.settimeout(10)
            primary.sendto(question, self._primary)
            try:
                self._socket.sendto(primary.recv(4096), sender)
            except OSError:  # who asked asks again
                pass


class NameServer:
    def __init__(self, directory, late=0):
        self.dir = directory
        self.dir.mkdir()
        self.port = free_port()
        self.key = self.dir / "ddns.key"
        self.late = None
        self._seconds = late
        self._process = None

    @property
    def address(self):
        return f"{PRIMARY}:{self.port}"

    def start(self):
        self.key.write_text(self._run("tsig-keygen", "ddns"))
        self.key.chmod(0o600)
        (self.dir / "zone").write_text(ZONE_FILE)
        conf = self.dir / "named.conf"
        conf.write_text(CONFIGURATION.format(dir=self.dir, port=self.port, address=PRIMARY,
                                             key=self.key, zone=ZONE))
        with open(self.dir / "named.log", "wb") as log:
            self._process = subprocess.Popen(
                ["named", "-g", "-4", "-n", "1", "-c", str(conf)], cwd=self.dir,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: self.ask(ZONE, "SOA"), 15, "the name server")
        self.late = Late(self.port, self._seconds)
        return self

    def stop(self):
        if self.late is not None:
            self.late.stop()
            self.late = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def ask(self, name, kind):
        """The answers, sorted."""
        text = self._run("dig", "+short", "+time=3", "+tries=5", "+norecurse", "-p",
                         str(self.port), f"@{PRIMARY}", name, kind, check=False)
        return sorted(line.strip('"') for line in text.splitlines() if not line.startswith(";"))

    def records(self, name):
        """The TXT values for the challenges of a name."""
        return self.ask(f"_acme-challenge.{name}", "TXT")

    def _run(self, *command, check=True):
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=check, timeout=30).stdout
