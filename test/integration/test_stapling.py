# SPDX-License-Identifier: Apache-2.0
"""OCSP responses for managed certificates: fetched, checked, kept, and stapled by httpd's workers."""

import os

import pytest

from harness import stapled
from harness.waiting import wait_until

NAME = "www.test.example"

# Of a placeholder there is no issuer, and what mod_ssl tries by itself may fail.
OF_MOD_SSL = "AH02217|AH02218|AH02604|AH0198|AH019[34567]|ssl_stapling|stapling_"


def start(world, manner="good", here="on", reload="live", must=False, before=None, **changes):
    """here: what the virtual host says of SSLUseStapling; None: nothing"""
    httpd = world.httpd()
    ca = world.simulated_ca(httpd, ocsp=manner, must_staple=must, **changes)
    world.expect(OF_MOD_SSL)
    lines = before(httpd, ca) if before is not None else []
    httpd.configure(f'SSLStaplingCache "shmcb:{world.dir}/stapling(32768)"', *lines,
                    httpd.acme(ca, more=f"ACMEReload {reload}"),
                    httpd.site(NAME, more=f"SSLUseStapling {here}" if here else "", managed=True))
    httpd.start()
    return httpd, ca


def shake_hands(httpd, version="-tls1_3", asks=True):
    return stapled.shake_hands(httpd.https, NAME, version, asks)


def is_served_with_its_response(httpd, serial=None):
    served, stapled = shake_hands(httpd)
    return served if stapled == (served, "good") and serial in (None, served) else None


def wait_for_staple(httpd, serial=None):
    """@return the serial that is served, with its response"""
    return wait_until(lambda: is_served_with_its_response(httpd, serial), 30, "a stapled response")


def wait_for_stapling(httpd, state):
    return httpd.wait_for_status(
        NAME, lambda e: e["stapling"] is not None and e["stapling"]["state"] == state,
        f"stapling to be {state}")


def serials_of(ca):
    return [certificate.serial for certificate in ca.certificates]


@pytest.mark.smoke
def test_a_live_certificate_has_its_response(world):
    httpd, ca = start(world, lifetime_days=10 / 86400, backdate_hours=0)
    first = wait_for_staple(httpd)
    assert shake_hands(httpd, "-tls1_2") == (first, (first, "good"))
    assert shake_hands(httpd, asks=False) == (first, None)
    entry = wait_for_stapling(httpd, "good")
    assert entry["activation"] == "live" and "activation_why" not in entry
    wait_until(lambda: wait_for_staple(httpd) != first, 30, "a renewal with its response")
    assert httpd.restarts() == 1
    assert httpd.log.count("cannot be served without a restart") == 0
    assert ca.responder.complaints == []


def test_restarts_and_kills_lose_no_response(world):
    """It is in the store, and the responder is not asked again; nor is it needed."""
    world.expect("keeper")
    httpd, ca = start(world)
    serial = wait_for_staple(httpd)
    assert ca.responder.asked == [serial]
    ca.switches.ocsp = "missing"
    keeper = httpd.keeper()
    keeper.kill()
    assert is_served_with_its_response(httpd, serial)
    httpd.wait_for_keeper(other_than=keeper.pid)
    wait_for_stapling(httpd, "good")
    httpd.graceful()
    wait_until(lambda: httpd.restarts() == 2, 20, "a restart")
    wait_for_staple(httpd, serial)
    httpd.stop()
    httpd.start()
    wait_for_staple(httpd, serial)
    assert ca.responder.asked == [serial]


