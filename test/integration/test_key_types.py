# SPDX-License-Identifier: Apache-2.0
"""ACMEKeyType with two types: a certificate of each, and each client gets the one it can use."""

import socket
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from test_config_mistakes import GOOD, NAME, httpd, refused  # noqa: F401

CIPHERS = {"rsa": "ECDHE-RSA-AES128-GCM-SHA256", "ec": "ECDHE-ECDSA-AES128-GCM-SHA256"}


def served(httpd, algorithm):
    """The certificate for a client that understands one algorithm only; None when it gets none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS[algorithm])
    try:
        with socket.create_connection(("127.0.0.1", httpd.https), timeout=5) as plain, \
                context.wrap_socket(plain, server_hostname=NAME) as tls:
            return x509.load_der_x509_certificate(tls.getpeercert(binary_form=True))
    except ssl.SSLError:
        return None


def issued(httpd, count):
    """Wait until so many certificates of the name are in the store; their key types."""
    entry = httpd.wait_for_status(
        NAME, lambda e: e["state"] in ("valid", "waiting-for-reload") and len(e["keys"]) == count,
        f"{count} certificates")
    assert [e["name"] for e in httpd.status()["certificates"]] == [NAME], "one entry for a domain"
    return sorted(key["type"] for key in entry["keys"])


@pytest.mark.smoke
def test_both_types_are_served(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), "ACMEKeyType rsa2048 p256", httpd.site(NAME, managed=True))
    httpd.start()
    assert issued(httpd, 2) == ["p256", "rsa2048"]
    assert sorted(entry.name for entry in (httpd.store.dir / "live").iterdir()) == [
        NAME, f"{NAME}+p256"]
    httpd.graceful()
    assert isinstance(served(httpd, "rsa").public_key(), rsa.RSAPublicKey)
    assert isinstance(served(httpd, "ec").public_key(), ec.EllipticCurvePublicKey)
    assert served(httpd, "rsa").issuer == served(httpd, "ec").issuer, "neither is the fallback"

    # In another order each is ordered anew for its place; what is there is served meanwhile.
    ca.pause()
    httpd.configure(httpd.acme(ca), "ACMEKeyType p256 rsa2048", httpd.site(NAME, managed=True))
    httpd.graceful()
    assert served(httpd, "rsa") is not None
    assert served(httpd, "ec") is not None


@pytest.mark.parametrize("types", ["p256 p384", "rsa2048 rsa2048", "rsa2048 p256 p384"])
def test_one_of_each_algorithm(httpd, types):
    line = f"ACMEKeyType {types}"
    refused(httpd, [GOOD.format(key=httpd.key_file), line, httpd.site(NAME, managed=True)], line,
            "ACMEKeyType", "one RSA and one elliptic curve")


def test_first_name_too_long_for_two_types(httpd):
    name = ".".join(["a" * 48, *["a" * 49] * 4]) + ".test"
    httpd.configure(GOOD.format(key=httpd.key_file), f"ACMEManagedDomain {name}",
                    httpd.site(name))
    assert httpd.check()[0] == 0
    refused(httpd, [GOOD.format(key=httpd.key_file), "ACMEKeyType rsa2048 p256",
                    f"ACMEManagedDomain {name}", httpd.site(name)],
            "ACMEManagedDomain", "too long")
