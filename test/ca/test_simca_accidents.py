# SPDX-License-Identifier: Apache-2.0
"""Every accident of the simulated CA happens when it is due, before or after the CA has acted."""

import http.client
import threading
import time

import pytest
from tinyclient import Client

NAME = "www.test.example"
LOST = (http.client.RemoteDisconnected, http.client.IncompleteRead, ConnectionError, OSError)


def test_cut_before_the_ca_acts(client):
    client.ca.accidents.cut_before("new-order")
    with pytest.raises(LOST):
        client.order(NAME)
    assert client.ca.counts.orders == 0
    assert client.order(NAME).status == 201


def test_cut_after_the_ca_has_acted(client):
    client.ca.accidents.cut_after("new-order", at=2)
    assert client.order(NAME).status == 201
    with pytest.raises(LOST):
        client.order("b.test.example")
    assert client.ca.counts.orders == 2
    assert [entry.status for entry in client.ca.counts.of("new-order")] == [201, None]


def test_cut_within_an_answer_of_which_the_certificate_is_not_collected(client):
    client.ca.accidents.cut_within("certificate")
    with pytest.raises(LOST):
        client.certificate(NAME)
    assert (client.ca.issued(), client.ca.collected()) == (1, 0)
    client.post(client.ca.certificates[0].url)
    assert client.ca.collected() == 1


def test_html_instead_of_acting_and_after(client):
    client.ca.accidents.html("new-order", 429, retry_after=7)
    answer = client.order("a.test.example")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    assert "Replay-Nonce" not in answer.headers
    assert client.ca.counts.orders == 0
    client.ca.accidents.html("new-order", 504, after=True)
    assert client.order("b.test.example").status == 504
    assert client.ca.counts.orders == 1


def test_bad_nonces_in_a_row(client):
    client.ca.accidents.bad_nonces("account", times=3)
    assert [client.post(client.account).status for _ in range(4)] == [400, 400, 400, 200]
    client.ca.accidents.bad_nonces("account", nonce=None)
    answer = client.post(client.account)
    assert (answer.kind(), "Replay-Nonce" in answer.headers) == ("badNonce", False)
    client.post(client.account)
    client.ca.accidents.bad_nonces("account", nonce="abc=")
    assert client.post(client.account).headers["Replay-Nonce"] == "abc="
    client.request("HEAD", client.directory["newNonce"])
    assert client.post(client.account).status == 200
    assert client.ca.complaints() == []


def test_redirect(client):
    client.ca.accidents.redirect("new-order", client.ca.trap(), status=308)
    answer = client.order(NAME)
    assert (answer.status, answer.headers["Location"]) == (308, client.ca.trap())


def test_delay(client):
    client.ca.accidents.delay("account", 0.3)
    began = time.monotonic()
    client.post(client.account)
    assert time.monotonic() - began >= 0.3


def test_huge_and_slow_bodies(client):
    client.ca.accidents.huge("account", 3000000)
    assert len(client.post(client.account).body) > 3000000
    client.ca.accidents.slow_body("new-nonce", 0.01)
    client.ca.accidents.slow_body("account", 0.001)
    began = time.monotonic()
    assert client.post(client.account).status == 200
    assert time.monotonic() - began > 0.2


def test_any_body(client):
    client.ca.accidents.body("account", b"[]", 202)
    answer = client.post(client.account)
    assert (answer.status, answer.body) == (202, b"[]")


def test_problems(client):
    client.ca.accidents.rate_limited("new-order", 3600)
    answer = client.order("a.test.example")
    assert (answer.status, answer.kind()) == (429, "rateLimited")
    assert answer.headers["Retry-After"] == "3600"
    assert any("help" in link for link in answer.headers.get_all("Link"))
    client.ca.accidents.user_action_required("new-order")
    answer = client.order("b.test.example")
    assert (answer.status, answer.kind()) == (403, "userActionRequired")
    assert answer.json()["instance"].startswith("https://")
    client.ca.accidents.problem("new-order", "compound", subproblems=[{"type": "x"}])
    assert client.order("c.test.example").json()["subproblems"] == [{"type": "x"}]


def test_any_request(client):
    client.ca.accidents.html("any", 503)
    assert client.request("GET", client.ca.url).status == 503
    client.ca.accidents.html("any", 503)
    client.ca.accidents.clear()
    assert client.request("GET", client.ca.url).status == 200


def test_parallel_connections(ca):
    clients = [Client(ca) for _ in range(8)]
    failures = []

    def run(client, number):
        try:
            client.open().register()
            client.certificate(f"n{number}.test.example")
        except Exception as error:  # told below
            failures.append(error)
    threads = [threading.Thread(target=run, args=pair) for pair in zip(clients, range(8))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert ca.issued() == ca.collected() == 8
    assert ca.complaints(eab_twice=True) == []
