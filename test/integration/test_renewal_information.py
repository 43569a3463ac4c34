# SPDX-License-Identifier: Apache-2.0
"""The CA says when to renew (RFC 9773): it is asked, obeyed within reason, and told what is replaced."""

import json
import time

import pytest

from harness import clock
from harness.waiting import wait_until

NAME = "www.test.example"
DAY = 86400
ASKED = "renewal-info"


def start(world, **changes):
    httpd = world.httpd()
    ca = world.simulated_ca(httpd, renewal_info=True, **changes)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    return httpd, ca


def restart_later(httpd, ca, seconds):
    httpd.stop()
    ca.clock.advance(seconds)
    httpd.environment = clock.shifted(seconds)
    httpd.start()


def renewed(httpd, first):
    """Wait until another certificate is in the store (no client of today would trust it)."""
    def found():
        certificate = httpd.store.certificate(NAME)
        return certificate is not None and certificate.serial_number != first.serial_number
    wait_until(found, 30, "a renewed certificate")


def replaced(ca):
    """What each newOrder said that it replaces."""
    return [json.loads(entry.payload).get("replaces") if b"identifiers" in entry.payload
            else None for entry in ca.counts.of("new-order")]


def suggestion(httpd):
    entry = httpd.wait_for_status(NAME, lambda e: e.get("suggestion") and e["next"]["what"] != "reload",
                                  "a suggestion of the CA")
    return entry["suggestion"], entry["next"]


def test_asked_once_kept_and_obeyed(world):
    httpd, ca = start(world, ari_window=(20 * DAY, 21 * DAY),
                      ari_explanation="https://ca.example/why")
    first = httpd.wait_for_certificate(NAME, ca)
    window, planned = suggestion(httpd)
    assert clock.parse(window["start"]) <= clock.parse(planned["at"]) <= clock.parse(window["end"])
    assert "https://ca.example/why" in planned["why"]
    assert window["explanation"] == "https://ca.example/why"
    assert ca.requests(ASKED) == 1
    assert httpd.log.count("please read https://ca.example/why") == 1
    httpd.graceful()
    time.sleep(1)
    assert suggestion(httpd)[1]["at"] == planned["at"], "it is drawn once"
    assert ca.requests(ASKED) == 1, "and not asked for before Retry-After is over"

    ca.switches = ca.switches.but(ari_window=(-1 * DAY, DAY))
    restart_later(httpd, ca, clock.parse(planned["at"]) - time.time() + DAY)
    renewed(httpd, first)
    assert replaced(ca) == [None, ca.certificates[0].ari_id()]
    assert ca.counted() == (1, 2, 2, 2, 2)


def asked_about(ca):
    """The ids of certificates that renewal information was asked for."""
    return [entry.url.rsplit("/", 1)[1] for entry in ca.counts.of(ASKED)]


def test_asked_again_when_retry_after_is_over_and_not_before(world):
    began = time.time()
    httpd, ca = start(world, ari_window=(20 * DAY, 21 * DAY), ari_retry_after=21600)
    httpd.wait_for_certificate(NAME, ca)
    planned = suggestion(httpd)[1]
    # The window moves, and is drawn in anew.
    ca.switches = ca.switches.but(ari_window=(30 * DAY, 31 * DAY))
    restart_later(httpd, ca, 21600 - 8)
    clock.expect_not_before(began + 21600, lambda: ca.requests(ASKED) > 1,
                            "the question after Retry-After", ca.clock.now)
    assert ca.requests(ASKED) == 2
    httpd.wait_for_status(NAME, lambda e: clock.parse(e["next"]["at"])
                          > clock.parse(planned["at"]) + 8 * DAY, "a later plan")
    assert ca.counts.orders == 1


def test_an_old_certificate_is_not_asked_about(world):
    """Nor one that is over."""
    httpd, ca = start(world, ari_window=(20 * DAY, 21 * DAY), ari_retry_after=60)
    first = httpd.wait_for_certificate(NAME, ca)
    suggestion(httpd)
    restart_later(httpd, ca, 30 * DAY)
    renewed(httpd, first)
    wait_until(lambda: len(set(asked_about(ca))) == 2, 15, "a question about the new one")
    httpd.stop()
    before = len(asked_about(ca))
    world.expect(r"acme_eab:(error|warn)\]")
    ca.accidents.problem("new-order", "serverInternal", "Not today", 500, times=1000)
    ca.clock.advance(100 * DAY)
    httpd.environment = clock.shifted(130 * DAY)
    httpd.start()
    wait_until(lambda: ca.requests("new-order") >= 3, 15, "an order")
    time.sleep(1)
    new = ca.certificates[1].ari_id()
    assert len(asked_about(ca)) == before, "it is over"
    old = ca.certificates[0].ari_id()
    assert old not in asked_about(ca)[asked_about(ca).index(new):]


@pytest.mark.parametrize("accident, next_try", [
    (("html", {"status": 503}), "60 seconds"), (("html", {"status": 429}), "60 seconds"),
    (("html", {"status": 404}), "6 hours"), (("body", {"body": b"nonsense"}), "6 hours"),
    (("body", {"body": b'{"suggestedWindow": {}}'}), "6 hours")])
