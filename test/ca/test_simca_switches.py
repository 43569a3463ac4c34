# SPDX-License-Identifier: Apache-2.0
"""Every switch of the simulated CA does what it says."""

import dataclasses
import email.utils
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from simulated_ca import BEHAVIOURS, MODES, Switches, jws as jose, mode
from simulated_ca.clock import http_date
from simulated_ca.issuer import validity
from tinyclient import Client

NAME = "www.test.example"
SECOND = "second.test.example"
HERE = Path(__file__).resolve().parent


@pytest.fixture
def enter(make_ca):
    """A client with an account at a CA with these switches changed."""
    def make(**changes):
        client = Client(make_ca(**changes)).open()
        answer = client.register()
        assert answer.status == 201, answer.body
        return client
    return make


def leaf_of(client):
    return client.ca.certificates[-1].leaf


# -- the tables ---------------------------------------------------------------------------------


def test_every_behaviour_on_record_has_a_name():
    assert {number for number, _ in BEHAVIOURS.values()} == set(range(1, 34))


def test_behaviours_switch_what_there_is():
    fields = {field.name for field in dataclasses.fields(Switches)}
    for name, (_, changes) in BEHAVIOURS.items():
        assert changes and set(changes) <= fields, name


@pytest.mark.parametrize("name", sorted(MODES))
def test_a_client_gets_a_certificate_in_each_mode(make_ca, name):
    changes = mode(name).hurried().but(challenge_fate="valid", processing_polls=1)
    client = Client(make_ca(changes)).open()
    assert client.register().status == 201
    url, order = client.ordered(NAME)
    client.finalize(order, [NAME], key=rsa.generate_private_key(65537, 2048))
    client.ca.clock.advance(20)
    shown = client.wait(url, "valid")
    assert b"BEGIN CERTIFICATE" in client.post(shown["certificate"]).body
    assert client.ca.complaints() == []


def test_the_program_tells_where_it_is():
    process = subprocess.Popen([sys.executable, "-B", HERE / "simca", "--mode", "certinext"],
                               stdout=subprocess.PIPE, text=True)
    try:
        text = ""
        while not text.endswith("}\n"):
            text += process.stdout.readline()
        told = json.loads(text)
        assert told["directory"].endswith("/v1/directory")
        assert b"BEGIN CERTIFICATE" in Path(told["root"]).read_bytes()
        assert len(jose.decode(told["hmac"])) == 48
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


# -- directory and nonces -------------------------------------------------------------------------


def test_directory_minimal_and_full(make_ca):
    client = Client(make_ca(**BEHAVIOURS["directory-minimal"][1])).open()
    assert client.directory["meta"] == {"externalAccountRequired": True}
    client = Client(make_ca(**BEHAVIOURS["directory-full"][1])).open()
    assert client.directory["renewalInfo"].startswith("https://127.0.0.1:")
    assert client.directory["newOrder"].startswith("https://localhost:")
    assert "sectigo.com" in client.directory["meta"]["caaIdentities"]


def test_directory_at_the_root_and_below(make_ca):
    ca = make_ca(layout="sectigo-universal")
    assert re.fullmatch(r"https://localhost:\d+", ca.url)
    assert Client(ca).open().directory["newNonce"] == ca.url + "/new-nonce"
    ca = make_ca(**BEHAVIOURS["directory-bare-path"][1])
    client = Client(ca).open()
    answer = client.request("GET", ca.url + "/directory")
    assert (answer.status, answer.body[:6]) == (403, b"<html>")


def test_directory_redirects_to_itself(make_ca):
    ca = make_ca(directory_redirect="loop")
    answer = Client(ca).request("GET", ca.url)
    assert (answer.status, answer.headers["Location"]) == (302, ca.url)


def test_content_type_of_new_nonce(make_ca):
    for kind in ("application/octet-stream", "application/json"):
        client = Client(make_ca(nonce_content_type=kind)).open()
        answer = client.request("HEAD", client.directory["newNonce"])
        assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
        assert 'rel="index"' in answer.headers["Link"]
        assert answer.headers["Replay-Nonce"]


