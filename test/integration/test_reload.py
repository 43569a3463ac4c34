# SPDX-License-Identifier: Apache-2.0
"""What follows a new certificate: never the end of the server."""

import os
import shutil

import pytest

from harness import certificates
from harness.waiting import wait_until

NAME = "www.test.example"
OTHER = "other.test.example"


@pytest.mark.smoke
def test_a_broken_configuration_waits_until_it_is_mended(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    world.expect(r"acme_eab:(warn|error)\].*(onfiguration|Nonsense)")
    text = httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    ca.pause()
    httpd.start()
    parent, restarts = httpd.parent(), httpd.restarts()
    httpd.conf.write_text(text + "NonsenseDirective on\n")
    ca.resume()

    status = httpd.wait_for_report(lambda s: s["reload"]["state"] == "refused", "a refused reload")
    entry, reload = status["certificates"][0], status["reload"]
    assert "NonsenseDirective" in reload["why"]
    assert str(httpd.line_of("NonsenseDirective")) in reload["why"]
    assert entry["state"] == "waiting-for-reload"
    assert httpd.parent() == parent
    assert httpd.restarts() == restarts
    assert httpd.get(NAME).status == 200
    assert httpd.get_tls(NAME).status == 503

    httpd.conf.write_text(text)
    httpd.wait_for_certificate(NAME, ca)
    assert httpd.parent() == parent
    status = httpd.wait_for_report(lambda s: s["certificates"][0]["state"] == "valid", "state valid")
    assert status["reload"]["state"] == "idle"
    assert ca.issued() == 1


def test_arguments_of_any_bytes_reach_the_configuration_test(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    word = os.fsdecode(b"gr\xfcn")
    text = httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.conf.write_bytes(os.fsencode(
        f"{text}<IfDefine !{word}>\nNonsenseDirective on\n</IfDefine>\n"))
    httpd.start("-D", word)
    httpd.wait_for_certificate(NAME, ca)
    httpd.conf.write_text(text)  # so that it can be stopped without the word


def test_reload_off_leaves_it_to_the_administrator(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca, more="ACMEReload off"), httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_status(NAME, lambda e: e["state"] == "waiting-for-reload", "it to be there")
    assert httpd.restarts() == 1
    assert httpd.get_tls(NAME).status == 503
    httpd.graceful()
    httpd.wait_for_certificate(NAME, ca)


def test_certificates_that_arrive_together_share_a_restart(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    names = [f"n{number}.test.example" for number in range(6)]
    httpd.configure(httpd.acme(ca), *(httpd.site(name, managed=True) for name in names))
    httpd.start()
    for name in names:
        httpd.wait_for_certificate(name, ca)
    assert httpd.restarts() <= 3, "one start, and one or two restarts for six certificates"


def swap_key(live):
    _, key = certificates.make_self_signed(["elsewhere.example"])
    (live / "privkey.pem").write_bytes(key)


def swap_certificate(live):
    certificate, _ = certificates.make_self_signed([NAME])
    (live / "fullchain.pem").write_bytes(certificate)


def truncate(file):
    def damage(live):
        data = (live / file).read_bytes()
        (live / file).write_bytes(data[: len(data) // 3])
    return damage


def empty(file):
    return lambda live: (live / file).write_bytes(b"")


def remove(file):
    return lambda live: (live / file).unlink()


DAMAGES = {
    "chain truncated": truncate("fullchain.pem"),
    "key truncated": truncate("privkey.pem"),
    "chain empty": empty("fullchain.pem"),
    "chain gone": remove("fullchain.pem"),
    "key of another": swap_key,
    "certificate of another": swap_certificate,
}


@pytest.fixture
def two_generations(world):
    """An httpd whose certificate has an older generation beside the live one."""
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca, key_type="rsa2048"), httpd.site(NAME, managed=True))
    httpd.start()
    first = httpd.wait_for_certificate(NAME, ca)
    httpd.configure(httpd.acme(ca, more="ACMEKeyType p256"), httpd.site(NAME, managed=True))
    httpd.graceful()
    second = httpd.take_up(NAME, ca, other_than=first.serial_number)
    httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "state valid")
    return httpd, ca, first, second


def test_damaged_live_files_do_not_end_the_server(world, two_generations):
    httpd, ca, first, second = two_generations
    world.expect(r"acme_eab:(warn|error)\]")
    root = ca.root()
    ca.pause()  # so that no new certificate covers up for the damaged one
    parent = httpd.parent()
    live = httpd.store.live(NAME).resolve()
    whole = httpd.dir / "whole"
    shutil.copytree(live, whole)
    for what, damage in DAMAGES.items():
        damage(live)
        assert httpd.check()[0] == 0, f"{what}: httpd -t passes"
        httpd.graceful()
        assert httpd.parent() == parent, f"{what}: the server lives"
        assert httpd.certificate(NAME).serial_number == first.serial_number, what
        assert httpd.get_tls(NAME, trust=root).status == 200, what
        httpd.wait_for_agent()  # then the keeper has seen the damage
        shutil.copytree(whole, live, dirs_exist_ok=True)
        httpd.store.set_live(NAME, live.name)
        httpd.graceful()
        assert httpd.certificate(NAME).serial_number == second.serial_number, what


def test_a_damaged_certificate_is_replaced(world, two_generations):
    httpd, ca, first, second = two_generations
    world.expect(r"acme_eab:(warn|error)\]")
    truncate("fullchain.pem")(httpd.store.live(NAME).resolve())
    httpd.graceful()
    served = httpd.certificate(NAME).serial_number
    assert served != second.serial_number
    wait_until(lambda: ca.issued() == 3, 15, "a third certificate")
    third = httpd.wait_for_issue(NAME, other_than=first.serial_number)
    assert int(third["keys"][0]["serial"], 16) != second.serial_number
    assert third["keys"][0]["type"] == "p256"


def test_no_usable_generation_is_like_none_at_all(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    world.expect(r"acme_eab:(warn|error)\]")
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    first = httpd.wait_for_certificate(NAME, ca)
    parent = httpd.parent()
    ca.pause()
    empty("privkey.pem")(httpd.store.live(NAME).resolve())
    httpd.graceful()
    assert httpd.parent() == parent
    assert httpd.get_tls(NAME).status == 503
    ca.resume()
    served = httpd.take_up(NAME, ca, other_than=first.serial_number)
    assert served.serial_number != first.serial_number
