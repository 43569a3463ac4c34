# SPDX-License-Identifier: Apache-2.0
"""CAs as they really are: each behaviour on record, and accidents on the way, towards the real module.
The simulated CA judges every request, and that nothing was issued in vain, ordered twice or bound
twice."""

import time

import pytest

from harness import certificates, clock
from harness.acmectl import Acmectl
from harness.ca import new_hmac_key
from harness.waiting import wait_until

NAME = "www.test.example"
SECOND = "second.test.example"
FOREIGN = "www.foreign.example"
DAY = 86400
SOON = (0.4, 1.8)  # minutes
HOUR = (50, 75)
TOMORROW = (24 * 60 * 0.85, 24 * 60 * 1.15)

MODES = ("sectigo-public", "sectigo-universal", "certinext", "zerossl", "harica", "letsencrypt")


class Stage:
    """An httpd and a simulated CA, whose clocks move together."""

    def __init__(self, world, mode="plain", *behaviours, **changes):
        self.world = world
        self.httpd = world.httpd()
        self.ca = world.simulated_ca(self.httpd, mode, *behaviours, **changes)

    def start(self, *names, more="", acme=None):
        self.configure(*names, more=more, acme=acme)
        self.httpd.start()
        return self

    def configure(self, *names, more="", acme=None):
        names = names or (NAME,)
        acme = acme or self.httpd.acme(self.ca, more=more)
        if len(names) == 1:
            self.httpd.configure(acme, self.httpd.site(names[0], managed=True))
        else:
            self.httpd.configure(acme, f"ACMEManagedDomain {' '.join(names)}",
                                 self.httpd.site(names[0], aliases=names[1:]))

    def expect_trouble(self):
        self.world.expect(r"acme_eab:(error|warn)\]")
        return self

    def status(self):
        """Of all; empty while there is none yet."""
        try:
            return self.httpd.status()
        except (AssertionError, OSError):
            return {"certificates": [], "accounts": []}

    def issued(self, name=NAME, other_than=None, seconds=30):
        """Wait until a certificate of the CA is in the store; return it."""
        def found():
            certificate = self.httpd.store.certificate(name)
            known = certificate is not None and certificate.serial_number in [
                c.serial for c in self.ca.certificates]
            return certificate if known and certificate != other_than else None
        try:
            return wait_until(found, seconds, f"a certificate for {name} in the store")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.status()}\n{self.ca.counts.text()}") from None

    def problem(self, part, within, name=NAME, seconds=30):
        """Wait until the status of the certificate or of its account tells of a problem of this
        type, and of a next try within so many minutes."""
        def told():
            status = self.status()
            entry = next((e for e in status["certificates"] if e["name"] == name), None)
            if entry is None or (entry.get("next") or {}).get("what") != "retry":
                return None
            if clock.parse(entry["next"]["at"]) < self.ca.clock.now():
                return None  # left by the httpd before a restart
            for owner in (entry, *status["accounts"]):
                problem = owner.get("problem") or {}
                if part in problem.get("type", ""):
                    return problem, entry
            return None
        try:
            problem, entry = wait_until(told, seconds, f"a problem of type {part}")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.status()}\n{self.ca.counts.text()}") from None
        assert problem["detail"] and problem["advice"]
        minutes = clock.minutes_until(entry["next"]["at"], self.ca.clock.now())
        assert within[0] < minutes < within[1], f"the next try is in {minutes:.1f} minutes"
        return problem

    def wait_for_requests(self, kind, count=1, seconds=20):
        wait_until(lambda: self.ca.requests(kind) >= count, seconds, f"{count} requests {kind}",
                   pause=0.005)

    def later(self, seconds):
        """Stop httpd, let so much time pass for it and the CA, and start it again."""
        self.httpd.stop()
        self.ca.clock.advance(seconds)
        self.httpd.environment = clock.shifted(self.ca.clock.offset)
        self.httpd.start()

    def until_renewal(self):
        entry = self.httpd.wait_for_status(NAME, lambda e: e["next"]["what"] == "renew", "a plan")
        return clock.parse(entry["next"]["at"]) - self.ca.clock.now()


