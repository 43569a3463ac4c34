# SPDX-License-Identifier: Apache-2.0
"""ACMEProfile and ACMEPreferredChain, with CAs that offer what is asked for, and others."""

import json
import shutil

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from test_cas import NAME, TOMORROW, Stage

PROFILES = {"classic": "https://ca.example/classic", "shortlived": "six days"}


def profiles_of_orders(ca):
    """What each newOrder asked for."""
    return [json.loads(entry.payload).get("profile") for entry in ca.counts.of("new-order")
            if b"identifiers" in entry.payload]


# -- ACMEProfile ----------------------------------------------------------------------------------


@pytest.mark.parametrize("required", ["", " required"])
def test_a_profile_that_is_offered(world, required):
    stage = Stage(world, profiles=PROFILES, prevalidated=True)
    stage.start(more=f"ACMEProfile shortlived{required}")
    first = stage.issued()
    stage.later(stage.until_renewal() + 60)
    stage.issued(other_than=first)
    assert profiles_of_orders(stage.ca) == ["shortlived", "shortlived"]
    assert stage.status()["accounts"][0]["profiles"] == PROFILES
    page = stage.httpd.get("localhost", "/acme-status").body.decode()
    assert "shortlived" in page and "six days" in page


def test_what_a_ca_says_of_itself_is_known_after_a_restart(world):
    stage = Stage(world, profiles=PROFILES, prevalidated=True)
    stage.start()
    stage.issued()
    stage.httpd.wait_for_certificate(NAME, stage.ca)

    def account():
        return stage.httpd.status()["accounts"][0]
    before, asked = account(), stage.ca.requests("directory")
    assert before["ca"]["eab_required"] is True and before["ca"]["terms"]
    for again in (stage.httpd.graceful, lambda: (stage.httpd.stop(), stage.httpd.start())):
        again()
        after = account()
        assert after["profiles"] == PROFILES
        assert after["ca"] == before["ca"], "with the time at which it was said"
    # Nor is it lost with the run directory, as at a boot.
    stage.httpd.stop()
    shutil.rmtree(stage.httpd.run_dir)
    stage.httpd.start()
    assert account()["profiles"] == PROFILES and account()["ca"] == before["ca"]
    assert stage.ca.requests("directory") == asked, "and nobody asked for it"
    assert "shortlived (six days)" in stage.httpd.get("localhost", "/acme-status").body.decode()


def test_none_is_asked_for_without_the_directive(world):
    stage = Stage(world, profiles=PROFILES, prevalidated=True).start()
    stage.issued()
    assert profiles_of_orders(stage.ca) == [None]


@pytest.mark.parametrize("offered, words", [(PROFILES, "only classic, shortlived"),
                                            (None, "no profiles at all")])
def test_a_profile_that_is_not_offered_is_left_out(world, offered, words):
    world.expect(r"acme_eab:warn\].*ACMEProfile")
    stage = Stage(world, profiles=offered, prevalidated=True).start(more="ACMEProfile tlsserver")
    stage.issued()
    assert profiles_of_orders(stage.ca) == [None]
    assert stage.httpd.log.count(rf"does not offer the profile tlsserver.*{words}") == 1


@pytest.mark.parametrize("offered, words", [(PROFILES, "only classic, shortlived"),
                                            (None, "no profiles at all")])
def test_a_required_profile_that_is_not_offered(world, offered, words):
    stage = Stage(world, profiles=offered, prevalidated=True).expect_trouble()
    stage.start(more="ACMEProfile tlsserver required")
    problem = stage.problem(":profileNotOffered", TOMORROW)
    assert "tlsserver (ACMEProfile)" in problem["detail"] and words in problem["detail"]
    assert "ACMEProfile" in problem["advice"]
    assert stage.ca.requests("new-order") == 0
    stage.configure(more="ACMEProfile tlsserver")
    stage.httpd.graceful()
    stage.issued()


