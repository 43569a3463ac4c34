# SPDX-License-Identifier: Apache-2.0
"""What backups and people do to the store: a certificate is known by itself, not by links and
numbers."""

import shutil
import subprocess

import pytest

from harness.waiting import wait_until

NAME = "www.test.example"


@pytest.fixture
def scene(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    return httpd, ca, httpd.wait_for_certificate(NAME, ca).serial_number


def copied_without_links(httpd):
    copy = httpd.dir / "copy"
    subprocess.run(["cp", "-rL", httpd.store.dir, copy], check=True)
    shutil.rmtree(httpd.store.dir)
    copy.rename(httpd.store.dir)


def left_out_the_links(httpd):
    httpd.store.live(NAME).unlink()


def saved_the_live_ones_alone(httpd):
    copied_without_links(httpd)
    shutil.rmtree(httpd.store.dir / "archive")


def linked_to_what_is_gone(httpd):
    httpd.store.set_live(NAME, "000007")


RESTORED = [copied_without_links, left_out_the_links, saved_the_live_ones_alone,
            linked_to_what_is_gone]


def test_a_restored_store_serves_and_renews(world, scene):
    world.expect(r"acme_eab:(warn|error)\].*(live/|000007/|certificate of )" + NAME, r"acme_eab:error\].*000007/")
    httpd, ca, serial = scene
    for restored in RESTORED:
        httpd.stop()
        restored(httpd)
        httpd.start()
        wait_until(lambda: httpd.certificate(NAME).serial_number == serial, 20, restored.__name__)
        httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", restored.__name__)
        assert httpd.store.live(NAME).is_symlink(), restored.__name__
        assert httpd.store.generations(NAME) == ["000001"], restored.__name__
    assert (ca.accounts(), ca.orders()) == (1, 1)
    httpd.configure(httpd.acme(ca, more="ACMEKeyType p384"), httpd.site(NAME, managed=True))
    httpd.graceful()
    httpd.take_up(NAME, ca, other_than=serial)
    assert httpd.store.generations(NAME) == ["000001", "000002"]
    assert (ca.accounts(), ca.orders()) == (1, 2)


def test_a_link_that_was_not_made_is_no_trouble(scene):
    """A kill came between a certificate and its link: all lines of the log are as they should be."""
    httpd, ca, serial = scene
    httpd.stop()
    httpd.store.live(NAME).unlink()
    httpd.start()
    assert httpd.certificate(NAME).serial_number == serial
    wait_until(httpd.store.live(NAME).is_symlink, 20, "the link")
    assert httpd.log.lines("no link to the current certificate of " + NAME)
    assert ca.orders() == 1


def test_a_copy_without_seals_is_sealed_after_the_start(world, scene):
    httpd, ca, serial = scene
    httpd.stop()
    seal = httpd.store.dir / "archive" / NAME / "000001/checked"
    text = seal.read_bytes()
    seal.unlink()
    httpd.start()
    assert httpd.certificate(NAME).serial_number == serial
    wait_until(lambda: seal.exists() and seal.read_bytes() == text, 20, "a seal")
    assert ca.orders() == 1


def test_the_link_becomes_a_directory_under_a_running_server(world, scene):
    world.expect(r"acme_eab:(warn|error)\].*live/" + NAME)
    httpd, ca, serial = scene
    ca.pause()
    httpd.configure(httpd.acme(ca, more="ACMEKeyType p384"), httpd.site(NAME, managed=True))
    httpd.graceful()
    httpd.wait_for_agent()
    copy = httpd.dir / "copy"
    subprocess.run(["cp", "-rL", httpd.store.live(NAME), copy], check=True)
    httpd.store.live(NAME).unlink()
    copy.rename(httpd.store.live(NAME))
    ca.resume()
    httpd.wait_for_certificate(NAME, ca, other_than=serial)
    assert httpd.store.generation(NAME) == "000002"
    assert httpd.store.generations(NAME) == ["000001", "000002"]
    assert ca.issued() == 2


def test_what_is_no_longer_configured_is_told(world, scene):
    world.expect(r"acme_eab:error\].*127\.0\.0\.1:1")
    httpd, ca, _ = scene
    httpd.configure(httpd.acme(ca, kid=None).replace(ca.url, "https://127.0.0.1:1/directory"),
                    httpd.site("other.test.example", managed=True))
    httpd.graceful()
    told = rf"belong to no managed domain any more: {NAME}\."

    def leftovers():
        return httpd.status().get("leftovers", {})
    wait_until(lambda: leftovers().get("certificates"), 15, "leftovers in the status")
    certificate, = leftovers()["certificates"]
    assert certificate["name"] == NAME
    assert certificate["directories"] == [str(httpd.store.dir / "archive" / NAME),
                                          str(httpd.store.live(NAME))]
    account, = leftovers()["accounts"]
    assert account["directory"] == ca.url and account["url"].startswith("https://")
    assert httpd.log.count(told) == 1
    httpd.graceful()
    wait_until(lambda: leftovers().get("certificates"), 15, "leftovers in the status")
    assert leftovers()["certificates"][0]["since"] == certificate["since"]
    assert httpd.log.count(told) == 1, "once"
    page = httpd.get("localhost", "/acme-status").body.decode()
    assert "No longer configured" in page and certificate["directories"][0] in page
    for directory in certificate["directories"]:  # as it says
        subprocess.run(["rm", "-r", directory], check=True)
    httpd.configure(httpd.acme(ca), httpd.site("other.test.example", managed=True))
    httpd.graceful()
    wait_until(lambda: httpd.status().get("leftovers", {}).get("certificates") == [], 15, "none")
    httpd.configure("")
    httpd.graceful()
    assert httpd.log.count("nothing is managed any more") == 1
    assert "nothing is managed any more" in httpd.check()[1]


def test_a_number_that_is_given_out_again_is_another_certificate(world, scene):
    """Purged by hand under a running server, whose keeper then starts anew: 000001 is loaded, and it
    is not the new 000001."""
    world.expect(r"acme_eab:(warn|error)\].*keeper", r"core:error\].*AH00546")
    httpd, ca, serial = scene
    shutil.rmtree(httpd.store.dir / "archive" / NAME)
    httpd.store.live(NAME).unlink()
    keeper = httpd.wait_for_keeper()
    keeper.kill()
    httpd.wait_for_keeper(other_than=keeper)
    httpd.wait_for_certificate(NAME, ca, other_than=serial)
    assert httpd.store.generation(NAME) == "000001"
    httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "state valid")
    assert (ca.accounts(), ca.issued()) == (1, 2)