def test_nonces_in_odd_forms(enter):
    for form, end in (("padded", "=="), ("foreign", "+/")):
        client = enter(nonce_form=form)
        client.nonce = None
        assert client.post(client.account).headers["Replay-Nonce"].endswith(end)
    client = enter(nonce_form="none")
    client.nonce = None
    assert "Replay-Nonce" not in client.post(client.account).headers
    assert jose.decode(client.request("HEAD", client.directory["newNonce"]).headers["Replay-Nonce"])
    assert client.ca.complaints() == []


def test_nonces_of_before_are_refused(client):
    client.ca.forget_nonces()
    answer = client.post(client.account)
    assert answer.kind() == "badNonce"
    assert answer.headers["Replay-Nonce"]
    assert client.post(client.account).status == 200
    assert client.ca.complaints() == []


# -- accounts -------------------------------------------------------------------------------------


def test_eab_is_required(ca, stranger):
    answer = stranger.register(binding=None)
    assert (answer.status, answer.kind()) == (400, "externalAccountRequired")


def test_contact_is_required_in_misleading_words(make_ca):
    client = Client(make_ca(contact_required=True)).open()
    assert client.register(contact=()).kind() == "externalAccountRequired"
    assert client.register().status == 201


@pytest.mark.parametrize("status", [401, 403])
def test_wrong_mac(make_ca, status):
    client = Client(make_ca(eab_refusal_status=status)).open()
    answer = client.register(binding=client.binding(secret=b"guessed"))
    assert (answer.status, answer.kind()) == (status, "unauthorized")
    answer = client.register(binding=client.binding(kid="nobody", secret=b"guessed"))
    assert answer.status == status


@pytest.mark.parametrize("reuse, status, kind", [
    ("allowed", 201, None), ("refused", 400, "malformed"), ("one-time", 401, "unauthorized")])
def test_eab_with_a_second_key(make_ca, reuse, status, kind):
    ca = make_ca(eab_reuse=reuse)
    assert Client(ca).open().register().status == 201
    answer = Client(ca).open().register()
    assert answer.status == status
    assert ("Location" in answer.headers) == (status == 201)
    assert kind is None or answer.kind() == kind
    assert ca.counts.eab_used_twice() == ["kid-1"]
    assert any("several account keys" in text for text in ca.complaints())


def test_the_same_key_again(enter):
    client = enter()
    first = client.account
    answer = client.register()
    assert (answer.status, answer.headers["Location"]) == (200, first)
    client.ca.switches.same_key = "refused"
    answer = client.register()
    assert (answer.kind(), "Location" in answer.headers) == ("malformed", False)
    assert client.ca.counts.accounts == 1


def look_up(client, **more):
    return client.post(client.directory["newAccount"], {"onlyReturnExisting": True, **more},
                       header={"by_key": True})


def test_look_up(enter):
    client = enter()
    assert look_up(client).headers["Location"] == client.account
    assert look_up(Client(client.ca).open()).kind() == "accountDoesNotExist"
    client.ca.switches.lookup_needs_eab = True
    assert look_up(client).kind() == "externalAccountRequired"
    assert look_up(client, externalAccountBinding=client.binding()).status == 200


def test_account_is_read_changed_and_ended(enter):
    client = enter()
    answer = client.post(client.account, {"contact": ["mailto:b@test.example"]})
    assert answer.json()["contact"] == ["mailto:b@test.example"]
    assert "externalAccountBinding" in answer.json()
    client.ca.switches.echo_eab = False
    assert "externalAccountBinding" not in client.post(client.account).json()
    client.ca.switches.account_check = 400
    assert client.post(client.account).status == 400
    client.ca.switches.account_check = None
    client.post(client.account, {"status": "deactivated"})
    assert client.post(client.account).status == 401
    assert client.ca.complaints() == []