# -- the CAs as a whole ---------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_issues_and_renews(world, mode):
    stage = Stage(world, mode).start()
    first = stage.issued()
    stage.httpd.wait_for_certificate(NAME, stage.ca)
    assert stage.ca.counted() == (1, 1, 1, 1, 1)
    assert stage.ca.registrations() == 1
    stage.httpd.key_file.unlink()
    stage.later(stage.until_renewal() - 2)
    stage.issued(other_than=first)
    assert stage.ca.counted() == (1, 2, 2, 2, 2)
    assert stage.ca.registrations() == 1


@pytest.mark.parametrize("days, left", [(6, 1 / 2), (47, 1 / 3), (100, 1 / 3), (199, 1 / 3)])
def test_renewal_by_lifetime(world, days, left):
    stage = Stage(world, lifetime_days=days, backdate_hours=2, prevalidated=True).start()
    first = stage.issued()
    wait = stage.until_renewal()
    due = stage.ca.clock.now() + wait
    age = wait + 2 * 3600  # of the backdated certificate, by then
    assert days * DAY * (1 - left - 0.011) <= age <= days * DAY * (1 - left) + 60
    stage.ca.switches.issuer_generation = 2  # and a new root and intermediate by then
    stage.later(wait - 4)
    clock.expect_not_before(due, lambda: stage.ca.requests("new-order") > 1, "the renewal",
                            stage.ca.clock.now)
    second = stage.issued(other_than=first)
    assert second.issuer != first.issuer
    assert stage.ca.counted() == (1, 2, 2, 2, 2)


def test_switch_from_one_ca_to_another(world):
    """Behaviour 33: another directory and EAB; the old certificate serves until there is a new one."""
    stage = Stage(world, "sectigo-public").start()
    first = stage.issued()
    stage.httpd.wait_for_certificate(NAME, stage.ca)
    other = world.simulated_ca(stage.httpd, "certinext", kids=("kid-2",), order_latency=1)
    acme = stage.httpd.acme(other, kid="kid-2")
    stage.configure(acme=acme)
    stage.httpd.graceful()

    def issued():
        if other.issued() > 0:
            return True
        assert stage.httpd.certificate(NAME).serial_number == first.serial_number
        return False
    wait_until(issued, 40, "a certificate of the other CA", pause=0.1)
    stage.httpd.wait_for_certificate(NAME, other, other_than=first.serial_number)
    assert other.counted() == (1, 1, 1, 1, 1)
    assert stage.ca.counted() == (1, 1, 1, 1, 1)
    assert stage.ca.accounts[0].thumbprint != other.accounts[0].thumbprint


# -- directory and nonces, behaviours 1 to 3 ------------------------------------------------------


def test_directory_that_redirects_in_circles(world):
    stage = Stage(world, "plain", "directory-redirect-loop").expect_trouble().start()
    stage.problem("caAnswer", SOON)
    assert stage.ca.requests("directory") <= 12
    stage.ca.switches.directory_redirect = None
    stage.later(70)
    stage.issued()


def test_directory_with_a_suffix_that_is_not_there(world):
    stage = Stage(world, "sectigo-public").expect_trouble()
    acme = stage.httpd.acme(stage.ca).replace(stage.ca.url, stage.ca.url + "/directory")
    stage.start(acme=acme)
    problem = stage.problem("", (0.4, TOMORROW[1]))
    assert "ACMEServer" in problem["advice"] or "directory" in problem["advice"]
    stage.configure()
    stage.httpd.graceful()
    stage.issued()


def test_odd_urls_on_two_hosts(world):
    stage = Stage(world, odd_urls=True, id_form="padded", prevalidated=True,
                  elsewhere=("new-order", "order", "certificate")).start()
    stage.issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


def test_odd_but_valid_answers(world):
    stage = Stage(world, lower_case_headers=True, junk_members=True, pretty_json=True, meta=False,
                  json_content_type="application/json; charset=utf-8", echo_eab=False,
                  expires_form="offset", challenge_status_missing=True,
                  unknown_challenges=("foo-01", "dns-account-01")).start()
    stage.issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


