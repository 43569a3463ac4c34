# SPDX-License-Identifier: Apache-2.0
"""http-01 answers come first, whatever the site does with its requests, and nothing else changes."""

import re

import time

import pytest

from harness import ca as authority

NAME = "www.test.example"
OTHER = "other.test.example"
PREFIX = "/.well-known/acme-challenge/"

OBSTACLES = {
    "denied": "<Location />\nRequire all denied\n</Location>",
    "password": "<Location />\nAuthType Basic\nAuthName x\nAuthUserFile /nonexistent\n"
                "Require valid-user\n</Location>",
    "rewritten": "RewriteEngine on\nRewriteRule ^ https://%{{SERVER_NAME}}:{https}%{{REQUEST_URI}} "
                 "[R=301,L]",
    "redirected": "RewriteEngine on\nRewriteRule ^ /gone.html [PT]",
    "proxied": 'ProxyPass "/" "http://127.0.0.1:1/"',
    "aliased": 'Alias "/.well-known" "/nonexistent"',
}


def test_issued_behind_every_obstacle(world):
    httpd = world.httpd()
    httpd.modules = ["auth_basic", "authn_core", "authn_file", "authz_user", "rewrite", "alias",
                     "proxy", "proxy_http"]
    ca = world.ca(httpd)
    world.expect(r"authz_core:error\].*AH01630", r"proxy(_http)?:error\].*127\.0\.0\.1")
    parts = []
    for what, directives in OBSTACLES.items():
        name = f"{what}.test.example"
        directives = directives.format(https=httpd.https)
        parts += [httpd.plain_site(name, directives),
                  httpd.site(name, managed=True, more=directives)]
    httpd.configure(httpd.acme(ca), httpd.plain_site("localhost"), *parts)
    httpd.start()
    for what in OBSTACLES:
        name = f"{what}.test.example"
        httpd.wait_for_issue(name)
    assert ca.issued() == len(OBSTACLES)
    assert httpd.get("denied.test.example").status == 403, "the obstacle stands"
    assert httpd.get("rewritten.test.example").status == 301
    assert httpd.get("proxied.test.example").status == 503


def test_a_redirect_to_https_is_followed_while_only_the_fallback_is_there(world):
    """The redirect comes from somewhere else, a load balancer say: here from another httpd."""
    httpd = world.httpd()
    balancer = world.httpd()
    balancer.modules = ["rewrite"]
    ca = world.ca(balancer)  # the CA asks the balancer
    balancer.configure("RewriteEngine on\n"
                       f"RewriteRule ^ https://{NAME}:{httpd.https}%{{REQUEST_URI}} [R,L]")
    balancer.start()
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    assert ca.issued() == 1


@pytest.fixture
def pending(world):
    """An httpd with a challenge that is answered and not yet judged: (httpd, token)."""
    httpd = world.httpd()
    ca = world.ca(httpd)
    (httpd.htdocs / ".well-known/acme-challenge").mkdir(parents=True)
    (httpd.htdocs / ".well-known/acme-challenge/of-another-client").write_text("theirs\n")
    (httpd.htdocs / "secret.txt").write_text("root of documents\n")
    httpd.configure(httpd.acme(ca), httpd.plain_site(NAME), httpd.plain_site(OTHER),
                    httpd.plain_site("localhost"), httpd.site(NAME, managed=True))
    httpd.start()
    ca.wait_for("Attempting to validate w/ HTTP")
    ca.pause()
    token = re.search(r"acme-challenge/([A-Za-z0-9_-]+)", ca.log.read_text())[1]
    yield httpd, token
    ca.resume()
    httpd.wait_for_certificate(NAME, ca)
    assert httpd.get(NAME, PREFIX + token).status == 404, "no answer once the order is done"


def test_the_answer_is_exact(pending):
    httpd, token = pending
    answer = httpd.get(NAME, PREFIX + token)
    assert answer.status == 200
    assert re.fullmatch(rf"{re.escape(token)}\.[A-Za-z0-9_-]{{43}}".encode(), answer.body)
    again = httpd.get(NAME.upper(), PREFIX + token)
    assert again.body == answer.body, "host names have no case"
    with_port = httpd.get(f"{NAME}:{httpd.http}", PREFIX + token)
    assert with_port.body == answer.body
    over_tls = httpd.get_tls(NAME, PREFIX + token)
    assert (over_tls.status, over_tls.body) == (200, answer.body), "also over https"

    head = httpd.get(NAME, PREFIX + token, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(answer.body))
    assert httpd.get(NAME, PREFIX + token, method="POST").status in (404, 405)


def test_everything_else_is_as_if_we_were_not_there(world, pending):
    world.expect(r"core:error\].*(AH00036|AH10244)")  # httpd's own words on such paths
    httpd, token = pending
    assert httpd.get(OTHER, PREFIX + token).status == 404, "not on another host"
    theirs = httpd.get(NAME, PREFIX + "of-another-client")
    assert (theirs.status, theirs.body) == (200, b"theirs\n"), "a webroot still works"
    assert httpd.get(NAME, PREFIX + token[:-1]).status == 404
    assert httpd.get(NAME, PREFIX + token + "x").status == 404
    assert httpd.get(NAME, PREFIX + token + "/").status == 404
    assert httpd.get(NAME, PREFIX).status in (403, 404)
    for path in ("../../secret.txt", "..%2f..%2fsecret.txt", "%2e%2e/%2e%2e/secret.txt",
                 f"../{NAME}/{token}", f"..%2f{NAME}%2f{token}", "%00", "a" * 4000,
                 "../../../run/status.json", "..%2f..%2f..%2frun%2fstatus.json"):
        answer = httpd.get(NAME, PREFIX + path)
        assert answer.status in (200, 400, 403, 404), path
        assert b"." + b"thumbprint" not in answer.body
        if answer.status == 200:  # httpd itself resolves ".." inside the document root
            assert answer.body == b"root of documents\n", path
    assert httpd.get(NAME).body == b"hello\n"


def test_no_challenge_no_trace(world):
    """Without an order in flight the paths belong to the site."""
    httpd = world.httpd()
    ca = world.ca(httpd)
    (httpd.htdocs / ".well-known/acme-challenge").mkdir(parents=True)
    token = "A" * 43
    (httpd.htdocs / PREFIX.lstrip("/") / token).write_text("certbot's\n")
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    assert ca.count(authority.CHALLENGE) == 1
    assert httpd.get(NAME, PREFIX + token).body == b"certbot's\n"
    assert list(path for path in httpd.run_dir.rglob("*") if path.is_file()
                and path.name != "status.json") == []


def test_the_ca_is_not_asked_before_it_has_asked(world):
    """RFC 8555, 7.5.1: the order is looked at when its answer was read, and hardly more than once."""
    httpd = world.httpd()
    ca = world.simulated_ca(httpd, fetch_after=1.5, prevalidated=False)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_status(NAME, lambda e: "has not asked" in e["next"]["why"], "that it waits")
    httpd.wait_for_certificate(NAME, ca)
    told = ca.counts.of("challenge")[0]
    finalized = ca.counts.of("finalize")[0]
    looks = [entry.at - told.at for entry in ca.counts.of("order") if entry.at < finalized.at]
    assert looks and min(looks) > 1.4
    assert len(looks) <= 2
