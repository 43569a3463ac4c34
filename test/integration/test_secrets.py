# SPDX-License-Identifier: Apache-2.0
"""Where the secrets are, and above all where they are not."""

import base64
import os

import pytest

from harness import ca as authority
from harness import certificates, processes
from harness.httpd import MODULES
from harness.waiting import wait_until

NAME = "www.test.example"


def key_needles(text):
    """An HMAC key as it was handed out, decoded, and as HMAC pads it."""
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return [text.encode(), raw, raw[:24], raw[24:],
            bytes(octet ^ 0x36 for octet in raw), bytes(octet ^ 0x5C for octet in raw)]


def files_with(directory, needles):
    """Files below directory that hold one of needles."""
    found = []
    for root, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(root, name)
            if os.path.islink(path) or not os.path.isfile(path):
                continue
            try:
                with open(path, "rb") as file:
                    data = file.read()
            except FileNotFoundError:  # a draft: it has another name by now
                continue
            if any(needle in data for needle in needles):
                found.append(path)
    return found


def everybody(httpd):
    return {"parent": httpd.parent(), "keeper": httpd.keeper(), "agent": httpd.agent(),
            **{f"worker {worker.pid}": worker for worker in httpd.workers()}}


def holders(people, needles):
    return [who for who, process in people.items() if process and process.memory_holds(needles)]


def assert_not_in_arguments(people, needles):
    for who, process in people.items():
        for text in (process.arguments(), process.environment()):
            assert not any(needle in text for needle in needles), who


def test_the_key_of_the_account_binding_is_known_to_the_keeper_alone(world):
    httpd = world.httpd()
    httpd.log_level = "trace8"
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    needles = key_needles(ca.keys["kid-1"])
    ca.pause()
    httpd.start()
    httpd.wait_for_agent()
    people = everybody(httpd)
    assert len(people) >= 4
    assert holders(people, needles) == ["keeper"], "while the account is not yet bound"
    assert_not_in_arguments(people, needles)

    ca.resume()
    httpd.wait_for_certificate(NAME, ca)
    httpd.wait_for_agent()
    people = everybody(httpd)
    assert holders(people, needles) == [], "once the account is bound"
    assert_not_in_arguments(people, needles)
    status = httpd.get("localhost", "/acme-status?format=json").body
    page = httpd.get("localhost", "/acme-status").body
    assert not any(needle in status + page for needle in needles)
    assert files_with(httpd.dir, needles) == [str(httpd.key_file)]
    assert b"kid-1" not in status + page, "the key id is shown as a hash only"


def test_the_keeper_that_bound_the_account_forgets_the_key(world):
    """Without a restart in between: the very process that used it."""
    httpd = world.httpd()
    httpd.log_level = "trace8"
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca, more="ACMEReload off"), httpd.site(NAME, managed=True))
    needles = key_needles(ca.keys["kid-1"])
    httpd.start()
    keeper = httpd.wait_for_keeper()
    httpd.wait_for_status(NAME, lambda e: e["state"] == "waiting-for-reload", "it to be there")
    assert httpd.keeper() == keeper
    assert ca.registrations() == 1
    assert keeper.memory_holds(needles) == set()
    assert holders(everybody(httpd), needles) == []


@pytest.mark.parametrize("key_type", ["rsa2048", "p256"])
def test_the_keeper_forgets_the_key_of_a_certificate(world, key_type):
    """Once it is installed, in the process that made it and in the one that finds it in the store:
    nothing of it is left, not in what OpenSSL has freed either."""
    httpd = world.httpd()
    ca = world.simulated_ca(httpd)
    httpd.configure(httpd.acme(ca, more=f"ACMEReload off\nACMEKeyType {key_type}"),
                    httpd.site(NAME, managed=True))
    httpd.start()
    keeper = httpd.wait_for_keeper()
    httpd.wait_for_status(NAME, lambda e: e["state"] == "waiting-for-reload", "it to be there")
    assert httpd.keeper() == keeper
    [key] = httpd.store.certificate_keys()
    needles = certificates.private_needles(key)
    assert keeper.memory_holds(needles) == set()
    httpd.graceful()
    httpd.wait_for_certificate(NAME, ca)
    keeper = httpd.wait_for_keeper()
    httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "the keeper to have read its store")
    assert keeper.memory_holds(needles) == set()
    account = certificates.private_needles(httpd.store.account_keys()[0])
    assert keeper.memory_holds(account), "the scan finds what is there"