@pytest.mark.parametrize("kind, nonce", [
    ("new-account", "fresh"), ("new-order", "fresh"), ("challenge", "fresh"), ("finalize", "fresh"),
    ("order", "fresh"), ("new-order", None), ("finalize", "abc=")])
def test_bad_nonces_in_a_row(world, kind, nonce):
    stage = Stage(world, processing_polls=1, processing_retry_after=1)
    stage.ca.accidents.bad_nonces(kind, times=3, nonce=nonce)
    stage.start().issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


@pytest.mark.parametrize("form", ["padded", "foreign", "none"])
def test_answers_without_a_usable_nonce(world, form):
    stage = Stage(world, nonce_form=form, prevalidated=True).start()
    stage.issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


def test_nonces_that_the_ca_forgot(world):
    stage = Stage(world, processing_polls=2, processing_retry_after=1, prevalidated=True).start()
    stage.wait_for_requests("finalize")
    stage.ca.forget_nonces()
    stage.issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


def test_bad_nonces_for_ever(world):
    stage = Stage(world).expect_trouble()
    stage.ca.accidents.bad_nonces("new-order", times=1000)
    stage.start()
    stage.problem("nonceLoop", SOON)
    assert stage.ca.requests("new-order") <= 6
    stage.ca.accidents.clear()
    stage.later(70)
    stage.issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


# -- accounts, behaviours 4 to 9, 27, 32 ----------------------------------------------------------


def test_eab_demanded_without_saying_so_before(world):
    stage = Stage(world, meta=False).expect_trouble()
    stage.start(acme=stage.httpd.acme(stage.ca, kid=None))
    problem = stage.problem(":externalAccountRequired", TOMORROW)
    assert "ACMEEABKid" in problem["advice"]
    assert stage.ca.registrations() == 1
    stage.configure()
    stage.httpd.graceful()
    stage.issued()


def test_contact_missing_in_misleading_words(world):
    stage = Stage(world, contact_required=True).expect_trouble()
    acme = stage.httpd.acme(stage.ca).replace("ACMEContact webmaster@test.example\n", "")
    stage.start(acme=acme)
    problem = stage.problem(":externalAccountRequired", TOMORROW)
    assert "ACMEContact" in problem["advice"]
    assert stage.ca.registrations() == 1
    stage.configure()
    stage.httpd.graceful()
    stage.issued()


@pytest.mark.parametrize("behaviour", ["eab-refused-401", "eab-refused-403"])
def test_wrong_key(world, behaviour):
    stage = Stage(world, "plain", behaviour).expect_trouble()
    stage.start(acme=stage.httpd.acme(stage.ca, key=new_hmac_key()))
    problem = stage.problem(":unauthorized", TOMORROW)
    assert "ACMEEABK" in problem["advice"]
    assert stage.ca.registrations() == 1
    stage.configure()
    stage.httpd.graceful()
    stage.issued()


@pytest.mark.parametrize("reuse, part", [("refused", ":malformed"), ("one-time", ":unauthorized")])
def test_eab_that_was_used_before(world, reuse, part):
    """By another server; it is not tried again and again."""
    stage = Stage(world, eab_reuse=reuse).expect_trouble()
    stage.ca.credentials["kid-1"].thumbprints.add("of somebody else")
    stage.start()
    problem = stage.problem(part, TOMORROW)
    assert "used" in problem["advice"]
    assert stage.ca.registrations() == 1


@pytest.mark.parametrize("accident", ["cut_after", "cut_within", "html", "cut_before"])
def test_answer_to_new_account_is_lost(world, accident):
    """Behaviour 32: a single-use EAB, and the CA has made the account."""
    stage = Stage(world, "plain", "eab-one-time")
    options = {"status": 504, "after": True} if accident == "html" else {}
    getattr(stage.ca.accidents, accident)("new-account", **options)
    stage.start()
    stage.issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


def test_answer_to_new_account_is_lost_where_the_same_key_is_refused(world):
    stage = Stage(world, eab_reuse="refused", same_key="refused")
    stage.ca.accidents.cut_after("new-account")
    stage.start()
    stage.issued()  # found by a look-up, which such a CA does not refuse
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