def test_must_staple_is_served_with_a_response_only(world):
    world.expect("no OCSP response|must-staple|keeper")
    httpd, ca = start(world, "try-later", here=None, must=True)
    httpd.wait_for_status(NAME, lambda e: e["state"] == "failing", "that it fails")
    serial, stapled = shake_hands(httpd)
    assert serial not in serials_of(ca) and stapled is None
    assert httpd.get_tls(NAME).status == 503
    entry = httpd.certificate_status(NAME)
    assert entry["activation"] == "staple" and "must-staple" in entry["activation_why"]
    assert entry["problem"]["type"].endswith("stapling") and "trylater" in entry["problem"]["detail"]
    assert "must-staple" in entry["problem"]["advice"]
    page = httpd.get("localhost", "/acme-status").body.decode()
    assert "trylater" in page and "must-staple" in page
    # Nor by somebody's restart, with a responder that forges.
    ca.switches.ocsp = "wrong-signature"
    httpd.graceful()
    wait_until(lambda: httpd.restarts() == 2, 20, "a restart")
    httpd.wait_for_status(NAME, lambda e: "not signed" in str(e["stapling"]), "a refused response")
    assert shake_hands(httpd)[0] not in serials_of(ca)
    ca.switches.ocsp = "delegated"
    serial = wait_for_staple(httpd)
    httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "a valid one")
    assert httpd.restarts() == 2
    # From the first handshake on after a start; mod_ssl staples nothing here.
    httpd.stop()
    ca.switches.ocsp = "missing"
    code, said = httpd.check()
    assert code == 0 and said.count("must-staple") == 1 and NAME in said
    assert f"httpd.conf:{httpd.line_of('<VirtualHost')}: " in said and "SSLUseStapling" in said
    httpd.start()
    assert is_served_with_its_response(httpd, serial)
    assert len(httpd.log.lines("response is stapled all the same")) == 1


def test_the_first_client_after_a_start_gets_it(world):
    """httpd's parent leaves it in the memory: here there is no keeper to do so, nor mod_ssl's stapling."""
    world.expect("keeper|SSLUseStapling")
    httpd, _ = start(world, here=None, must=True)
    serial = wait_for_staple(httpd)
    keeper = os.readlink(f"/proc/{httpd.keeper().pid}/exe")
    httpd.stop()
    httpd.prefix = ["unshare", "--mount", "sh", "-c", f"mount --bind /dev/null {keeper} && exec \"$@\"", "sh"]
    httpd.start()
    assert shake_hands(httpd) == (serial, (serial, "good"))
    assert httpd.keeper() is None


def test_must_staple_waits_with_its_restart(world):
    world.expect("no OCSP response|must-staple")
    httpd, ca = start(world, "unknown", here=None, reload="graceful", must=True)
    wait_for_stapling(httpd, "failing")
    assert httpd.restarts() == 1 and httpd.get_tls(NAME).status == 503
    ca.switches.ocsp = "good"
    wait_for_staple(httpd)
    assert httpd.restarts() == 2


def test_no_handshake_without_a_response_that_is_over(world):
    """The responder is gone for longer than its last word was good for."""
    world.expect("no OCSP response")
    httpd, ca = start(world, must=True, ocsp_seconds=4)
    serial = wait_for_staple(httpd)
    ca.switches.ocsp = "garbage"
    wait_for_stapling(httpd, "failing")
    assert shake_hands(httpd) == (None, None)
    assert shake_hands(httpd, "-tls1_2") == (None, None)
    assert shake_hands(httpd, asks=False) == (serial, None)
    ca.switches.ocsp = "good"
    wait_for_staple(httpd, serial)


def test_what_is_over_or_revoked_is_not_stapled(world):
    world.expect("no OCSP response|is revoked since")
    httpd, ca = start(world, ocsp_seconds=4)
    serial = wait_for_staple(httpd)
    ca.switches.ocsp = "stale"
    wait_for_stapling(httpd, "failing")
    assert shake_hands(httpd) == (serial, None)
    ca.switches.ocsp, ca.switches.ocsp_seconds = "good", 6
    wait_for_staple(httpd, serial)
    ca.switches.ocsp = "revoked"
    entry = wait_for_stapling(httpd, "revoked")
    assert entry["stapling"]["revoked_reason"] == "keyCompromise"
    assert "revoked" in entry["next"]["why"]
    assert shake_hands(httpd) == (serial, None)
    assert len(httpd.log.lines("is revoked since")) == 1
    ca.switches.ocsp = "replay"  # the good one of before
    httpd.wait_for_status(NAME, lambda e: e["stapling"]["problem"] is not None, "that it is refused")
    assert shake_hands(httpd) == (serial, None)


