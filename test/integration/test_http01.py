# SPDX-License-Identifier: Apache-2.0
"""http-01 answers come first, whatever the site does with its requests, and nothing else changes."""

import os
import random
import re
import shutil
import socket

import pytest

from harness import ca as authority
from harness.waiting import wait_until
from test_config_mistakes import KEY, good

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
    # No CA follows a 303, and none finds the host in the last one.
    "elsewhere": 'Redirect 303 / https://elsewhere.test.example/',
    "slashless": 'Redirect permanent / https://slashless.test.example',
    "closed": "RewriteEngine on\nRewriteRule ^ - [R=503,L]\nErrorDocument 503 closed",
}


def test_a_module_that_comes_first_is_named(world):
    """As mod_security can: it refuses before anybody else sees the request, and the error log says who
    it may have been."""
    httpd = world.httpd()
    httpd.more_lines = [f'LoadModule eab_probe_module "{os.environ["EAB_PROBE"]}"',
                        f"EABProbeRefuse 403 {PREFIX}"]
    ca = world.ca(httpd)
    world.expect("asked this server to prove", "acme_eab:error.*unauthorized")
    httpd.configure(httpd.acme(ca), httpd.plain_site(NAME), httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_problem(NAME, "unauthorized")
    line = httpd.log.lines("the CA asked this server to prove")[0]
    assert f"prove {NAME} and got status 403" in line
    assert "mod_eab_probe.c" in line and f"below {PREFIX}" in line
    httpd.get("nobody.test.example", PREFIX + "x" * 43)  # no token that is pending: nobody's business
    assert not httpd.log.lines("asked this server to prove nobody")


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
    assert httpd.get("elsewhere.test.example").status == 303
    assert httpd.get("slashless.test.example").headers["Location"].endswith("exampleindex.html")
    assert httpd.get("closed.test.example").status == 503


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
    assert len(answer.body) == len(token) + 44
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Transfer-Encoding" not in answer.headers
    again = httpd.get(NAME.upper(), PREFIX + token)
    assert again.body == answer.body, "host names have no case"
    assert httpd.get(f"{NAME}.", PREFIX + token).body == answer.body, "it may end with a dot"
    with_port = httpd.get(f"{NAME}:{httpd.http}", PREFIX + token)
    assert with_port.body == answer.body
    over_tls = httpd.get_tls(NAME, PREFIX + token)
    assert (over_tls.status, over_tls.body) == (200, answer.body), "also over https"

    # A redirection may have led the CA to any name of this server, or to its address.
    for host in (OTHER, "unknown.test.example", "127.0.0.1", "[::1]", "under_score", "localhost"):
        elsewhere = httpd.get(host, PREFIX + token)
        assert (elsewhere.status, elsewhere.body) == (200, answer.body), host

    head = httpd.get(NAME, PREFIX + token, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(answer.body))
    for method in ("POST", "PUT", "OPTIONS", "DELETE", "TRACE"):
        other = httpd.get(NAME, PREFIX + token, method=method)
        assert answer.body not in other.body, method


FILTERS = """SetOutputFilter SUBSTITUTE;INCLUDES;DEFLATE
Substitute s/[A-Za-z]/x/
DeflateBufferSize 1
"""


def test_output_filters_leave_the_answer_alone(world):
    httpd = world.httpd()
    httpd.modules = ["filter", "substitute", "include", "deflate"]
    ca = world.ca(httpd)
    ca.pause()
    httpd.configure(httpd.acme(ca), httpd.plain_site("localhost"),
                    httpd.plain_site(NAME, FILTERS + "Options +Includes"),
                    httpd.site(NAME, managed=True, more=FILTERS))
    httpd.start()
    httpd.wait_for_status(NAME, lambda entry: True, "anything")
    path = httpd.run_dir / "challenges" / NAME / ("A" * 43)
    path.parent.mkdir()
    shutil.chown(path.parent, "www-data")
    path.write_text("A" * 43 + "." + "b" * 43)
    gzip = {"Accept-Encoding": "gzip"}
    assert httpd.get(NAME, headers=gzip).headers["Content-Encoding"] == "gzip", "the filters work"
    for answer in (httpd.get(NAME, PREFIX + "A" * 43, headers=gzip),
                   httpd.get_tls(NAME, PREFIX + "A" * 43, headers=gzip)):
        assert answer.body == path.read_bytes()
        assert "Content-Encoding" not in answer.headers


def test_everything_else_is_as_if_we_were_not_there(world, pending):
    world.expect(r"core:error\].*(AH00036|AH10244)")  # httpd's own words on such paths
    httpd, token = pending
    for other in ("A" * 43, token.swapcase(), token[:22]):
        assert httpd.get(OTHER, PREFIX + other).status == 404, "only a token that is pending"
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
    # The next status may be on its way there.
    wait_until(lambda: [path.name for path in httpd.run_dir.rglob("*") if path.is_file()]
               == ["status.json"], 10, "nothing but the status")


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


@pytest.mark.parametrize("challenge,port", [("http-01", 80), ("tls-alpn-01", 443)])
def test_nobody_listens_where_the_ca_asks(world, challenge, port):
    httpd = world.httpd()
    httpd.write_key(KEY)
    parts = [good(httpd), httpd.site(NAME, managed=True)]
    httpd.configure(f"ACMEChallenge {challenge}", *parts)
    status, output = httpd.check()
    assert status == 0
    assert f"{httpd.conf}:{httpd.line_of('ACMEChallenge')}: " in output
    assert f"asks at port {port}" in output and f"'Listen {port}'" in output
    for fine in ([f"ACMEChallenge {challenge}", f"Listen 127.0.0.1:{port}"], ["ACMEChallenge none"],
                 [f"ACMEChallenge {challenge} dns-01", "ACMEDNSCommand /bin/true"], []):
        httpd.configure(*fine, *parts)
        assert httpd.check() == (0, "Syntax OK\n"), fine


def test_tls_alpn_comes_first_where_only_its_port_is_open(world):
    httpd = world.httpd()
    address = ".".join(["127", *(str(random.randint(1, 254)) for _ in range(3))])
    with socket.socket() as sock:
        try:
            sock.bind((address, 443))
        except OSError:
            pytest.skip("somebody else has port 443 of all addresses")
    httpd.more_lines = [f"Listen {address}:443"]
    ca = world.ca(httpd, tls_port=httpd.https)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_issue(NAME)
    assert ca.issued() == 1
    assert httpd.log.count("asked this server to prove") > 0
    assert ca.count("Attempting to validate w/ HTTP") == 0