@pytest.mark.parametrize("where", ["new-order", "finalize"])
def test_a_profile_that_is_refused_is_left_out(world, where):
    world.expect(r"acme_eab:warn\].*ACMEProfile")
    stage = Stage(world, profiles=PROFILES, profile_refused_at=where, prevalidated=True)
    if where == "finalize":  # the order with the profile stays as it is
        stage.ca.expected = {"repeated_orders": 1}
    stage.start(more="ACMEProfile shortlived")
    stage.issued()
    assert profiles_of_orders(stage.ca) == ["shortlived", None]
    assert stage.ca.issued() == 1
    assert stage.httpd.log.count("does not take the profile shortlived") == 1


@pytest.mark.parametrize("where", ["new-order", "finalize"])
def test_a_required_profile_that_is_refused(world, where):
    stage = Stage(world, profiles=PROFILES, profile_refused_at=where, prevalidated=True)
    stage.expect_trouble().start(more="ACMEProfile shortlived required")
    problem = stage.problem(":invalidProfile", TOMORROW)
    assert "ACMEProfile" in problem["advice"] and NAME in problem["advice"]
    assert profiles_of_orders(stage.ca) == ["shortlived"]
    stage.ca.expected = {"repeated_orders": 2} if where == "finalize" else {}
    stage.configure(more="ACMEProfile shortlived")
    stage.httpd.graceful()
    stage.issued()
    assert profiles_of_orders(stage.ca)[-1] is None


def test_another_profile_than_asked_for_is_told(world):
    world.expect(r"acme_eab:warn\].*ACMEProfile")
    stage = Stage(world, profiles=PROFILES, profile_made="classic", prevalidated=True)
    stage.start(more="ACMEProfile shortlived")
    stage.issued()
    assert stage.httpd.log.count("made the profile classic of shortlived") == 1


# -- ACMEPreferredChain -----------------------------------------------------------------------------


def top_of_chain(httpd):
    """The common name of the issuer of the last certificate that is installed."""
    chain = (httpd.store.live(NAME) / "fullchain.pem").read_bytes()
    last = x509.load_pem_x509_certificate(chain[chain.rindex(b"-----BEGIN"):])
    return last.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value


@pytest.mark.parametrize("form", ["plain", "joined", "bare", "several", "relative"])
def test_an_alternate_chain(world, form):
    stage = Stage(world, alternate_chains=3, link_form=form, prevalidated=True)
    stage.start(more='ACMEPreferredChain "Simulated Old Root 1.2"')
    stage.issued()
    assert top_of_chain(stage.httpd) == "Simulated Old Root 1.2"
    assert stage.ca.requests("certificate") == 3, "the default and the alternates up to that one"
    stage.httpd.wait_for_certificate(NAME, stage.ca)
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


@pytest.mark.parametrize("more", ["", 'ACMEPreferredChain "Simulated Root 1"'])
def test_alternates_are_not_fetched_in_vain(world, more):
    stage = Stage(world, alternate_chains=3, prevalidated=True).start(more=more)
    stage.issued()
    assert top_of_chain(stage.httpd) == "Simulated Root 1"
    assert stage.ca.requests("certificate") == 1


@pytest.mark.parametrize("alternates", [0, 3])
def test_no_such_chain_is_said_once(world, alternates):
    world.expect(r"acme_eab:warn\].*ACMEPreferredChain")
    stage = Stage(world, alternate_chains=alternates, prevalidated=True)
    stage.start(more='ACMEPreferredChain "Simulated Intermediate 1"')  # which is no root
    stage.issued()
    assert top_of_chain(stage.httpd) == "Simulated Root 1"
    assert stage.ca.requests("certificate") == 1 + alternates
    stage.httpd.wait_for_certificate(NAME, stage.ca)
    stage.httpd.graceful()
    stage.until_renewal()
    assert stage.httpd.log.count('no chain that ends at "Simulated Intermediate 1"') == 1
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


@pytest.mark.parametrize("accident, options", [("html", {"status": 503}), ("cut_before", {}),
                                               ("huge", {"octets": 3000000}),
                                               ("body", {"body": b"nonsense"})])
def test_an_alternate_that_cannot_be_had(world, accident, options):
    """The next one is tried."""
    stage = Stage(world, alternate_chains=2, prevalidated=True)
    getattr(stage.ca.accidents, accident)("certificate", at=2, **options)
    stage.start(more='ACMEPreferredChain "Simulated Old Root 1.2"')
    stage.issued()
    assert top_of_chain(stage.httpd) == "Simulated Old Root 1.2"