@pytest.mark.parametrize("manner", ["other-serial", "huge", "redirect", "slow"])
def test_other_answers_of_a_responder(world, manner):
    httpd, ca = start(world, manner)
    httpd.wait_for_certificate(NAME, ca)
    if manner == "slow":
        wait_for_staple(httpd)
        return
    entry = httpd.wait_for_status(NAME, lambda e: (e["stapling"] or {}).get("problem"), "a problem")
    assert {"other-serial": "another certificate", "huge": "longer than 16384",
            "redirect": "status 302"}[manner] in entry["stapling"]["problem"]["detail"]
    assert entry["activation"] == "live"
    assert shake_hands(httpd)[1] is None


# -- mod_ssl's own directives ------------------------------------------------------------------------

def test_off_is_off(world):
    """Nobody is asked, and nothing is stapled: SSLUseStapling off in the virtual host."""
    httpd, ca = start(world, before=lambda httpd, ca: ["SSLUseStapling on"], here="off")
    httpd.wait_for_certificate(NAME, ca)
    entry = httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "a valid one")
    assert entry["stapling"] is None and entry["activation"] == "live"
    assert shake_hands(httpd)[1] is None
    assert ca.responder.asked == []
    code, said = httpd.check()
    assert code == 0 and "must-staple" not in said


@pytest.mark.parametrize("must", [False, True])
def test_another_responder_is_asked_when_mod_ssl_is_told_so(world, must):
    """SSLStaplingForceURL: as mod_ssl does, whatever the certificate says."""
    def before(httpd, ca):
        return [f"SSLStaplingForceURL {ca.responder.url}"]
    world.expect("no OCSP response|must-staple")
    httpd, ca = start(world, before=before, must=must, ocsp_named="http://127.0.0.1:9/nobody")
    serial = wait_for_staple(httpd)
    assert serial in ca.responder.asked
    entry = wait_for_stapling(httpd, "good")
    assert entry["stapling"]["responder"] in ca.responder.url


def test_that_the_responder_cannot_say_is_no_response(world):
    """mod_ssl staples that (SSLStaplingReturnResponderErrors, SSLStaplingFakeTryLater); clients that must
    have a response take it for none."""
    world.expect("no OCSP response")
    httpd, ca = start(world, must=True, ocsp_seconds=6)
    serial = wait_for_staple(httpd)
    httpd.graceful()  # now it is one of mod_ssl's as well
    wait_for_staple(httpd, serial)
    ca.switches.ocsp = "try-later"
    wait_for_stapling(httpd, "failing")
    assert shake_hands(httpd) == (None, None)
    assert shake_hands(httpd, asks=False) == (serial, None)


@pytest.mark.parametrize("manner", ["alone", "before"])
def test_another_module_that_staples_does_not_take_the_place(world, manner):
    """Of OpenSSL's callback, after us: by itself, or asking whom it found there."""
    def before(httpd, ca):
        httpd.more_lines = [f'LoadModule eab_probe_module "{os.environ["EAB_PROBE"]}"',
                            f"EABProbeStaple {manner}"]
        return []
    world.expect("no OCSP response")
    httpd, ca = start(world, before=before, must=True, ocsp_seconds=6)
    serial = wait_for_staple(httpd)
    assert shake_hands(httpd, "-tls1_2") == (serial, (serial, "good"))
    ca.switches.ocsp = "garbage"
    wait_for_stapling(httpd, "failing")
    assert shake_hands(httpd) == (None, None)