def test_no_usable_answer_is_no_trouble(world, accident, next_try):
    """The plan is our own then."""
    httpd = world.httpd()
    ca = world.simulated_ca(httpd, renewal_info=True, ari_window=(20 * DAY, 21 * DAY))
    getattr(ca.accidents, accident[0])(ASKED, times=1000, **accident[1])
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    wait_until(lambda: httpd.log.count(f"no renewal information.*next in {next_try}"), 15, "a line")
    entry = httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "a valid certificate")
    assert entry["suggestion"] is None and entry["problem"] is None
    assert "a third of its life is left" in entry["next"]["why"]
    asked = ca.requests(ASKED)
    assert asked <= 4, "once before the restart for the certificate, three times after it"
    httpd.graceful()
    time.sleep(1)
    assert ca.requests(ASKED) == asked, "the wait outlives a restart"


def test_a_window_of_the_past_and_a_ca_that_fails(world):
    httpd, ca = start(world, ari_window=(20 * DAY, 21 * DAY))
    httpd.wait_for_certificate(NAME, ca)
    suggestion(httpd)
    world.expect(r"acme_eab:(error|warn)\]")
    ca.switches = ca.switches.but(ari_window=(-7200, -3600))
    ca.accidents.problem("new-order", "rejectedIdentifier", "Not today", 403, times=1000)
    restart_later(httpd, ca, 10 * DAY)
    httpd.wait_for_problem(NAME, ":rejectedIdentifier")
    httpd.graceful()
    time.sleep(2)
    assert ca.requests("new-order") == 1 + 2, "with and without the predecessor, and no more"


def test_another_ca_is_told_of_no_predecessor(world):
    httpd, ca = start(world, ari_window=(20 * DAY, 21 * DAY))
    first = httpd.wait_for_certificate(NAME, ca)
    suggestion(httpd)
    other = world.simulated_ca(httpd, renewal_info=True, kids=("kid-2",))
    httpd.configure(httpd.acme(other, kid="kid-2"), httpd.site(NAME, managed=True))
    httpd.graceful()
    httpd.wait_for_certificate(NAME, other, other_than=first.serial_number)
    assert replaced(other) == [None]
    wait_until(lambda: other.requests(ASKED) == 1, 10, "a question to the new one")
    assert asked_about(other) == [other.certificates[0].ari_id()]


@pytest.mark.parametrize("hours, word", [(3, "3 hours behind"), (-3, "3 hours ahead of")])
def test_a_wrong_clock_is_told_and_the_plan_goes_by_that_of_the_ca(world, hours, word):
    world.expect(r"acme_eab:warn\].*clock")
    httpd = world.httpd()
    ca = world.simulated_ca(httpd, renewal_info=True, ari_window=(20 * DAY, 20 * DAY + 60),
                            backdate_hours=12)
    ca.clock.advance(hours * 3600)
    # Nobody serves it, so that no restart follows, after which the agent would not know.
    httpd.configure(httpd.acme(ca), f"ACMEManagedDomain {NAME}", httpd.plain_site("localhost"))
    httpd.start()
    planned = suggestion(httpd)[1]
    # In 20 days by both clocks, while the window is hours off by ours.
    assert abs(clock.parse(planned["at"]) - time.time() - 20 * DAY) < 120
    assert httpd.log.count(f"this server's clock is {word} that of localhost") == 1
    assert abs(httpd.status()["accounts"][0]["clock_behind"] - hours * 3600) < 60
    page = httpd.get("localhost", "/acme-status").body.decode()
    assert word.split(" of")[0] in page


def test_earlier_than_planned(world):
    httpd, ca = start(world, ari_window=(20 * DAY, 21 * DAY))
    first = httpd.wait_for_certificate(NAME, ca)
    suggestion(httpd)
    ca.switches = ca.switches.but(ari_window=(-7200, -3600))
    restart_later(httpd, ca, 10 * DAY)
    renewed(httpd, first)
    # The new one comes with a window of the past as well: that is no reason to order on and on.
    wait_until(lambda: ca.requests(ASKED) == 3, 10, "a question about the new one")
    time.sleep(2)
    assert ca.counted() == (1, 2, 2, 2, 2)


def test_never_too_late(world):
    httpd, ca = start(world, ari_window=(89 * DAY, 100 * DAY))
    httpd.wait_for_certificate(NAME, ca)
    planned = suggestion(httpd)[1]
    assert 66 * DAY < clock.parse(planned["at"]) - time.time() < 68 * DAY
    assert "though the CA suggests later" in planned["why"]


@pytest.mark.parametrize("refusal", ["unauthorized", "malformed", "not-found", "internal", "replaced"])
def test_a_refused_replacement_is_ordered_without(world, refusal):
    httpd, ca = start(world, ari_window=(20 * DAY, 21 * DAY), replaces_refusal=refusal)
    first = httpd.wait_for_certificate(NAME, ca)
    suggestion(httpd)
    restart_later(httpd, ca, 30 * DAY)
    renewed(httpd, first)
    assert replaced(ca) == [None, ca.certificates[0].ari_id(), None]
    assert ca.counted() == (1, 2, 2, 2, 2)