def test_account_is_suspended(enter):
    client = enter()
    client.ca.switches.accounts_suspended = True
    assert client.order(NAME).kind() == "unauthorized"
    assert Client(client.ca).open().register().kind() == "unauthorized"


def test_accounts_are_forgotten(enter):
    client = enter()
    client.ca.forget_accounts()
    assert client.order(NAME).kind() == "accountDoesNotExist"


def test_key_is_changed(enter):
    client = enter()
    url, other = client.directory["keyChange"], Client(client.ca)
    inner = other.sign({"alg": "ES256", "jwk": other.jwk, "url": url},
                       json.dumps({"account": client.account, "oldKey": client.jwk}).encode())
    assert client.post(url, inner).status == 200
    assert client.post(client.account).status != 200
    client.key = other.key
    assert client.post(client.account).status == 200


def test_orders_list_in_pages(enter):
    client = enter(orders_list=2)
    urls = [client.order(f"n{i}.test.example").headers["Location"] for i in range(3)]
    first = client.post(client.post(client.account).json()["orders"])
    assert first.json()["orders"] == urls[:2]
    links = first.headers.get_all("Link")
    following = next(link for link in links if "next" in link)
    second = client.post(re.search("<(.*)>", following)[1])
    assert second.json()["orders"] == urls[2:]


# -- orders ---------------------------------------------------------------------------------------


def test_order_takes_its_time(enter):
    client = enter(order_latency=0.4)
    began = time.monotonic()
    client.order(NAME)
    assert time.monotonic() - began >= 0.4


def test_order_is_ready_without_authorizations(enter):
    client = enter(order_without_authorizations=True, prevalidated=True)
    assert client.order(NAME).json()["authorizations"] == []
    assert client.order(SECOND).json()["status"] == "ready"


@pytest.mark.parametrize("form, kind", [
    ("not-linked", "rejectedIdentifier"), ("lacks-authorization", "unauthorized"),
    ("rejected", "rejectedIdentifier")])
def test_foreign_names(enter, form, kind):
    client = enter(foreign_names=("foreign.example",), foreign_form=form)
    answer = client.order(NAME, "www.foreign.example")
    assert answer.kind() == kind
    assert ("subproblems" in answer.json()) == (form == "rejected")
    assert client.order(NAME).status == 201


def test_names_that_are_delegated_late(enter):
    client = enter(foreign_names=("foreign.example",), foreign_until=2)
    assert [client.order("foreign.example").status for _ in range(3)] == [403, 403, 201]


def test_single_name_product(enter):
    client = enter(single_name_product=True)
    assert client.order(NAME, SECOND).status == 400
    client.ca.switches.single_name_refused_at = "finalize"
    _, order = client.ordered(NAME, SECOND)
    assert client.finalize(order, [NAME, SECOND]).kind() == "badCSR"


@pytest.mark.parametrize("refusal, status", [
    ("unauthorized", 401), ("malformed", 400), ("not-found", 404), ("replaced", 409)])
def test_replaces_is_refused(enter, refusal, status):
    client = enter(renewal_info=True)
    client.certificate(NAME)
    ident = client.ca.certificates[0].ari_id()
    client.ca.switches.replaces_refusal = refusal
    assert client.order(NAME, replaces=ident).status == status
    client.ca.switches.replaces_refusal = None
    assert client.order(NAME, replaces=ident).json()["replaces"] == ident


def test_profiles(enter):
    client = enter(profiles={"classic": "x"}, profile_refused_at="new-order")
    assert client.order(NAME).status == 201
    refused = client.order(SECOND, profile="classic")
    assert (refused.status, refused.kind()) == (400, "invalidProfile")
    client.ca.switches.profile_refused_at = "finalize"
    answer = client.order("a.test.example", profile="classic")
    assert answer.json()["profile"] == "classic"
    for url in answer.json()["authorizations"]:
        client.post(client.post(url).json()["challenges"][0]["url"], {})
    refused = client.finalize(answer.json(), ["a.test.example"])
    assert (refused.status, refused.kind()) == (400, "invalidProfile")
    client.ca.switches.profile_refused_at, client.ca.switches.profile_made = None, "other"
    assert client.order("b.test.example", profile="classic").json()["profile"] == "other"
    assert client.finalize(answer.json(), ["a.test.example"]).status == 200