@pytest.mark.parametrize("behaviour", ["lookup-plain", "lookup-needs-eab"])
def test_account_url_is_lost(world, behaviour):
    stage = Stage(world, "plain", behaviour, eab_reuse="one-time", prevalidated=True).start()
    first = stage.issued()
    stage.until_renewal()
    stage.httpd.stop()
    for path in stage.httpd.store.dir.glob("accounts/*/account.json"):
        path.unlink()
    stage.later(61 * DAY)
    stage.issued(other_than=first)
    assert stage.ca.counted() == (1, 2, 2, 2, 2)


def test_account_that_the_ca_forgot(world):
    """A CA that was set up anew: the account is registered again, once, by itself."""
    stage = Stage(world, prevalidated=True).start()
    first = stage.issued()
    stage.expect_trouble()
    stage.ca.forget_accounts()
    stage.ca.expected = {"eab_twice": True}
    stage.later(stage.until_renewal() + 60)
    stage.issued(other_than=first)
    assert stage.ca.counted() == (2, 2, 2, 2, 2)


@pytest.mark.parametrize("status", ["suspended", "deactivated"])
def test_account_is_ended_by_the_ca(world, status):
    """Behaviour 27: nothing is registered behind the administrator's back, and it is said."""
    stage = Stage(world, prevalidated=True).start()
    first = stage.issued()
    stage.expect_trouble()
    if status == "suspended":
        stage.ca.switches.accounts_suspended = True
    else:
        stage.ca.accounts[0].status = "deactivated"
    asked = stage.ca.registrations()
    stage.later(stage.until_renewal() + 60)
    problem = stage.problem("", (0.4, TOMORROW[1]))
    assert "account" in problem["advice"]
    assert stage.httpd.certificate(NAME).serial_number == first.serial_number
    assert stage.ca.counts.accounts == 1
    assert stage.ca.registrations() - asked <= 1
    if status == "suspended":
        stage.ca.switches.accounts_suspended = False
        stage.later(DAY + 3 * 3600)
        stage.issued(other_than=first)


# -- orders, behaviours 10, 11, 21, 25 --------------------------------------------------------------


def test_order_ready_at_once_without_authorizations(world):
    stage = Stage(world, "plain", "order-ready-at-once").start(NAME, SECOND)
    stage.issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)
    assert stage.ca.requests("authorization") == 0


@pytest.mark.parametrize("behaviour, part, within", [
    ("names-not-linked", ":rejectedIdentifier", TOMORROW),
    ("names-rejected", ":rejectedIdentifier", TOMORROW),
    ("names-lack-authorization", ":unauthorized", SOON)])
def test_foreign_names(world, behaviour, part, within):
    stage = Stage(world, "plain", behaviour).expect_trouble().start(NAME, FOREIGN)
    problem = stage.problem(part, within)
    if behaviour == "names-rejected":  # the others do not say which
        assert FOREIGN in problem["advice"]
    assert stage.ca.requests("new-order") == 1


def test_name_that_is_delegated_late(world):
    stage = Stage(world, "plain", "names-delegated-late").expect_trouble().start(FOREIGN)
    stage.problem(":unauthorized", SOON, name=FOREIGN)
    stage.later(70)
    stage.issued(FOREIGN)
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


@pytest.mark.parametrize("behaviour, part", [("single-name-product", ":malformed"),
                                             ("single-name-at-finalize", ":badCSR")])
def test_several_names_with_a_product_for_one(world, behaviour, part):
    stage = Stage(world, "plain", behaviour, prevalidated=True).expect_trouble()
    stage.start(NAME, SECOND)
    stage.problem(part, TOMORROW)
    stage.configure(NAME)
    stage.httpd.graceful()
    stage.issued()


def test_answer_to_new_order_is_lost_and_the_ca_lists_orders(world):
    stage = Stage(world, orders_list=2)
    stage.ca.accidents.cut_after("new-order")
    stage.start()
    stage.issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


