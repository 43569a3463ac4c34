# SPDX-License-Identifier: Apache-2.0
"""ACMEAllowSubsetOfNames: the CA refuses some names, and the others go on without them."""

import time

import pytest

from harness import certificates, clock
from harness.waiting import wait_until
from test_cas import DAY, FOREIGN, NAME, SECOND, TOMORROW, Stage

THIRD = "third.test.example"
OTHER = "other.foreign.example"
ON = "ACMEAllowSubsetOfNames on"
REFUSING = {"foreign_names": ("foreign.example",)}


class SubsetStage(Stage):
    """A stage with names that may be left out."""

    def __init__(self, world, mode="plain", *behaviours, **changes):
        super().__init__(world, mode, *behaviours, **{"prevalidated": True, **changes})
        self.expect_trouble()

    def begin(self, *names, more=ON):
        return self.start(*names, more=more)

    def names(self):
        return sorted(certificates.names_of(self.httpd.store.certificate(self.first)))

    def start(self, *names, more="", acme=None):
        self.first = names[0]
        return super().start(*names, more=more, acme=acme)

    def settled(self, *missing, what="retry", seconds=30):
        """Wait until the status says that these names are missing, and all else is well; its entry."""
        def told(entry):
            return (entry["state"] == "valid" and sorted(entry["missing_names"]) == sorted(missing)
                    and entry["next"]["what"] == what
                    and clock.parse(entry["next"]["at"]) > self.ca.clock.now()
                    and bool(entry["problem"]) == bool(missing))
        try:
            return self.httpd.wait_for_status(self.first, told, f"{missing} to be missing", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.ca.counts.text()}") from None

    def minutes_to_next(self, entry):
        return clock.minutes_until(entry["next"]["at"], self.ca.clock.now())

    def quiet(self, seconds=2):
        """Nothing more is asked of the CA."""
        before = self.ca.requests("new-order")
        time.sleep(seconds)
        assert self.ca.requests("new-order") == before, "it is ordered again and again"


def subjects(problem):
    listed = {p["identifier"]["value"]: p for p in problem.get("subproblems") or []}
    if not listed and problem.get("identifier"):
        listed = {problem["identifier"]["value"]: problem}
    return listed


def test_the_others_go_on_and_the_missing_ones_come_later(world):
    stage = SubsetStage(world, **REFUSING).begin(NAME, FOREIGN, SECOND)
    first = stage.issued()
    assert stage.names() == [SECOND, NAME]
    entry = stage.settled(FOREIGN)
    assert TOMORROW[0] < stage.minutes_to_next(entry) < TOMORROW[1]
    assert list(subjects(entry["problem"])) == [FOREIGN]
    assert FOREIGN in entry["problem"]["advice"] and "ACMEAllowSubsetOfNames" in entry["problem"]["advice"]
    stage.httpd.wait_for_certificate(NAME, stage.ca)
    stage.quiet()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)
    assert stage.ca.requests("new-order") == 2
    assert stage.httpd.log.count(rf"acme_eab:(warn|error)\].*{FOREIGN}") == 1, "one cause, one line"
    assert stage.httpd.log.count("Ordering a certificate for") == 1

    stage.ca.switches.foreign_names = ()
    stage.later(300)  # a restart by somebody, but not within 10 minutes of the last try
    stage.quiet()
    stage.later(stage.minutes_to_next(stage.settled(FOREIGN)) * 60 + 10)
    second = stage.issued(other_than=first)
    assert stage.names() == sorted((NAME, FOREIGN, SECOND))
    assert certificates.validity(second) > certificates.validity(first)
    stage.settled(what="renew")
    assert stage.ca.counted() == (1, 2, 2, 2, 2)


def test_off_the_order_fails_as_a_whole(world):
    stage = SubsetStage(world, **REFUSING).start(NAME, FOREIGN)
    problem = stage.problem(":rejectedIdentifier", TOMORROW)
    assert FOREIGN in problem["advice"]
    assert stage.ca.requests("new-order") == 1
    assert stage.ca.counts.orders == 0


@pytest.mark.smoke
def test_the_first_name_is_refused(world):
    world.expect(r"ssl:warn\].*AH01909")  # mod_ssl: the name of the virtual host is not on it
    stage = SubsetStage(world, **REFUSING).begin(FOREIGN, SECOND, NAME)
    wait_until(lambda: stage.httpd.store.certificate(FOREIGN), 30, "a certificate in its place")
    assert stage.names() == sorted((SECOND, NAME))
    assert certificates.common_name_of(stage.httpd.store.certificate(FOREIGN)) == SECOND
    stage.settled(FOREIGN)
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


def test_all_names_are_refused(world):
    stage = SubsetStage(world, **REFUSING).begin(FOREIGN, OTHER)
    problem = stage.problem(":rejectedIdentifier", TOMORROW, name=FOREIGN)
    assert sorted(subjects(problem)) == sorted((FOREIGN, OTHER))
    assert stage.status()["certificates"][0]["state"] == "failing"
    assert stage.ca.requests("new-order") == 1


