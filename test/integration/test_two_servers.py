# SPDX-License-Identifier: Apache-2.0
"""Two httpd with one ACMEStoreDir: the second says at once who has it, waits, and gets it when that one
has ended, not in the middle of its restart."""

import fcntl
import html
import json
import re
import threading

import pytest

from harness.waiting import wait_until

NAME = "www.test.example"
LATER = "later.test.example"
OTHER = "other.test.example"
FREE = r"keeper\[\d+\]: ACMEStoreDir .* is free now"


@pytest.fixture
def shared(world):
    """Two httpd, not started: configure(httpd, names) gives both the same store."""
    world.expect(r"acme_eab:error\].*keeper\[\d+\]: ACMEStoreDir .* is in use",
                 r"acme_eab:error\].*the keeper \(process \d+\) ended without being asked to")
    first, second = world.httpd(), world.httpd()
    ca = world.ca(first)
    store = world.dir / "store"

    def configure(httpd, *names, where=store):
        text = httpd.configure(httpd.acme(ca), *(httpd.site(name, managed=True) for name in names))
        httpd.conf.write_text(text.replace(f'"{httpd.store.dir}"', f'"{where}"'))
    yield first, second, ca, configure, store
    second.stop()  # or it would have the store, and order, when the first one has ended


def holder(store):
    try:
        return json.loads((store / "lock").read_text())
    except ValueError:  # it is just being written
        return {"keeper": None, "httpd": None}


def wait_for_word(httpd, other):
    """The second one says who has the store: process and ServerRoot."""
    pattern = (rf"acme_eab:error\].*keeper\[\d+\]: ACMEStoreDir \S+ is in use: another httpd "
               rf"\(process {other.parent().pid}, ServerRoot {re.escape(str(other.dir))}\), whose "
               rf"keeper is process {other.keeper().pid}, holds its lock")
    wait_until(lambda: httpd.log.lines(pattern), 20, "a line that names the other httpd")


def start_both(shared):
    first, second, ca, configure, _ = shared
    configure(first, NAME)
    configure(second, OTHER)
    first.start()
    first.wait_for_certificate(NAME, ca)
    first.wait_for_status(NAME, lambda entry: entry["state"] == "valid", "state valid")
    second.start()
    wait_for_word(second, first)


class Contender(threading.Thread):
    """One that would like to have the lock, and looks every few milliseconds."""

    def __init__(self, store):
        super().__init__()
        self.got_it = False
        self._over = threading.Event()
        self._lock = open(store / "lock", "rb")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self.join()
        self._lock.close()

    def run(self):
        while not self.got_it and not self._over.wait(0.003):
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self.got_it = True
            except BlockingIOError:
                continue


def test_a_restart_keeps_the_store(shared):
    first, second, ca, configure, store = shared
    start_both(shared)
    configure(first, NAME, LATER)
    with Contender(store) as contender:
        for act in (first.graceful, first.graceful, lambda: first.keeper().kill(), first.graceful):
            keeper = first.wait_for_keeper()
            wait_until(lambda: holder(store)["keeper"] == keeper.pid, 10, "the keeper to have it")
            act()
            after = first.wait_for_keeper(other_than=keeper)
            wait_until(lambda: holder(store)["keeper"] == after.pid, 10, "the next one to have it")
        assert not contender.got_it
    first.wait_for_certificate(LATER, ca)
    page = html.unescape(second.get("localhost", "/acme-status").body.decode())
    assert f"is in use: another httpd (process {first.parent().pid}, ServerRoot {first.dir})" in page
    assert second.get("localhost", "/acme-status?format=json").status == 503
    assert second.log.count(FREE) == 0
    assert second.agent() is None
    assert len(second.log.lines("is in use")) == 1, "said once"


@pytest.mark.parametrize("how", ["stopped", "killed", "given another store"])
def test_it_is_free_when_the_other_one_lets_go(shared, world, how):
    world.expect(r"acme_eab:error\].*" + OTHER)  # the CA asks at the ports of the first
    first, second, _, configure, store = shared
    start_both(shared)
    if how == "stopped":
        first.stop()
    elif how == "killed":
        workers = first.workers()
        first.parent().kill()
        for worker in workers:
            worker.kill()
    else:
        configure(first, NAME, where=world.dir / "another")
        first.graceful()
    wait_until(lambda: second.log.count(FREE), 15, "a line that it is free")
    second.wait_for_agent()
    assert holder(store)["httpd"] == second.parent().pid


def test_stopped_and_started_at_once_is_not_worth_a_word(shared):
    first, _, ca, configure, store = shared
    configure(first, NAME)
    first.start()
    first.wait_for_certificate(NAME, ca)
    for _ in range(2):
        first.stop()
        first.start()
        first.wait_for_agent()
    assert holder(store)["httpd"] == first.parent().pid
    assert first.log.count("is in use") == 0


def test_what_is_no_lock_makes_way(shared):
    """A restore put something else there: nobody can hold it, and what it leads to is left alone."""
    first, _, ca, configure, store = shared
    configure(first, NAME)
    elsewhere = store.parent / "elsewhere"
    elsewhere.write_text("theirs\n")
    store.mkdir(mode=0o700)
    (store / "lock").symlink_to(elsewhere)
    first.start()
    first.wait_for_certificate(NAME, ca)
    assert not (store / "lock").is_symlink()
    wait_until(lambda: holder(store)["httpd"] == first.parent().pid, 20, "the lock to name its holder")
    assert elsewhere.read_text() == "theirs\n"
