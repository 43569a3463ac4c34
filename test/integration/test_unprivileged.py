# SPDX-License-Identifier: Apache-2.0
"""httpd started by somebody else than root: one user for everything, and it works."""

import os
import pwd

import pytest

from harness.waiting import wait_until

NAME = "www.test.example"
USER = "nobody"


@pytest.fixture
def httpd(world):
    httpd = world.httpd()
    httpd.runs_as = USER
    os.chown(httpd.dir, pwd.getpwnam(USER).pw_uid, -1)
    return httpd


def own_key(httpd):
    os.chown(httpd.key_file, pwd.getpwnam(USER).pw_uid, -1)


def test_issued_and_served(world, httpd):
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    own_key(httpd)
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    uid = pwd.getpwnam(USER).pw_uid
    for process in (httpd.parent(), httpd.wait_for_keeper(), httpd.wait_for_agent()):
        assert set(process.user_ids()) == {uid}
    assert httpd.agent().status("NoNewPrivs") == "1"
    assert httpd.store.others_can_read() == []
    httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "state valid")


def test_another_user_for_the_agent_is_a_clear_error(world, httpd):
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca, more="ACMEUser www-data"), httpd.site(NAME, managed=True))
    own_key(httpd)
    status, output = httpd.check()
    assert status != 0
    assert f"{httpd.conf}:{httpd.line_of('ACMEUser')}: ACMEUser" in output
    assert "root" in output


def test_a_key_that_this_user_cannot_read_is_told(world, httpd):
    """httpd -t, which anybody may run for root's configuration, does not complain of it."""
    ca = world.ca(httpd)
    world.expect(r"acme_eab:(error|warn)\]")
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    assert httpd.check() == (0, "Syntax OK\n")
    httpd.start()
    wait_until(lambda: httpd.log.lines(r"acme_eab:error\].*" + str(httpd.key_file)), 15,
               "a line in the log that names the file")
    wait_until(lambda: httpd.status()["accounts"][0].get("problem"), 15, "a problem in the status")
    problem = httpd.status()["accounts"][0]["problem"]
    assert problem["type"].endswith(":eabKey")
    assert str(httpd.key_file) in problem["detail"]
    assert ca.registrations() == 0
    assert httpd.get("localhost").status == 200


def test_a_store_of_somebody_else_is_told(world, httpd):
    ca = world.ca(httpd)
    world.expect(r"acme_eab:(error|warn|crit|alert|emerg)\]")
    httpd.store.dir.mkdir(mode=0o700)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    own_key(httpd)
    httpd.start()
    wait_until(lambda: httpd.log.lines(r"acme_eab:error\].*" + str(httpd.store.dir)), 15,
               "a line in the log that names the directory")
    assert httpd.get("localhost").status == 200
    assert ca.registrations() == 0