def test_a_refusal_that_names_nobody_is_of_the_whole_order(world):
    stage = SubsetStage(world, "plain", "names-not-linked").begin(NAME, FOREIGN)
    stage.problem(":rejectedIdentifier", TOMORROW)
    assert stage.ca.requests("new-order") == 1


def test_each_name_is_told_with_its_own_reason(world):
    stage = SubsetStage(world, foreign_reasons=("rejectedIdentifier", "caa"), **REFUSING)
    stage.begin(NAME, FOREIGN, OTHER)
    entry = stage.settled(FOREIGN, OTHER)
    told = subjects(entry["problem"])
    assert told[FOREIGN]["type"].endswith(":rejectedIdentifier")
    assert told[OTHER]["type"].endswith(":caa")
    page = stage.httpd.get("localhost", "/acme-status").body.decode()
    assert "2 names missing" in page and FOREIGN in page and OTHER in page
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


def test_a_limit_is_no_refusal_of_a_name(world):
    stage = SubsetStage(world, foreign_reasons=("rejectedIdentifier", "rateLimited"), **REFUSING)
    stage.begin(NAME, FOREIGN, OTHER)
    stage.problem(":rejectedIdentifier", TOMORROW)
    assert stage.ca.requests("new-order") == 1


# -- names that fail later ------------------------------------------------------------------------


def test_names_that_cannot_be_validated(world):
    """One has no challenge that may be answered, one fails, and two are well: three orders."""
    stage = SubsetStage(world, prevalidated=False, dns_only=("second.",), unprovable=("third.",))
    stage.ca.expected = {"repeated_orders": 2}  # what cannot be met is left to expire
    stage.begin(NAME, SECOND, THIRD, "fourth.test.example")
    stage.issued()
    assert stage.names() == sorted((NAME, "fourth.test.example"))
    entry = stage.settled(SECOND, THIRD)
    told = subjects(entry["problem"])
    assert told[SECOND]["type"].endswith(":noChallenge")
    assert told[THIRD]["type"].endswith(":connection")
    assert "dns-01" in told[SECOND]["detail"]
    assert 0.4 < stage.minutes_to_next(entry) < 1.8, "a failed validation may be a hiccup"
    assert stage.ca.counted() == (1, 3, 1, 1, 1)
    stage.quiet()

    stage.later(stage.minutes_to_next(entry) * 60 + 5)
    entry = stage.settled(SECOND, THIRD)
    assert stage.minutes_to_next(entry) > 8
    assert stage.ca.issued() == 1, "no certificate that gains nothing"
    stage.ca.switches.dns_only = ()
    stage.later(stage.minutes_to_next(entry) * 60 + 5)
    stage.settled(THIRD)
    assert stage.names() == sorted((NAME, SECOND, "fourth.test.example"))
    assert (stage.ca.issued(), stage.ca.collected()) == (2, 2)


def test_an_order_in_which_no_name_can_be_validated_is_used_again(world):
    """CAs count pending orders. Another is placed now and then, for a CA that looks only at new ones."""
    stage = SubsetStage(world, prevalidated=False, challenge_types=("dns-01",))
    stage.begin(NAME, SECOND, more=f"{ON}\nACMEChallenge http-01")
    stage.ca.expected["repeated_orders"] = 1
    stage.httpd.wait_for_problem(NAME, "compound")
    for tries in range(2, 6):
        seen = stage.ca.requests("authorization")
        stage.later(1300)
        stage.wait_for_requests("authorization", seen + 1)
        stage.httpd.wait_for_status(
            NAME, lambda e: (e["problem"] or {}).get("attempts") == tries, f"{tries} tries")
    assert stage.ca.counts.orders == 2


@pytest.mark.smoke
def test_an_order_that_lacks_a_name(world):
    stage = SubsetStage(world, order_drops=("second.",))
    stage.ca.expected = {"repeated_orders": 1}
    stage.begin(NAME, SECOND)
    stage.issued()
    assert stage.names() == [NAME]
    entry = stage.settled(SECOND)
    assert subjects(entry["problem"])[SECOND]["type"].endswith(":orderChanged")
    stage.quiet()
    assert (stage.ca.issued(), stage.ca.collected()) == (1, 1)


def test_an_order_that_loses_a_name_once_it_is_finalized(world):
    """What is on the certificate counts."""
    stage = SubsetStage(world, order_mutation="drop-name", processing_polls=3,
                        processing_retry_after=1)
    stage.begin(NAME, SECOND)
    stage.issued()
    assert stage.names() == sorted((NAME, SECOND))
    stage.settled(what="renew")
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


def test_a_certificate_that_lacks_a_name(world):
    """To try again would cost a certificate, so that waits for the renewal."""
    stage = SubsetStage(world, drop_names=("second.",)).begin(NAME, SECOND)
    first = stage.issued()
    assert stage.names() == [NAME]
    entry = stage.settled(SECOND, what="renew")
    assert subjects(entry["problem"])[SECOND]["type"].endswith(":nameDropped")
    assert stage.minutes_to_next(entry) > 50 * 24 * 60
    stage.quiet()
    stage.later(stage.minutes_to_next(entry) * 60 + 5)
    stage.issued(other_than=first)
    stage.settled(SECOND, what="renew")
    assert stage.ca.counted() == (1, 2, 2, 2, 2)


