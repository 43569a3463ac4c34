# SPDX-License-Identifier: Apache-2.0
"""Renewals share a restart of httpd, in the time of the day that the administrator names."""

import shutil
import time

from harness import clock
from harness.waiting import wait_until

DAY = 86400
NAMES = [f"n{number}.test.example" for number in range(4)]


def window(at, minutes):
    """HH:MM-HH:MM of the local clock, from then on."""
    def text(seconds):
        return time.strftime("%H:%M", time.localtime(seconds))
    return f"{text(at)}-{text(at + 60 * minutes)}"


def start(world, names, more=""):
    httpd = world.httpd()
    ca = world.simulated_ca(httpd)
    configure(httpd, ca, names, more)
    httpd.start()
    return httpd, ca, [httpd.wait_for_certificate(name, ca) for name in names]


def configure(httpd, ca, names, more=""):
    httpd.configure(httpd.acme(ca, more=more), *(httpd.site(name, managed=True) for name in names))


def due(httpd, name):
    entry = httpd.wait_for_status(name, lambda e: e["next"]["what"] == "renew", "a renewal")
    return clock.parse(entry["next"]["at"])


def restart_at(httpd, ca, at):
    """@return how often httpd was started before the renewals"""
    ahead = at - time.time()
    httpd.stop()
    ca.clock.advance(ahead)
    httpd.environment = clock.shifted(ahead)
    httpd.start()
    return httpd.restarts()


def serials(httpd, names):
    return [httpd.certificate(name).serial_number for name in names]


def test_certificates_that_are_due_near_each_other_share_a_restart(world):
    httpd, ca, first = start(world, NAMES)
    times = [due(httpd, name) for name in NAMES]
    assert max(times) - min(times) < 120, "what was obtained together is renewed together"
    before = [certificate.serial_number for certificate in first]
    restarts = restart_at(httpd, ca, min(times) + 1)
    wait_until(lambda: not set(before) & set(serials(httpd, NAMES)), 45, "all to be renewed")
    httpd.wait_for_status(NAMES[0], lambda e: e["state"] == "valid", "state valid")
    assert httpd.restarts() == restarts + 1
    assert ca.issued() == 2 * len(NAMES)
    assert httpd.status()["reload"]["state"] == "idle"


def test_a_renewal_waits_for_its_time_of_the_day_and_others_restart_for_it(world):
    name = NAMES[0]
    soon = window(time.time() + 7200, 60)
    httpd, ca, (first,) = start(world, [name], f"ACMEReload graceful {soon}")  # at once all the same
    at = due(httpd, name) + 1
    opens = at + 7200
    configure(httpd, ca, [name], f"ACMEReload graceful {window(opens, 60)}")
    restarts = restart_at(httpd, ca, at)

    def waits(entry):
        return entry["state"] == "waiting-for-reload" and httpd.status()["reload"].get("why")
    entry = httpd.wait_for_status(name, waits, "a restart that waits")
    reload = httpd.status()["reload"]
    assert reload["state"] == "pending"
    assert name in reload["why"]
    assert window(opens, 60)[:5] in reload["why"]
    assert abs(clock.parse(reload["next"]) - opens) <= 60
    assert entry["next"]["what"] == "reload"
    assert abs(clock.parse(entry["next"]["at"]) - opens) <= 61
    page = httpd.get("localhost", "/acme-status").body.decode()
    assert "Next restart" in page
    assert "ACMEReload names the time" in page
    assert httpd.restarts() == restarts
    assert serials(httpd, [name]) == [first.serial_number]
    # Logrotate comes first.
    httpd.graceful()
    wait_until(lambda: serials(httpd, [name]) != [first.serial_number], 15, "the new certificate")
    httpd.wait_for_status(name, lambda e: e["state"] == "valid", "state valid")
    reload = httpd.status()["reload"]
    assert reload["state"] == "idle"
    assert not reload.get("why")
    assert httpd.restarts() == restarts + 1


def test_a_name_that_was_added_does_not_wait_for_the_night(world):
    more = f"ACMEReload graceful {window(time.time() + 7200, 60)}"
    name = NAMES[0]
    httpd, ca, (first,) = start(world, [name], more)
    httpd.configure(httpd.acme(ca, more=more),
                    httpd.site(name, managed=True, aliases=["more.test.example"]))
    httpd.graceful()
    httpd.wait_for_certificate(name, ca, other_than=first.serial_number)


def test_counts_of_generations_hold_nothing_up(world):
    """As an older version wrote them, before somebody removed the certificate by hand."""
    name = NAMES[0]
    httpd = world.httpd()
    ca = world.ca(httpd)
    configure(httpd, ca, [name])
    httpd.start()
    first = httpd.wait_for_certificate(name, ca)
    httpd.stop()
    shutil.rmtree(httpd.store.dir / "archive" / name)
    httpd.store.live(name).unlink()
    memory = httpd.store.dir / "reload.json"
    memory.write_text(
        f'{{"last": "2026-01-01T00:00:00Z", "asked": {{"{name}": '
        '{"generation": "000001", "count": 3}, "gone.example": '
        '{"generation": "000001", "count": 3}}}')
    httpd.start()
    httpd.wait_for_certificate(name, ca, other_than=first.serial_number)
    assert "gone.example" not in memory.read_text()