@pytest.mark.parametrize("changes", [{"order_reuse": True}, {"account_check": 400, "order_reuse": True}])
def test_answer_to_new_order_is_lost_and_the_ca_gives_it_out_again(world, changes):
    stage = Stage(world, **changes)
    stage.ca.accidents.cut_after("new-order")
    stage.start()
    stage.issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


def test_new_order_does_not_arrive(world):
    stage = Stage(world)
    stage.ca.accidents.cut_before("new-order")
    stage.start()
    stage.issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


@pytest.mark.parametrize("status", [401, 404])
def test_order_that_the_ca_forgot(world, status):
    """Behaviour 25: a foreign or expired order is refused with 401 here, with 404 there."""
    stage = Stage(world, challenge_seconds=600, challenge_fate="valid", hurry=False).start()
    stage.wait_for_requests("order")
    with stage.ca.lock:
        if status == 401:
            stage.ca.accidents.problem("order", "unauthorized", "This order is not yours.", 401)
            stage.ca.orders[0].authorizations[0].status = "expired"
        else:
            stage.ca.forget_orders()
        stage.ca.switches.challenge_seconds = 0
    stage.issued()
    assert stage.ca.counts.orders == 2
    assert (stage.ca.issued(), stage.ca.collected()) == (1, 1)


def test_finalized_order_is_refused_for_a_while(world):
    """It may hold a certificate, so nothing is ordered in its place."""
    stage = Stage(world, processing_seconds=30, processing_retry_after=1, prevalidated=True,
                  hurry=False).expect_trouble()
    stage.ca.accidents.problem("order", "unauthorized", "This order is not yours.", 401)
    stage.start()
    stage.problem(":unauthorized", SOON)
    stage.later(70)
    stage.issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


@pytest.mark.parametrize("mutation", ["drop-name", "add-name"])
def test_names_of_an_order_change(world, mutation):
    stage = Stage(world, order_mutation=mutation, processing_polls=5, processing_retry_after=1,
                  prevalidated=True).expect_trouble()
    stage.ca.expected = {"uncollected": 1}
    stage.start(NAME, SECOND)
    problem = stage.problem(":orderChanged", TOMORROW)
    assert "names" in problem["advice"]
    stage.ca.clock.advance(60)
    stage.ca.orders[0].polls_left = 0


def test_order_of_names_is_no_change(world):
    stage = Stage(world, order_mutation="shuffle", processing_polls=2, processing_retry_after=1)
    names = [NAME, SECOND, "c.test.example", "d.test.example"]
    stage.start(*names)
    assert sorted(certificates.names_of(stage.issued())) == sorted(names)
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


# -- authorizations, behaviours 12 to 15 ------------------------------------------------------------


@pytest.mark.parametrize("behaviour", ["prevalidated-by-email", "prevalidated-no-challenges"])
def test_names_validated_before(world, behaviour):
    stage = Stage(world, "plain", behaviour).start(NAME, SECOND)
    stage.issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)
    assert stage.ca.requests("challenge") == 0


def test_validation_is_suddenly_needed_at_renewal(world):
    """Behaviour 14, with a way to answer."""
    stage = Stage(world, "plain", "prevalidated-no-challenges").start()
    first = stage.issued()
    stage.ca.switches.prevalidated = False
    stage.later(stage.until_renewal() + 60)
    stage.issued(other_than=first)
    assert stage.ca.counts.fetches > 0


def test_validation_by_a_way_that_is_not_there(world):
    stage = Stage(world, "plain", "validation-by-dns-only").expect_trouble().start()
    problem = stage.problem(":noChallenge", SOON)
    assert NAME in str(problem)
    assert "dns-01" in problem["detail"]


def test_challenge_under_validation_for_long(world):
    """Behaviour 15: Retry-After is a day, and the result comes in minutes."""
    stage = Stage(world, "plain", "challenge-slow", hurry=False,
                  challenge_error_while_processing=True).start()
    stage.wait_for_requests("challenge")
    stage.httpd.wait_for_status(NAME, lambda e: e["next"]["what"] == "poll", "a poll")
    time.sleep(1)
    stage.later(3700)
    stage.issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