def test_a_repeated_order_is_found_out(enter):
    client = enter()
    client.order(NAME)
    client.order(NAME)
    assert any("while" in text for text in client.ca.complaints())
    client = enter(order_reuse=True)
    assert client.order(NAME).headers["Location"] == client.order(NAME).headers["Location"]
    assert client.ca.counts.orders == 1


def test_orders_of_others_and_lost_ones(enter):
    client = enter(foreign_status=401)
    url = client.order(NAME).headers["Location"]
    other = Client(client.ca).open()
    other.register()
    assert other.post(url).status == 401
    client.ca.forget_orders()
    assert client.post(url).status == 404
    assert client.ca.complaints(eab_twice=True) == []


def test_orders_and_authorizations_that_lack_something(enter):
    client = enter(order_drops=("second.",), dns_only=("www.",), prevalidated=True)
    order = client.order(NAME, SECOND).json()
    assert [identifier["value"] for identifier in order["identifiers"]] == [NAME]
    shown = client.post(order["authorizations"][0]).json()
    assert shown["status"] == "pending"
    assert {challenge["type"] for challenge in shown["challenges"]} == {"dns-01"}


def test_names_that_cannot_be_proved(enter):
    client = enter(unprovable=("second.",))
    url = client.order(SECOND).json()["authorizations"][0]
    client.post(client.post(url).json()["challenges"][0]["url"], {})
    for _ in range(100):
        shown = client.post(url).json()
        if shown["status"] != "pending":
            break
        time.sleep(0.02)
    assert shown["status"] == "invalid"
    assert "connection" in str(shown["challenges"])


def test_names_that_are_refused_for_several_reasons(enter):
    client = enter(foreign_names=("foreign.example",), foreign_reasons=("rejectedIdentifier", "caa"))
    told = client.order("a.foreign.example", NAME, "b.foreign.example").json()["subproblems"]
    assert [entry["type"].rsplit(":", 1)[1] for entry in told] == ["rejectedIdentifier", "caa"]


def test_mutating_orders(enter):
    for kind in ("drop-name", "add-name", "other-authorizations"):
        client = enter(order_mutation=kind)
        answer = client.order(NAME, SECOND)
        client.post(answer.headers["Location"])
        now, before = client.post(answer.headers["Location"]).json(), answer.json()
        assert (now["identifiers"] != before["identifiers"]
                or now["authorizations"] != before["authorizations"])


def test_expiry(enter):
    client = enter(order_lifetime=3600, expires_form="offset")
    answer = client.order(NAME)
    assert answer.json()["expires"].endswith("+04:00")
    client.ca.clock.advance(3601)
    assert client.post(answer.headers["Location"]).json()["status"] == "invalid"


# -- authorizations -------------------------------------------------------------------------------


def authorization_of(client, name=NAME):
    return client.post(client.order(name).json()["authorizations"][0])


def test_validated_by_email(enter):
    client = enter(**BEHAVIOURS["prevalidated-by-email"][1])
    answer = authorization_of(client)
    shown = answer.json()
    assert answer.headers["Retry-After"] == "300"
    assert (shown["status"], shown["challenges"][0]["type"]) == ("valid", "sectigo-email-01")
    assert "token" not in shown["challenges"][0]


def test_validated_without_challenges(enter):
    client = enter(**BEHAVIOURS["prevalidated-no-challenges"][1])
    answer = client.order(NAME).json()
    assert answer["authorizations"][0].endswith("==")
    assert client.post(answer["authorizations"][0]).json()["challenges"] == []


