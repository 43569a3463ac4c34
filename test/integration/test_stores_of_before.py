# SPDX-License-Identifier: Apache-2.0
"""Stores that versions of the module have written (test/stores/VERSION) are taken up by this one. Their keys are
for tests alone.

EAB_STORE_TO  where today's store is kept, for a release: test/stores/VERSION
"""

import hashlib
import json
import os
import re
import shutil
from pathlib import Path

import pytest

from cryptography.hazmat.primitives import serialization

from harness.waiting import wait_until
from tinyclient import Client

STORES = Path(__file__).resolve().parents[1] / "stores"
VERSIONS = sorted(path.name for path in STORES.iterdir())
NAME = "www.test.example"
OTHER = "other.test.example"
# What differs from one store to the next, and stands in a kept one in its place.
CA, KID = "https://ca.invalid:1", "kid-1"
NOWHERE = f"""<ACMEAccount nowhere>
ACMEServer https://127.0.0.1:1/directory
</ACMEAccount>
<ACMEManagedDomain {OTHER}>
ACMEUseAccount nowhere
</ACMEManagedDomain>"""
# Of the machine, of one run, or written anew by each keeper.
PASSING = ("lock", "control", "plan.json", ".tmp-", "links")


def account_id(directory, kid=KID):
    return hashlib.sha256(f"{directory}\0{kid or ''}".encode()).hexdigest()[:32]


def base_of(ca):
    return ca.url.rsplit("/", 1)[0]


def files_of(store):
    return sorted(path for path in store.rglob("*") if path.is_file() and not path.is_symlink()
                  and not path.relative_to(store).as_posix().startswith(PASSING))


def shape(store):
    """What a format consists of: the names of files and, of JSON, the names in it."""
    shapes = []
    for path in files_of(store):
        name = re.sub("[0-9a-f]{32}|ACCOUNT", "ID", path.relative_to(store).as_posix())
        try:
            shapes.append((name, sorted(json.loads(path.read_text())) if path.suffix == ".json" else []))
        except FileNotFoundError:
            pass  # gone between two looks; there is another one
    return sorted(shapes)


def keep(store, ca, to):
    to.mkdir(parents=True)
    for path in files_of(store):
        place = to / path.relative_to(store).as_posix().replace(account_id(ca.url), "ACCOUNT")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes().replace(base_of(ca).encode(), CA.encode())
                          .replace(account_id(ca.url).encode(), b"ACCOUNT"))
    (to / "links").write_text(f"live/{NAME} {os.readlink(store / 'live' / NAME)}\n")


def put(kept, store, ca, account):
    """As it was written, for this CA and this account."""
    shutil.copytree(kept, store)
    for line in (store / "links").read_text().splitlines():  # which an archive of the sources has not
        place, target = line.split()
        (store / place).parent.mkdir()
        (store / place).symlink_to(target)
    (store / "links").unlink()
    (store / "accounts/ACCOUNT").rename(store / "accounts" / account_id(ca.url))
    for path in files_of(store):
        data = path.read_bytes()
        if path.name == "account.json":
            told = json.loads(data)
            data = data.replace(told["url"].encode(), account.encode())
        path.write_bytes(data.replace(CA.encode(), base_of(ca).encode())
                         .replace(b"ACCOUNT", account_id(ca.url).encode()))
    for path in [store, *store.rglob("*")]:
        if not path.is_symlink():
            os.chown(path, 0, 0)
            path.chmod(0o700 if path.is_dir() else 0o600)


def registered(ca, key):
    """The CA knows the account of that key."""
    client = Client(ca).open()
    client.key = serialization.load_pem_private_key(key.read_bytes(), None)
    assert client.register().status == 201
    return client.account


def test_today_writes_what_is_kept_of_this_version(world):
    """A certificate with its history, an account, and something that fails. Where it is not the same, the format has
    changed: keep another store, and say so under Formats in CHANGELOG.md."""
    world.expect(r"acme_eab:error\].*127\.0\.0\.1:1")
    httpd = world.httpd()
    ca = world.simulated_ca(httpd, lifetime_days=3650, renewal_info=False)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True), NOWHERE)
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    httpd.wait_for_status(OTHER, lambda e: e["state"] == "failing", "trouble")
    if (to := os.environ.get("EAB_STORE_TO")) is not None:
        wait_until(lambda: list(httpd.store.dir.glob("failures/*.json")), 10, "a failure in the store")
        httpd.stop()
        keep(httpd.store.dir, ca, Path(to))
        return
    kept = shape(STORES / VERSIONS[-1])
    try:
        wait_until(lambda: shape(httpd.store.dir) == kept, 10, "a store like the one that is kept")
    except AssertionError:
        assert shape(httpd.store.dir) == kept


@pytest.mark.parametrize("version", VERSIONS)
def test_a_store_of_before_is_served_and_renewed(world, version):
    world.expect(r"acme_eab:error\].*127\.0\.0\.1:1")
    httpd = world.httpd()
    ca = world.simulated_ca(httpd, lifetime_days=90, renewal_info=False)
    put(STORES / version, httpd.store.dir, ca,
        registered(ca, STORES / version / "accounts/ACCOUNT/key.pem"))
    kept = httpd.store.certificate(NAME).serial_number
    lines = len(httpd.store.history())
    assert lines > 0
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True), NOWHERE)
    httpd.start()
    assert httpd.certificate(NAME).serial_number == kept, "served from the first moment on"
    httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "taken up")
    entry = httpd.wait_for_status(OTHER, lambda e: e["state"] == "failing", "remembered")
    assert entry["problem"]["attempts"] >= 1
    assert ca.counts.orders == 0
    httpd.configure(httpd.acme(ca, more="ACMEKeyType p384"), httpd.site(NAME, managed=True), NOWHERE)
    httpd.graceful()
    httpd.take_up(NAME, ca, other_than=kept)
    assert (ca.counts.accounts, ca.counts.orders) == (1, 1), "with the account that it had"
    assert httpd.store.generations(NAME) == ["000001", "000002"]
    assert len(httpd.store.history()) > lines and json.loads(
        (httpd.store.dir / "format.json").read_text()) == {"version": 1}
