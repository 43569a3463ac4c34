# SPDX-License-Identifier: Apache-2.0
"""Before the first certificate is there: a fallback certificate, 503, and nobody else disturbed."""

from cryptography.hazmat.primitives.asymmetric import ec

from harness import certificates
from harness.store import public_bytes

NAME = "www.test.example"
SECOND = "second.test.example"
STATIC = "static.test.example"


def test_only_the_vhost_that_waits_answers_503(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    certificate, key = certificates.make_self_signed([STATIC])
    (httpd.dir / "static.pem").write_bytes(certificate + key)
    httpd.configure(
        httpd.acme(ca),
        httpd.site(STATIC, more=f'SSLCertificateFile "{httpd.dir}/static.pem"'),
        httpd.site(NAME, managed=True), httpd.site(SECOND, managed=True))
    ca.pause()
    httpd.start()
    for name in (NAME, SECOND):
        assert httpd.get_tls(name).status == 503
        assert httpd.get(name).status == 200, "http of that name is not concerned"
    assert httpd.get_tls(STATIC).status == 200
    assert httpd.certificate(STATIC).serial_number == certificates.load(certificate).serial_number

    fallbacks = [httpd.certificate(name) for name in (NAME, SECOND)]
    keys = [certificate.public_key() for certificate in fallbacks]
    assert isinstance(keys[0].curve, ec.SECP256R1)
    assert public_bytes(keys[0]) == public_bytes(keys[1]), "one key is enough for all fallbacks"

    ca.resume()
    for name in (NAME, SECOND):
        httpd.wait_for_issue(name)
    httpd.graceful()
    for name in (NAME, SECOND):
        assert httpd.get_tls(name, trust=ca.root()).status == 200
    assert httpd.get_tls(STATIC).status == 200


def test_status_before_the_ca_answers(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    ca.pause()
    httpd.start()
    entry = httpd.wait_for_status(
        NAME, lambda e: e["state"] in ("missing", "ordering"), "a certificate that is missing")
    assert entry["keys"] == []
    ca.resume()
    httpd.wait_for_certificate(NAME, ca)
