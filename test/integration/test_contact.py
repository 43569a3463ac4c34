# SPDX-License-Identifier: Apache-2.0
"""A changed ACMEContact is told to the CA, once, with the next work that is done with the account."""

import json

NAME = "www.test.example"
SECOND = "second.test.example"


def told(ca):
    return [json.loads(entry.payload)["contact"] for entry in ca.counts.of("account")
            if b"contact" in entry.payload]


def test_told_once(world):
    httpd = world.httpd()
    ca = world.simulated_ca(httpd)
    site = httpd.site(NAME, managed=True)
    httpd.configure(httpd.acme(ca), site)
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    changed = httpd.acme(ca).replace("webmaster@", "office@")
    httpd.configure(changed, site, httpd.site(SECOND, managed=True))
    httpd.graceful()
    httpd.wait_for_certificate(SECOND, ca)
    assert told(ca) == [["mailto:office@test.example"]]
    third = "third.test.example"
    httpd.configure(changed, site, httpd.site(third, managed=True))
    httpd.graceful()
    httpd.wait_for_certificate(third, ca)
    assert told(ca) == [["mailto:office@test.example"]]
    assert ca.registrations() == 1


def test_a_refusal_is_no_obstacle(world):
    httpd = world.httpd()
    ca = world.simulated_ca(httpd, account_check=405)
    site = httpd.site(NAME, managed=True)
    httpd.configure(httpd.acme(ca), site)
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    world.expect("did not take the new contacts")
    httpd.configure(httpd.acme(ca).replace("webmaster@", "office@"), site,
                    httpd.site(SECOND, managed=True))
    httpd.graceful()
    httpd.wait_for_certificate(SECOND, ca)
    assert ca.registrations() == 1
