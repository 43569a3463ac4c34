# SPDX-License-Identifier: Apache-2.0
"""httpd started by somebody else than root: one user for everything, and it works."""

import os
import pwd

import pytest

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
    assert "ACMEUser" in output
    assert "root" in output
    assert str(httpd.line_of("ACMEUser")) in output


def test_a_key_that_this_user_cannot_read_is_a_clear_error(world, httpd):
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    status, output = httpd.check()
    assert status != 0
    assert str(httpd.key_file) in output
    assert ca.keys["kid-1"] not in output
