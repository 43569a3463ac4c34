# SPDX-License-Identifier: Apache-2.0
"""Every rule of the simulated CA is broken once, and says so; a good client breaks none."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from simulated_ca import Switches, jws as jose
from simulated_ca.rules import RULES
from tinyclient import Client, encoded

NAME = "www.test.example"


def test_a_good_client_breaks_no_rule(ca, client):
    _, _, download = client.certificate(NAME, "test.example")
    assert download.body.count(b"BEGIN CERTIFICATE") == 2
    assert ca.complaints() == []
    assert (ca.counts.accounts, ca.counts.orders, ca.counts.finalizes) == (1, 1, 1)
    assert (ca.issued(), ca.collected()) == (1, 1)


def stripped(value, name="signature", more="=="):
    return {**value, name: value[name] + more}


def with_nonce(client, nonce):
    return client.post(client.account, header={"nonce": nonce})


def reuse_nonce(client):
    nonce = client.nonce
    client.post(client.account)
    return with_nonce(client, nonce)


def resend(client):
    body = encoded(client.sign(client.header(client.account), b""))
    for _ in range(2):
        client.request("POST", client.account, body, {"Content-Type": "application/jose+json"})


def retry_with_another_nonce(client):
    client.ca.accidents.bad_nonces("account")
    client.post(client.account)
    client.request("HEAD", client.directory["newNonce"])
    client.post(client.account)


def retry_for_ever(client):
    client.ca.accidents.bad_nonces("account", times=100)
    for _ in range(14):
        client.post(client.account)


def short_coordinate(client):
    # A left zero octet cut off, as careless clients do once in 256 keys.
    jwk = client.jwk
    jwk["x"] = jose.encode(jose.decode(jwk["x"])[1:])
    client.post(client.directory["newAccount"], {}, header={"jwk": jwk, "kid": None})


def padded_rsa_number(client):
    numbers = rsa.generate_private_key(65537, 2048).public_key().public_numbers()
    jwk = {"kty": "RSA", "e": "AQAB", "n": jose.encode(b"\0" + numbers.n.to_bytes(256, "big"))}
    client.post(client.directory["newAccount"], {}, header={"jwk": jwk, "kid": None})


def follow_redirect(client):
    trap = client.ca.trap()
    client.post(trap)


def bad_binding(**changes):
    def act(client):
        other = Client(client.ca).open()
        other.register(binding=other.binding(**changes))
    return act


def undecoded_key(client):
    other = Client(client.ca).open()
    other.register(binding=other.binding(secret=client.ca.credentials["kid-1"].text.encode()))


def change_key(payload=None, header=None):
    def act(client):
        url = client.directory["keyChange"]
        other = Client(client.ca)
        inner = other.sign({"alg": "ES256", "jwk": other.jwk, "url": url, **(header or {})},
                           encoded(payload or {"account": client.account, "oldKey": client.jwk}))
        client.post(url, encoded(inner))
    return act


def change_key_to_a_used_one(client):
    key = ec.generate_private_key(ec.SECP256R1())
    client.certificate(NAME, key=key)
    change_key_to(client, key)


def change_key_to(client, key):
    url, other = client.directory["keyChange"], Client(client.ca)
    other.key = key
    inner = other.sign({"alg": "ES256", "jwk": other.jwk, "url": url},
                       encoded({"account": client.account, "oldKey": client.jwk}))
    client.post(url, encoded(inner))


def change_key_while_validating(client):
    client.ca.switches.challenge_seconds = 60
    authorization = client.post(client.order(NAME).json()["authorizations"][0]).json()
    client.post(authorization["challenges"][0]["url"], {})
    change_key_to(client, ec.generate_private_key(ec.SECP256R1()))


def order_for_a_compromised_key(client):
    key = ec.generate_private_key(ec.SECP256R1())
    client.certificate(NAME, key=key)
    other = Client(client.ca).open()
    other.key = key
    leaf = client.ca.certificates[-1].leaf.public_bytes(serialization.Encoding.DER)
    other.post(client.directory["revokeCert"], {"certificate": jose.encode(leaf), "reason": 1})
    client.ca.certificates.clear()  # it knows the key all the same
    _, order = client.ordered(NAME)
    client.finalize(order, [NAME], key=key)


def revoke_with_the_account_key_as_jwk(client):
    client.certificate(NAME)
    leaf = client.ca.certificates[-1].leaf.public_bytes(serialization.Encoding.DER)
    client.post(client.directory["revokeCert"], {"certificate": jose.encode(leaf)},
                header={"by_key": True})


def finalize_with(**changes):
    def act(client):
        _, order = client.ordered(NAME)
        client.finalize(order, [NAME], **changes)
    return act


def finalize_other_names(client):
    _, order = client.ordered(NAME)
    client.finalize(order, [NAME, "other.example"])


def finalize_as_pem(client):
    _, order = client.ordered(NAME)
    client.post(order["finalize"], {"csr": jose.encode(b"-----BEGIN CERTIFICATE REQUEST-----")})


def finalize_too_early(client):
    order = client.order(NAME).json()
    client.finalize(order, [NAME])


def finalize_twice(client):
    client.ca.switches.processing_polls = 5
    _, order = client.ordered(NAME)
    client.finalize(order, [NAME])
    client.finalize(order, [NAME])


def finalize_for_another_common_name(client):
    _, order = client.ordered(NAME)
    request = (x509.CertificateSigningRequestBuilder()
               .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "b.example")]))
               .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), False)
               .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()))
    octets = request.public_bytes(serialization.Encoding.DER)
    client.post(order["finalize"], {"csr": jose.encode(octets)})


def finalize_with_must_staple(client):
    _, order = client.ordered(NAME)
    request = (x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
               .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), False)
               .add_extension(x509.TLSFeature([x509.TLSFeatureType.status_request]), False)
               .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()))
    octets = request.public_bytes(serialization.Encoding.DER)
    client.post(order["finalize"], {"csr": jose.encode(octets)})


def finalize_with_weak_hash(client):
    finalize_with(key=ec.generate_private_key(ec.SECP256R1()), digest=hashes.SHA224())(client)


def finalize_with_account_key(client):
    finalize_with(key=client.key)(client)


def finalize_with_old_key(client):
    key = ec.generate_private_key(ec.SECP256R1())
    client.certificate(NAME, key=key)
    finalize_with(key=key)(client)


def poll_too_early(client):
    client.ca.switches.processing_polls = 5
    client.ca.switches.processing_retry_after = 30
    url, order = client.ordered(NAME)
    client.finalize(order, [NAME])
    client.post(url)


def hurry_after_rate_limit(client):
    client.ca.accidents.rate_limited("new-order", 600)
    client.order(NAME)
    client.order(NAME)


def revoke(**payload):
    def act(client):
        _, _, download = client.certificate(NAME)
        leaf = x509.load_pem_x509_certificate(download.body)
        client.post(client.directory["revokeCert"], {
            "certificate": jose.encode(leaf.public_bytes(serialization.Encoding.DER)), **payload})
    return act


def register_without_terms(client):
    Client(client.ca).open().register(termsOfServiceAgreed=False)


def register_with(contact):
    def act(client):
        Client(client.ca).open().register(contact=contact)
    return act


def ask_renewal_info(edit):
    def act(client):
        client.certificate(NAME)
        url = f"{client.ca.entry('renewal-info')}/{client.ca.certificates[0].ari_id()}"
        edit(client, url)
    return act


def without_sign_octet(client, url):
    base, _, ident = url.rpartition("/")
    authority, _, serial = ident.partition(".")
    octets = jose.decode(serial)
    assert octets[0] == 0
    client.request("GET", f"{base}/{authority}.{jose.encode(octets[1:])}")


def challenge_with(payload):
    def act(client):
        authorization = client.post(client.order(NAME).json()["authorizations"][0]).json()
        client.post(authorization["challenges"][0]["url"], payload)
    return act


def post_to_authorization(client):
    client.post(client.order(NAME).json()["authorizations"][0], {})


BREAKS = [
    ("T-03", lambda c: c.request("GET", c.ca.url, without=("User-Agent",))),
    ("T-04", lambda c: c.request("GET", c.ca.url, headers={"User-Agent": "curl/8.9"})),
    ("T-05", lambda c: c.request("GET", c.ca.url, without=("Accept-Language",))),
    ("T-06", lambda c: c.post(c.account, content_type="application/jose+json; charset=utf-8")),
    ("T-07", lambda c: c.request("GET", c.ca.url, headers={"Replay-Nonce": "x"})),
    ("T-08", lambda c: c.request("GET", c.account)),
    ("T-09", lambda c: c.post(c.account + "/")),
    ("T-11", follow_redirect),
    ("T-16", lambda c: c.post(c.account, b" " * 50000)),
    ("J-01", lambda c: c.post(c.account, edit=lambda v: {**v, "more": "x"})),
    ("J-01", lambda c: c.post(c.account, edit=lambda v: {k: v[k] for k in ("payload", "protected")})),
    ("J-02", lambda c: c.post(c.account, edit=lambda v: {**v, "header": {}})),
    ("J-02", lambda c: c.post(c.account, header={"crit": ["b64"], "b64": False})),
    ("J-03", lambda c: c.post(c.account, header={"jwk": c.jwk})),
    ("J-03", lambda c: c.post(c.account, header={"url": None})),
    ("J-04", lambda c: c.post(c.account, header={"alg": "none"})),
    ("J-04", lambda c: c.post(c.account, header={"alg": "HS256"})),
    ("J-06", lambda c: c.post(c.account, header={"alg": "RS256"})),
    ("J-07", lambda c: c.post(c.directory["newOrder"], {}, header={"jwk": c.jwk, "kid": None})),
    ("J-07", lambda c: c.post(c.directory["newAccount"], {})),
    ("J-08", lambda c: c.post(c.directory["newOrder"], {}, header={"kid": c.account + "/"})),
    ("J-09", lambda c: c.post(c.account, header={"url": c.account + "?"})),
    ("J-10", lambda c: c.post(c.order(NAME).headers["Location"], {})),
    ("J-11", challenge_with({"keyAuthorization": "x"})),
    ("J-12", lambda c: c.post(c.account, edit=stripped)),
    ("J-13", lambda c: c.post(c.directory["newAccount"], {},
                              header={"jwk": {**c.jwk, "d": "AAAA"}, "kid": None})),
    ("J-14", lambda c: c.post(c.account, edit=lambda v: {**v, "signature": "A" * 86})),
    ("J-16", resend),
    ("JP-02", lambda c: c.post(c.account, edit=lambda v: {**v, "signature": "AAAA"})),
    ("JP-03", short_coordinate),
    ("JP-04", padded_rsa_number),
    ("N-03", lambda c: with_nonce(c, "abc=")),
    ("N-04", reuse_nonce),
    ("N-04", lambda c: with_nonce(c, "never-given")),
    ("N-06", retry_with_another_nonce),
    ("N-07", retry_for_ever),
    ("A-02", register_without_terms),
    ("A-03", register_with(["a@test.example"])),
    ("A-03", register_with(["mailto:a@test.example,b@test.example"])),
    ("A-07", lambda c: Client(c.ca).open().register(onlyReturnExisting=True)),
    ("A-14", lambda c: c.post(c.account, {"contact": [], "termsOfServiceAgreed": True})),
    ("E-01", lambda c: Client(c.ca).open().register(binding="a string")),
    ("E-02", bad_binding(header={"nonce": "x"})),
    ("E-03", bad_binding(header={"alg": "ES256"})),
    ("E-05", bad_binding(header={"url": "https://ca.example/"})),
    ("E-06", bad_binding(payload=b"{}")),
    ("E-09", undecoded_key),
    ("E-13", lambda c: c.order(NAME, externalAccountBinding=c.binding())),
    ("K-02", change_key(header={"nonce": "x"})),
    ("K-03", change_key(payload={"account": "https://ca.example/"})),
    ("K-04", change_key_to_a_used_one),
    ("K-07", change_key_while_validating),
    ("O-01", lambda c: c.order("WWW.test.example")),
    ("O-01", lambda c: c.order(NAME, NAME)),
    ("O-01", lambda c: c.order(NAME + ".")),
    ("O-02", lambda c: c.order(NAME, notAfter="2030-01-01T00:00:00Z")),
    ("O-04", lambda c: c.order("*.test.example", NAME)),
    ("O-14", lambda c: c.order(NAME, replaces="a.b")),
    ("O-14", lambda c: c.order(NAME, profile="classic")),
    ("Z-09", post_to_authorization),
    ("F-01", finalize_as_pem),
    ("F-02", finalize_other_names),
    ("F-03", finalize_with_account_key),
    ("F-05", finalize_too_early),
    ("F-09", finalize_twice),
    ("CSR-02", finalize_for_another_common_name),
    ("CSR-04", finalize_with_must_staple),
    ("CSR-05", finalize_with_weak_hash),
    ("CSR-09", finalize_with_old_key),
    ("B-02", poll_too_early),
    ("B-03", hurry_after_rate_limit),
    ("R-01", revoke(reason="superseded")),
    ("R-03", revoke(reason=6)),
    ("R-06", order_for_a_compromised_key),
    ("J-07", revoke_with_the_account_key_as_jwk),
    ("ARI-02", ask_renewal_info(without_sign_octet)),
    ("ARI-04", ask_renewal_info(lambda c, url: c.request("GET", url, headers={"Cookie": "a=b"}))),
]


@pytest.mark.parametrize("number, act", BREAKS, ids=[f"{i}-{b[0]}" for i, b in enumerate(BREAKS)])
def test_a_broken_rule_is_told_by_its_number(make_ca, number, act):
    ca = make_ca(Switches(challenge_fate="valid", eab_reuse="allowed",
                          renewal_info=number.startswith("ARI")))
    client = Client(ca).open()
    assert client.register().status == 201
    act(client)
    assert ca.rules.numbers()[:1] == [number], ca.rules.violations
    assert RULES[number] in ca.complaints(eab_twice=True)[0]


def test_every_rule_is_broken_here():
    assert {number for number, _ in BREAKS} == set(RULES)


def test_a_wrong_mac_is_no_broken_rule(ca, stranger):
    answer = stranger.register(binding=stranger.binding(secret=b"guessed"))
    assert (answer.status, answer.kind()) == (401, "unauthorized")
    assert ca.complaints() == []