def test_odd_urls(enter):
    client = enter(odd_urls=True, elsewhere=("new-order",))
    assert "%2F" in client.account and "?x=Y&z=%7e" in client.account
    assert client.directory["newOrder"].startswith("https://127.0.0.1:")
    client.certificate(NAME)
    assert client.ca.complaints() == []


def test_challenge_types(enter):
    client = enter(challenge_types=("dns-01",), unknown_challenges=("foo-01",))
    assert [c["type"] for c in authorization_of(client).json()["challenges"]] == ["foo-01", "dns-01"]
    client.ca.switches.challenge_types = ("http-01", "dns-01")
    shown = authorization_of(client, "*.test.example").json()
    assert (shown["identifier"]["value"], shown["wildcard"]) == ("test.example", True)
    assert "http-01" not in [c["type"] for c in shown["challenges"]]


@pytest.mark.parametrize("form, size", [("path", 32), ("short", 3), ("long", 5000)])
def test_bad_tokens(enter, form, size):
    client = enter(token_form=form)
    assert len(authorization_of(client).json()["challenges"][0]["token"]) == size


def test_challenge_is_processed_slowly(enter):
    client = enter(challenge_seconds=600, challenge_retry_after=86400,
                   challenge_error_while_processing=True)
    url = client.order(NAME).json()["authorizations"][0]
    answer = client.post(client.post(url).json()["challenges"][0]["url"], {})
    assert (answer.json()["status"], answer.headers["Retry-After"]) == ("processing", "86400")
    assert "error" in answer.json()
    assert client.post(url).json()["status"] == "pending"
    client.ca.clock.advance(86401)
    assert client.post(url).json()["status"] == "valid"


def test_challenge_fails_with_an_empty_error(enter):
    client = enter(challenge_fate="empty-error")
    url = client.order(NAME).json()["authorizations"][0]
    client.post(client.post(url).json()["challenges"][0]["url"], {})
    shown = client.post(url).json()
    assert (shown["status"], shown["challenges"][0]["error"]) == ("invalid", {})


@pytest.mark.parametrize("fate", ["expired", "revoked", "deactivated"])
def test_authorization_ends_otherwise(enter, fate):
    client = enter(authorization_fate=fate)
    answer = client.order(NAME)
    assert client.post(answer.json()["authorizations"][0]).json()["status"] == fate
    assert client.post(answer.headers["Location"]).json()["status"] == "invalid"


def test_http_01_is_really_fetched(enter):
    client = enter(challenge_fate="validated")
    client.ca.http_port = client.ca.urls.bases[0].rsplit(":", 1)[1]  # it speaks https: a failure
    url = client.order(NAME).headers["Location"]
    authorization = client.ca.orders[0].authorizations[0].url
    client.post(client.post(authorization).json()["challenges"][0]["url"], {})
    client.wait(url, "invalid")
    assert client.ca.counts.fetches == 1
    error = client.post(authorization).json()["challenges"][0]["error"]
    assert error["type"].endswith((":connection", ":unauthorized"))


# -- finalize and download --------------------------------------------------------------------------


def test_finalize_blocks(enter):
    client = enter(finalize_blocks=0.5)
    _, order = client.ordered(NAME)
    began = time.monotonic()
    assert client.finalize(order, [NAME]).json()["status"] == "valid"
    assert time.monotonic() - began >= 0.5


def test_finalize_is_processing_for_some_polls(enter):
    client = enter(processing_polls=2, processing_retry_after=15, finalize_location=True)
    url, order = client.ordered(NAME)
    answer = client.finalize(order, [NAME])
    assert (answer.json()["status"], answer.headers["Retry-After"]) == ("processing", "15")
    assert answer.headers["Location"] == url
    client.ca.clock.advance(16)
    assert client.post(url).json()["status"] == "processing"
    client.ca.clock.advance(16)
    assert client.post(url).json()["status"] == "valid"
    assert client.ca.issued() == 1
    assert client.ca.complaints() == ["1 certificates were issued and not collected"]