# -- what is in place -----------------------------------------------------------------------------


def test_a_good_certificate_is_not_replaced_by_a_smaller_one(world):
    """Until shortly before its end: then the others are not to go without."""
    stage = SubsetStage(world, lifetime_days=90).begin(NAME, FOREIGN)
    first = stage.issued()
    stage.ca.switches.foreign_names = ("foreign.example",)
    stage.later(stage.until_renewal() + 60)
    problem = stage.problem(":rejectedIdentifier", TOMORROW)
    assert "covers more names" in problem["advice"]
    entry = stage.status()["certificates"][0]
    assert (entry["state"], entry["missing_names"]) == ("failing", [])
    assert stage.ca.counted() == (1, 1, 1, 1, 1)
    assert stage.httpd.store.certificate(NAME) == first

    left = certificates.validity(first)[1].timestamp()
    stage.later(left - 4 * DAY - stage.ca.clock.now())
    stage.problem(":rejectedIdentifier", TOMORROW)
    assert stage.ca.issued() == 1
    stage.later(left - 3 * DAY - stage.ca.clock.now() + 60)
    stage.issued(other_than=first)
    assert stage.names() == [NAME]
    stage.settled(FOREIGN)
    assert stage.ca.counted() == (1, 2, 2, 2, 2)


def test_a_certificate_that_lost_a_name_does_not_replace_a_good_one(world):
    stage = SubsetStage(world, lifetime_days=90).begin(NAME, SECOND)
    first = stage.issued()
    stage.ca.switches.drop_names = ("second.",)
    stage.later(stage.until_renewal() + 60)
    stage.problem(":fewerNames", (20 * 24 * 60, 40 * 24 * 60))
    assert stage.httpd.store.certificate(NAME) == first
    stage.later(DAY + 3 * 3600)
    stage.quiet()
    assert stage.ca.counted() == (1, 2, 2, 2, 2)


def test_a_partial_certificate_is_renewed(world):
    stage = SubsetStage(world, lifetime_days=6, **REFUSING).begin(NAME, FOREIGN)
    first = stage.issued()
    stage.settled(FOREIGN)
    stage.later(2 * DAY)  # the next try is overdue, and its renewal is not
    stage.settled(FOREIGN, what="renew")
    assert stage.ca.issued() == 1
    stage.later(2 * DAY)
    stage.issued(other_than=first)
    assert stage.names() == [NAME]
    stage.settled(FOREIGN)
    assert stage.ca.counted() == (1, 2, 2, 2, 2)


def test_a_changed_configuration_is_tried_at_once(world):
    stage = SubsetStage(world, **REFUSING).begin(NAME, FOREIGN)
    first = stage.issued()
    stage.settled(FOREIGN)
    orders = stage.ca.requests("new-order")
    stage.httpd.graceful()
    stage.quiet()
    stage.configure(NAME, FOREIGN, SECOND, more=ON)
    stage.httpd.graceful()
    stage.issued(other_than=first)
    assert stage.names() == sorted((NAME, SECOND))
    stage.settled(FOREIGN)
    assert stage.ca.requests("new-order") == orders + 2
    stage.configure(NAME, SECOND, more=ON)
    stage.httpd.graceful()
    stage.settled(what="renew")
    assert stage.ca.counted() == (1, 2, 2, 2, 2)


def test_switched_off_again_it_is_as_before(world):
    stage = SubsetStage(world, **REFUSING).begin(NAME, FOREIGN)
    first = stage.issued()
    stage.settled(FOREIGN)
    stage.configure(NAME, FOREIGN)
    stage.httpd.graceful()
    stage.problem(":rejectedIdentifier", TOMORROW)
    assert stage.status()["certificates"][0]["state"] == "failing"
    assert stage.httpd.store.certificate(NAME) == first


@pytest.mark.parametrize("kind", ["new-order", "finalize"])
def test_killed_while_a_subset_is_ordered(world, kind):
    stage = SubsetStage(world, orders_list=5, processing_seconds=1, **REFUSING)
    stage.ca.accidents.delay(kind, 20, at=2 if kind == "new-order" else 1)
    stage.begin(NAME, FOREIGN)
    stage.wait_for_requests(kind, 2 if kind == "new-order" else 1)
    time.sleep(0.3)
    stage.httpd.kill_all()
    stage.httpd.pid_file.unlink()
    stage.httpd.start()
    stage.issued()
    assert stage.names() == [NAME]
    stage.settled(FOREIGN)
    stage.quiet()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


def test_renewal_says_what_it_replaces(world):
    """And an order for fewer names keeps that mark."""
    stage = SubsetStage(world, renewal_info=True, **REFUSING).begin(NAME, FOREIGN)
    first = stage.issued()
    stage.settled(FOREIGN)
    stage.later(61 * DAY)
    stage.issued(other_than=first)
    assert [bool(order.replaces) for order in stage.ca.orders] == [False, True]