def test_challenge_fails_with_an_empty_error(world):
    stage = Stage(world, "plain", "challenge-empty-error").expect_trouble().start()
    problem = stage.problem(":validation", SOON)
    assert NAME in str(problem)


@pytest.mark.parametrize("fate", ["expired", "revoked", "deactivated"])
def test_authorization_ends_otherwise(world, fate):
    stage = Stage(world, authorization_fate=fate).expect_trouble().start()
    problem = stage.problem("", SOON)
    assert NAME in str(problem)
    stage.ca.switches.authorization_fate = None
    stage.later(70)
    stage.issued()
    assert stage.ca.counts.accounts == 1


@pytest.mark.parametrize("form", ["path", "short", "long", "missing"])
def test_bad_tokens(world, form):
    stage = Stage(world, token_form=form).expect_trouble().start()
    stage.problem("", (0.4, 65))
    assert stage.ca.requests("challenge") == 0
    made = [path for path in stage.httpd.run_dir.rglob("*") if "passwd" in path.name]
    assert made == []


def test_challenge_is_refused(world):
    stage = Stage(world).expect_trouble()
    stage.ca.accidents.problem("challenge", "malformed", "It has expired")
    stage.start()
    stage.problem(":malformed", SOON)
    left = [path for path in stage.httpd.run_dir.rglob("*") if path.parent.name == NAME]
    assert left == [], "the answer is taken away"


# -- finalize, behaviours 16 to 20 ------------------------------------------------------------------


@pytest.mark.parametrize("accident, options", [
    ("cut_before", {}), ("cut_after", {}), ("cut_within", {}),
    ("html", {"status": 504, "after": True}), ("html", {"status": 502}),
    ("problem", {"type_": "orderNotReady", "status": 403})])
@pytest.mark.parametrize("slow", [0, 2])
def test_answer_to_finalize_is_lost(world, accident, options, slow):
    """Behaviour 18: exactly one certificate, whatever became of the answer."""
    stage = Stage(world, prevalidated=True, processing_seconds=slow).expect_trouble()
    getattr(stage.ca.accidents, accident)("finalize", **options)
    stage.start()
    stage.wait_for_requests("finalize")
    wait_until(lambda: stage.httpd.store.certificate(NAME) or any(
        entry["next"].get("what") == "retry" for entry in stage.status()["certificates"]), 20,
        "an outcome")
    if stage.httpd.store.certificate(NAME) is None:
        stage.later(70)
    stage.issued()
    assert stage.ca.requests("finalize") <= 2
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


def test_finalize_answer_is_lost_and_httpd_killed(world):
    stage = Stage(world, prevalidated=True, processing_seconds=1)
    stage.ca.accidents.delay("finalize", 20)
    stage.start()
    stage.wait_for_requests("finalize")
    stage.httpd.kill_all()
    stage.httpd.pid_file.unlink()  # the number may live on for a moment, as that of a zombie
    stage.httpd.start()
    stage.issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


def test_certificate_that_takes_hours(world):
    """Behaviour 19."""
    stage = Stage(world, "plain", "finalize-for-hours", hurry=False, prevalidated=True).start()
    stage.wait_for_requests("finalize")
    stage.httpd.wait_for_status(
        NAME, lambda e: (e.get("order") or {}).get("status") == "processing", "processing")
    stage.later(3 * 3600)
    time.sleep(1)
    assert stage.ca.issued() == 0
    stage.later(3 * 3600 + 30)
    stage.issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


def test_certificate_that_takes_hours_and_does_not_come(world):
    stage = Stage(world, "plain", "finalize-for-hours-in-vain", hurry=False, prevalidated=True)
    stage.expect_trouble().start()
    stage.httpd.wait_for_status(
        NAME, lambda e: (e.get("order") or {}).get("status") == "processing", "processing")
    stage.ca.switches.processing_seconds = 0
    stage.later(6 * 3600 + 30)
    stage.problem(":serverInternal", (0.4, 15))
    assert stage.ca.counts.orders == 1
    stage.later(15 * 60)
    stage.issued()
    assert stage.ca.counted() == (1, 2, 2, 1, 1)