def test_private_keys_stay_where_they_belong(world):
    httpd = world.httpd()
    httpd.log_level = "trace8"
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    ca.wait_for(authority.DOWNLOAD)
    httpd.wait_for_certificate(NAME, ca)
    [account_key] = httpd.store.account_keys()
    [certificate_key] = httpd.store.certificate_keys()
    people = everybody(httpd)
    account = certificates.private_needles(account_key)
    assert set(holders(people, account)) <= {"keeper"}
    certificate = certificates.private_needles(certificate_key)
    assert "agent" not in holders(people, certificate)
    assert "parent" in holders(people, certificate), "the scan finds what is there"
    for path in files_with(world.dir, account + certificate):
        assert path.startswith(str(httpd.store.dir)), path
        assert os.stat(path).st_mode & 0o077 == 0, path
        assert os.stat(path).st_uid == 0, path


def test_the_keeper_cannot_be_dumped_or_traced_by_others(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    keeper, agent = httpd.wait_for_keeper(), httpd.wait_for_agent()
    httpd.wait_for_certificate(NAME, ca)
    keeper, agent = httpd.wait_for_keeper(), httpd.wait_for_agent()
    for process in (keeper, agent):
        with open(f"/proc/{process.pid}/limits", encoding="ascii") as file:
            core = next(line for line in file if line.startswith("Max core file size"))
        assert core.split()[4] == "0", f"{process.name} leaves no core file"
    # A process that is not dumpable has its /proc entries owned by root, whoever it runs as.
    assert os.stat(f"/proc/{agent.pid}/mem").st_uid == 0


def descriptors(process):
    """What its descriptors lead to."""
    found = set()
    for number in os.listdir(f"/proc/{process.pid}/fd"):
        try:
            found.add(os.readlink(f"/proc/{process.pid}/fd/{number}"))
        except FileNotFoundError:  # closed meanwhile
            pass
    return found


def of_the_parent_alone(httpd):
    """The lock of the store, the memory for new certificates, the socket to the keeper, the pipes of the log."""
    with open("/proc/net/unix", encoding="ascii") as table:
        sockets = {f"socket:[{line.split()[6]}]" for line in table.readlines()[1:]}
    held = descriptors(httpd.parent())
    lock = {link for link in held if link.startswith(str(httpd.dir / "store"))}
    memory = {link for link in held if link.startswith("/memfd:")}
    channel = held & sockets
    relay, = [child for child in processes.children(httpd.parent().pid) if child.name == processes.RELAY]
    pipes = held & {link for link in descriptors(relay) if link.startswith("pipe:")}
    return lock | memory | channel | pipes if lock and memory and channel and len(pipes) == 2 else None


@pytest.mark.parametrize("mpm", ["event", "worker", "prefork"])
def test_what_is_forked_later_has_nothing_that_is_the_parents(world, mpm):
    """Workers, and what another module forks: the daemon of mod_cgid is httpd's User as well. When they
    begin, httpd has had the lock of the store from the keeper for long."""
    world.expect("AH01239: cgid daemon process died")
    httpd = world.httpd()
    httpd.mpm = mpm
    ca = world.ca(httpd)
    httpd.configure(f"LoadModule cgid_module {MODULES}/mod_cgid.so", f'ScriptSock "{httpd.dir}/cgid.sock"',
                    "ACMEReload live", httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    wait_until(lambda: of_the_parent_alone(httpd), 60, "httpd to have the lock from the keeper")
    first = httpd.workers()
    for child in first:
        child.kill()
    wait_until(lambda: len(httpd.workers()) >= 2 and not set(first) & set(httpd.workers()), 30,
               "others in their place")
    httpd.wait_for_certificate(NAME, ca)
    for child in httpd.workers():
        assert not descriptors(child) & of_the_parent_alone(httpd), child
