# SPDX-License-Identifier: Apache-2.0
"""Names that the CA has validated before: no challenge is touched and no port 80 is needed."""

import pytest

from harness import ca as authority
from harness import clock
from harness.ports import free_port
from test_cas import Stage

NAME = "www.test.example"
OTHER = "mail.test.example"


@pytest.mark.smoke
def test_issued_without_a_challenge_or_port_80(world):
    httpd = world.httpd()
    ca = world.ca(httpd, environment={"PEBBLE_AUTHZREUSE": "100"})
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True),
                    httpd.site(OTHER, managed=True))
    httpd.start()
    first = httpd.wait_for_certificate(NAME, ca)
    httpd.wait_for_issue(OTHER)
    httpd.stop()
    challenges = ca.count(authority.CHALLENGE)
    assert challenges == 2

    httpd.http = free_port()  # the CA still tries the old one, where nobody listens now
    httpd.configure(httpd.acme(ca, more="ACMEChallenge none"), f"ACMEManagedDomain {NAME} {OTHER}",
                    httpd.site(NAME, aliases=[OTHER]))
    httpd.start()
    second = httpd.take_up(NAME, ca, other_than=first.serial_number)
    assert httpd.certificate(OTHER).serial_number == second.serial_number
    assert ca.count(authority.CHALLENGE) == challenges
    assert ca.accounts() == 1
    assert ca.registrations() == 1


def test_none_where_the_ca_asks_says_which_name_and_what_to_do(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    world.expect(rf":(error|warn)\].*{NAME}")
    httpd.configure(httpd.acme(ca, more="ACMEChallenge none"), httpd.site(NAME, managed=True))
    httpd.start()
    problem = httpd.wait_for_problem(NAME, ":noChallenge")["problem"]
    assert NAME in problem["detail"] + problem["advice"]
    assert "valid" in problem["advice"], "it says that the name is to be validated at the CA"
    assert ca.count(authority.CHALLENGE) == 0
    assert ca.count(authority.FINALIZE) == 0


@pytest.mark.smoke
def test_a_fifth_of_all_nonces_refused(world):
    httpd = world.httpd()
    ca = world.ca(httpd, environment={"PEBBLE_WFE_NONCEREJECT": "20"})
    names = [f"n{number}.test.example" for number in range(4)]
    httpd.configure(httpd.acme(ca), *(httpd.site(name, managed=True) for name in names))
    httpd.start()
    for name in names:
        httpd.wait_for_issue(name)
    assert ca.accounts() == 1
    assert ca.issued() == len(names)


@pytest.mark.parametrize("challenges, told", [("none", True), ("http-01", False)])
def test_a_validation_that_ends_before_the_renewal(world, challenges, told):
    """The CA goes by it for 30 days, and the certificate is renewed after 60: it is told at once where
    nothing can be answered then, on each start, and not after the next certificate is in time."""
    stage = Stage(world, prevalidated=True, lifetime_days=90)
    world.expect("validation of")
    stage.start(more=f"ACMEChallenge {challenges}")
    httpd = stage.httpd

    def known():
        entry = httpd.wait_for_status(NAME, lambda e: e["validations"], "its validations")
        validation, = entry["validations"]
        assert validation["name"] == NAME
        days = (clock.parse(validation["until"]) - stage.ca.clock.now()) / 86400
        return days, entry.get("notice") or ""
    days, notice = known()
    assert 29.9 < days < 30.1
    assert (NAME in notice and "have the name validated there again" in notice) == told
    assert bool(httpd.log.count("goes by its validation of www")) == told
    stage.later(20 * 86400)
    days, notice = known()
    assert 9.9 < days < 10.1
    assert bool(notice) == told
    page = httpd.get("localhost", "/acme-status").body.decode()
    assert NAME in page and ("have the name validated there again" in page) == told


def test_an_order_that_was_placed_anew_is_waited_for(world):
    """The name was to be validated at the CA, and then the CA offers a challenge and takes its time over
    that: the order is not replaced at each look at it."""
    stage = Stage(world, prevalidated=False, challenge_types=("dns-01",), fetch_after=4.0)
    stage.expect_trouble()
    stage.ca.expected["repeated_orders"] = 1
    stage.start()
    stage.httpd.wait_for_problem(NAME, "noChallenge")
    stage.ca.switches.challenge_types = ("http-01",)
    stage.later(1300)
    stage.issued()
    assert stage.ca.counted() == (1, 2, 1, 1, 1)