def test_server_error_at_finalize_resumes_the_same_order(world):
    stage = Stage(world, prevalidated=True).expect_trouble()
    stage.ca.accidents.problem("finalize", "serverInternal", "The server experienced an internal "
                               "error", 500)
    stage.start()
    stage.problem(":serverInternal", SOON)
    stage.later(70)
    stage.issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


@pytest.mark.parametrize("behaviour, wrong", [("csr-rsa-only", "ACMEKeyType p256"),
                                              ("csr-needs-subject", "ACMECommonName off")])
def test_refused_request(world, behaviour, wrong):
    stage = Stage(world, "plain", behaviour, prevalidated=True).expect_trouble()
    stage.start(more=wrong)
    problem = stage.problem(":badCSR", TOMORROW)
    assert wrong.split()[0] in problem["advice"]
    assert stage.ca.requests("finalize") == 1
    stage.configure()
    stage.httpd.graceful()
    stage.issued()
    assert stage.ca.counts.accounts == 1


# -- certificates, behaviours 22, 23 ------------------------------------------------------------------


@pytest.mark.parametrize("changes", [
    {"certificate_content_type": "application/octet-stream"},
    {"certificate_content_type": "text/plain"}, {"pem_form": "crlf"}, {"pem_form": "no-newline"},
    {"pem_form": "blank-lines"}, {"alternate_chains": 1},
    {"alternate_chains": 1, "link_form": "joined"}, {"alternate_chains": 1, "link_form": "bare"},
    {"alternate_chains": 1, "link_form": "relative"}, {"chain_form": "wrong-order"},
    {"client_auth": True, "lifetime_days": 398}], ids=str)
def test_forms_of_downloads(world, changes):
    stage = Stage(world, prevalidated=True, **changes).start()
    stage.issued()
    stage.httpd.wait_for_certificate(NAME, stage.ca)
    assert stage.ca.counted() == (1, 1, 1, 1, 1)
    assert stage.ca.requests("certificate") == 1


@pytest.mark.parametrize("form", ["private-key", "foreign-leaf"])
def test_downloads_that_must_not_be_used(world, form):
    stage = Stage(world, prevalidated=True).start()
    first = stage.issued()
    stage.expect_trouble()
    stage.ca.switches.chain_form = form
    stage.later(stage.until_renewal() + 60)
    stage.problem(":chain", (0.4, TOMORROW[1]))
    assert stage.httpd.store.certificate(NAME) == first
    assert stage.ca.counts.orders == 2


@pytest.mark.parametrize("accident, options", [
    ("problem", {"type_": "serverInternal", "status": 500}),
    ("problem", {"type_": "malformed", "status": 404, "detail": "Not found yet"})], ids=str)
def test_download_is_refused_at_first(world, accident, options):
    """The certificate exists: it is fetched later, not ordered again."""
    stage = Stage(world, prevalidated=True).expect_trouble()
    getattr(stage.ca.accidents, accident)("certificate", **options)
    stage.start()
    stage.problem("", (0.4, TOMORROW[1]))
    stage.later(DAY + 3 * 3600)
    stage.issued()
    assert stage.ca.counts.orders == 1
    assert stage.ca.issued() == 1


def test_download_that_is_too_long_at_first(world):
    stage = Stage(world, prevalidated=True)
    stage.ca.accidents.huge("certificate", 3000000)
    stage.start()
    stage.issued()
    assert stage.ca.counts.orders == 1
    assert stage.ca.issued() == 1


def test_certificate_with_a_name_less(world):
    stage = Stage(world, prevalidated=True).start(NAME, SECOND)
    first = stage.issued()
    stage.expect_trouble()
    stage.ca.switches.drop_names = ("second.",)
    stage.later(stage.until_renewal() + 60)
    problem = stage.problem(":chain", TOMORROW)
    assert SECOND in str(problem), "it says which name is missing"
    assert stage.httpd.store.certificate(NAME) == first


# -- errors in every form, behaviours 24, 29 ------------------------------------------------------------


