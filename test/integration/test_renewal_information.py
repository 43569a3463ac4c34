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
    httpd.graceful()
    time.sleep(1)
    assert suggestion(httpd)[1]["at"] == planned["at"], "it is drawn once"
    assert ca.requests(ASKED) == 1, "and not asked for before Retry-After is over"

    ca.switches = ca.switches.but(ari_window=(-1 * DAY, DAY))
    restart_later(httpd, ca, clock.parse(planned["at"]) - time.time() + DAY)
    renewed(httpd, first)
    assert replaced(ca) == [None, ca.certificates[0].ari_id()]
    assert ca.counted() == (1, 2, 2, 2, 2)


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


@pytest.mark.parametrize("refusal", ["unauthorized", "malformed", "not-found", "replaced"])
def test_a_refused_replacement_is_ordered_without(world, refusal):
    httpd, ca = start(world, ari_window=(20 * DAY, 21 * DAY), replaces_refusal=refusal)
    first = httpd.wait_for_certificate(NAME, ca)
    suggestion(httpd)
    restart_later(httpd, ca, 30 * DAY)
    renewed(httpd, first)
    assert replaced(ca) == [None, ca.certificates[0].ari_id(), None]
    assert ca.counted() == (1, 2, 2, 2, 2)