def test_finalize_is_processing_for_hours(enter):
    client = enter(processing_seconds=6 * 3600, processing_fate="invalid-once")
    url, order = client.ordered(NAME)
    client.finalize(order, [NAME])
    client.ca.clock.advance(6 * 3600 - 5)
    assert client.post(url).json()["status"] == "processing"
    client.ca.clock.advance(6)
    shown = client.post(url).json()
    assert (shown["status"], "error" in shown) == ("invalid", True)
    client.ca.switches.processing_seconds = 0
    client.certificate(NAME)
    assert client.ca.complaints() == []


def test_refused_requests(enter):
    client = enter(rsa_only=True)
    _, order = client.ordered(NAME)
    key = ec.generate_private_key(ec.SECP256R1())
    assert client.finalize(order, [NAME], key=key).kind() == "badCSR"
    client.ca.switches.rsa_only, client.ca.switches.subject_required = False, True
    assert client.finalize(order, [NAME], common_name=False).kind() == "badCSR"
    client.ca.switches.contact_required_at_finalize = True
    client.post(client.account, {"contact": []})
    assert client.finalize(order, [NAME]).kind() == "badCSR"


def test_forms_of_downloads(enter):
    client = enter(certificate_content_type="text/plain", pem_form="crlf")
    assert client.certificate(NAME)[2].headers["Content-Type"] == "text/plain"
    url = client.ca.certificates[0].url
    assert b"-----\r\n" in client.post(url).body
    for form, sign in (("no-newline", lambda body: body.endswith(b"-")),
                       ("blank-lines", lambda body: b"-----\n\n-----" in body),
                       ("text", lambda body: body.startswith(b"subject="))):
        client.ca.switches.pem_form = form
        assert sign(client.post(url).body), form


def test_forms_of_chains(enter):
    client = enter()
    client.certificate(NAME)
    url, leaf = client.ca.certificates[0].url, leaf_of(client)
    good = client.post(url).body
    for form, blocks in (("private-key", 3), ("leaf-only", 1), ("empty", 0), ("wrong-order", 3),
                         ("foreign-leaf", 2)):
        client.ca.switches.chain_form = form
        body = client.post(url).body
        assert body.count(b"-----BEGIN") == blocks, form
        assert body != good
        assert (b"PRIVATE KEY" in body) == (form == "private-key")
        if form == "foreign-leaf":
            assert x509.load_pem_x509_certificate(body).public_key() != leaf.public_key()


def test_alternate_chains(enter):
    client = enter(alternate_chains=2)
    download = client.certificate(NAME)[2]
    links = [re.search("<(.*?)>", v)[1] for v in download.headers.get_all("Link") if "alternate" in v]
    others = [client.post(link) for link in links]
    assert [other.body.count(b"BEGIN") for other in others] == [3, 3]
    tops = [x509.load_pem_x509_certificate(other.body[other.body.rindex(b"-----BEGIN"):]).issuer
            for other in others]
    assert tops == [root.subject for root in client.ca.issuer.old_roots]
    back = [v for v in others[0].headers.get_all("Link") if "alternate" in v]
    assert len(back) == 2 and not any(links[0] in v for v in back)


def test_names_are_dropped(enter):
    client = enter(drop_names=("second.",))
    client.certificate(NAME, SECOND)
    names = leaf_of(client).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.value.get_values_for_type(x509.DNSName) == [NAME]


@pytest.mark.parametrize("days", [6, 47, 100, 199])
def test_lifetimes(enter, days):
    client = enter(lifetime_days=days, backdate_hours=2, client_auth=days == 6)
    client.certificate(NAME)
    leaf = leaf_of(client)
    first, last = validity(leaf)
    life = (last - first).total_seconds()
    assert life == days * 86400 - 1
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert len(list(usage)) == (2 if days == 6 else 1)