@pytest.mark.parametrize("kind, status, form", [
    ("directory", 429, "seconds"), ("new-nonce", 503, "date"), ("new-account", 502, None),
    ("new-order", 429, "date"), ("authorization", 503, "seconds"), ("challenge", 502, None),
    ("finalize", 429, "seconds"), ("order", 503, "date"), ("certificate", 502, None)])
def test_html_from_a_proxy(world, kind, status, form):
    """Nothing that a client did wrong: it waits as long as it is told, and goes on."""
    stage = Stage(world, processing_polls=1, processing_retry_after=1,
                  retry_after_form=form or "seconds").expect_trouble()
    stage.ca.accidents.html(kind, status, retry_after=300 if form else None)
    stage.start()
    stage.wait_for_requests(kind)
    wait_until(lambda: stage.httpd.store.certificate(NAME) or any(
        entry["next"].get("what") in ("retry", "poll") for entry in stage.status()["certificates"]),
        20, "the trouble")
    time.sleep(0.5)
    stage.later(310 if form else 70)
    stage.issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


@pytest.mark.parametrize("form", ["bare-string", "message", "unknown-urn", "empty", "html"])
def test_errors_in_other_forms(world, form):
    stage = Stage(world, error_form=form, foreign_names=("foreign.example",)).expect_trouble()
    stage.start(FOREIGN)
    problem = stage.problem("", (0.4, TOMORROW[1]), name=FOREIGN)
    if form in ("bare-string", "unknown-urn", "html"):
        assert "Some names are refused" in problem["detail"]
    # What is no JSON may be a web server's before the CA.
    assert stage.ca.requests("new-order") == (3 if form in ("html", "empty") else 1)


@pytest.mark.parametrize("form, within", [("seconds", (29, 34)), ("date", (29, 34)),
                                          ("date-rfc850", (29, 34)), ("date-asctime", (29, 34)),
                                          ("garbage", HOUR), ("negative", HOUR)])
def test_rate_limit(world, form, within):
    stage = Stage(world, retry_after_form=form).expect_trouble()
    stage.ca.accidents.rate_limited("new-order", 1800)
    stage.start()
    stage.problem(":rateLimited", within)
    stage.later(75 * 60)
    stage.issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


@pytest.mark.parametrize("kind", ["new-account", "new-order", "finalize"])
def test_user_action_required(world, kind):
    stage = Stage(world, prevalidated=True).expect_trouble()
    stage.ca.accidents.user_action_required(kind)
    stage.start()
    problem = stage.problem(":userActionRequired", TOMORROW)
    assert "https://ca.example/agree?account=1" in str(problem)
    shown = Acmectl(stage.httpd)("show", NAME, "--plain").rows()
    assert ["read", "https://ca.example/agree?account=1"] in shown
    stage.later(DAY + 3 * 3600)
    stage.issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_of_a_post_is_not_followed(world, status):
    stage = Stage(world)
    stage.ca.accidents.redirect("new-order", stage.ca.trap(), status)
    stage.start()
    stage.issued()
    assert stage.ca.requests("unknown") == 0
    assert stage.ca.requests("new-order") == 2


@pytest.mark.parametrize("accident, options", [("huge", {"octets": 3000000}),
                                               ("slow_body", {"seconds_each": 0.002})])
@pytest.mark.parametrize("kind", ["directory", "order"])
def test_huge_and_slow_bodies(world, kind, accident, options):
    stage = Stage(world, processing_polls=1, processing_retry_after=1,
                  prevalidated=True).expect_trouble()
    getattr(stage.ca.accidents, accident)(kind, **options)
    stage.start()
    stage.issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)


@pytest.mark.parametrize("form", ["date", "date-rfc850", "date-asctime"])
def test_retry_after_as_a_date_while_processing(world, form):
    stage = Stage(world, prevalidated=True, processing_polls=2, processing_retry_after=3,
                  retry_after_form=form, hurry=False).start()
    stage.issued()
    assert stage.ca.counted() == (1, 1, 1, 1, 1)
    reads = [entry.at for entry in stage.ca.counts.of("order")]
    assert all(later - earlier > 1.8 for earlier, later in zip(reads, reads[1:]))
