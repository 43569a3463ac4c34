# SPDX-License-Identifier: Apache-2.0
"""Looking into ACMEStoreDir, and making the changes that only time or an accident would make."""

import json
import os
import stat
import subprocess
import time
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from . import certificates


class Store:
    def __init__(self, directory):
        self.dir = directory

    def live(self, name):
        return self.dir / "live" / name

    def certificate(self, name):
        """The live certificate of that name, or None."""
        try:
            return certificates.load((self.live(name) / "fullchain.pem").read_bytes())
        except OSError:
            return None

    def set_live(self, name, generation):
        """Point live/<name> at a generation."""
        link = self.live(name)
        link.unlink()
        link.symlink_to(f"../archive/{name}/{generation}")

    def generation(self, name):
        """The number of the live generation, or None."""
        try:
            return os.readlink(self.live(name)).rsplit("/", 1)[1]
        except OSError:
            return None

    def generations(self, name):
        archive = self.dir / "archive" / name
        return sorted(entry.name for entry in archive.glob("[0-9]*"))

    def accounts(self):
        """What is known of each account: its account.json."""
        return [json.loads(path.read_text()) for path in self.dir.glob("accounts/*/account.json")]

    def account_keys(self):
        return [path.read_bytes() for path in self.dir.glob("accounts/*/key.pem")]

    def certificate_keys(self):
        """Private keys of all certificates, those in the making included."""
        paths = [*self.dir.glob("archive/*/*/privkey.pem"), *self.dir.glob("pending/*/privkey.pem")]
        return [path.read_bytes() for path in paths]

    def bound_accounts(self):
        return [account for account in self.accounts() if account.get("url")]

    def history(self, *events):
        """What has happened, the oldest first; of these kinds only, if some are named."""
        entries = []
        for name in ("history.jsonl.1", "history.jsonl"):
            path = self.dir / name
            if path.exists():
                entries += [json.loads(line) for line in path.read_text().splitlines()]
        return [entry for entry in entries if not events or entry["event"] in events]

    def leftovers(self):
        """Files that an interrupted write leaves behind, and orders that nobody finished. What is only being
        written in this moment goes by itself."""
        left = self.unfinished()
        end = time.monotonic() + 5
        while left and time.monotonic() < end:
            time.sleep(0.05)
            left &= self.unfinished()
        return sorted(left)

    def unfinished(self):
        found = subprocess.run(["find", self.dir, "-name", ".tmp-*", "-o", "-path", f"{self.dir}/pending/*"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
        return {Path(path) for path in found.stdout.splitlines()}

    def others_can_read(self):
        """Paths that are open to anybody but the owner."""
        return [path for path in [self.dir, *self.dir.rglob("*")] if _is_open(path)]

    def is_locked(self):
        """Has a keeper opened this store?"""
        return (self.dir / "lock").exists()


def _is_open(path):
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:  # a file that had not its name yet
        return False
    return not stat.S_ISLNK(mode) and mode & 0o077 != 0


def key_matches(certificate, key_pem):
    """Is the certificate for this private key?"""
    return public_bytes(certificate.public_key()) == public_bytes(certificates.load_key(key_pem).public_key())


def public_bytes(key):
    return key.public_bytes(serialization.Encoding.DER,
                            serialization.PublicFormat.SubjectPublicKeyInfo)