def test_a_new_intermediate(enter):
    client = enter()
    client.certificate(NAME)
    client.ca.switches.issuer_generation = 2
    client.certificate(NAME)
    first, second = (c.leaf.issuer for c in client.ca.certificates)
    assert first != second


# -- renewal information -----------------------------------------------------------------------------


def ask(client, **more):
    url = f"{client.directory['renewalInfo']}/{client.ca.certificates[-1].ari_id()}"
    return client.request("GET", url, **more)


def test_renewal_information(enter):
    client = enter(**BEHAVIOURS["ari-elsewhere"][1])
    client.certificate(NAME)
    answer = ask(client)
    assert answer.headers["Retry-After"] == "21600"
    assert set(answer.json()["suggestedWindow"]) == {"start", "end"}
    client.ca.switches.ari_window = (-7200, -3600)
    client.ca.switches.ari_explanation = "https://ca.example/incident"
    shown = ask(client).json()
    assert shown["explanationURL"] == "https://ca.example/incident"
    assert shown["suggestedWindow"]["end"] < http_date_as_rfc3339(client.ca.clock.now())
    client.ca.accidents.html("renewal-info", 503)
    assert ask(client).status == 503
    assert client.request("GET", client.directory["renewalInfo"] + "/AAAA.AAAA").status == 404
    assert client.ca.complaints() == []


def http_date_as_rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


# -- headers and errors --------------------------------------------------------------------------------


@pytest.mark.parametrize("form, sign", [
    ("problem", b"urn:ietf:params:acme:error:malformed"), ("bare-string", b'"'),
    ("message", b'{"message"'), ("unknown-urn", b"urn:sectigo:params:acme:error:malformed"),
    ("empty", b""), ("html", b"<html>")])
def test_forms_of_errors(enter, form, sign):
    client = enter(error_form=form)
    answer = client.post(client.directory["newOrder"], {"identifiers": []})
    assert answer.status == 400
    assert sign in answer.body
    assert (answer.body == b"") == (form == "empty")


@pytest.mark.parametrize("form", ["date", "date-rfc850", "date-asctime"])
def test_retry_after_as_a_date(enter, form):
    client = enter(authorization_retry_after=90, retry_after_form=form)
    value = authorization_of(client).headers["Retry-After"]
    if form == "date":
        seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        assert 87 < seconds < 92
    assert not value.isdigit()


def test_dates_are_as_the_rfc_has_them():
    assert http_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert http_date(784111777, "date-rfc850") == "Sunday, 06-Nov-94 08:49:37 GMT"
    assert http_date(784111777, "date-asctime") == "Sun Nov  6 08:49:37 1994"


@pytest.mark.parametrize("form, value", [("garbage", "soon"), ("negative", "-5")])
def test_retry_after_that_is_nothing(enter, form, value):
    client = enter(authorization_retry_after=90, retry_after_form=form)
    assert authorization_of(client).headers["Retry-After"] == value


@pytest.mark.parametrize("form", ["plain", "joined", "bare", "several", "relative"])
def test_forms_of_links(enter, form):
    client = enter(link_form=form, alternate_chains=1)
    links = client.certificate(NAME)[2].headers.get_all("Link")
    assert len(links) == (1 if form == "joined" else 2)
    text = " ".join(links)
    assert "alternate" in text and "index" in text
    assert ('rel="' in text) == (form != "bare")
    assert ("<https:" not in text) == (form == "relative")


def test_lower_case_headers_and_types_with_charset(enter):
    client = enter(lower_case_headers=True, json_content_type="application/json; charset=utf-8",
                   junk_members=True, pretty_json=True, meta=False)
    answer = client.post(client.account)
    assert "replay-nonce" in [name for name, _ in answer.headers.items()]
    assert answer.headers["Content-Type"].endswith("charset=utf-8")
    directory = client.request("GET", client.ca.url)
    assert b"\n" in directory.body and b"why-is-this-here" in directory.body
    assert "meta" not in directory.json()
