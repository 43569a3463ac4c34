# SPDX-License-Identifier: Apache-2.0
"""Certificates that the tests make themselves, and questions about certificates."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID


def make_self_signed(names, days=30, key=None):
    """(certificate, key) in PEM for names, of which some may be IP addresses."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    return pem_of(_make(names, days, key, _subject(names), key, False)), key_pem_of(key)


def make_issuer(name):
    """A certificate that may issue others, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _make([name], 3650, key, _subject([name]), key, True), key


def make_issued(names, issuer, issuer_key, days=80):
    """(chain, key) in PEM: a certificate for names and its issuer's."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _make(names, days, key, issuer.subject, issuer_key, False)
    return pem_of(certificate) + pem_of(issuer), key_pem_of(key)


def _subject(names):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])


def _make(names, days, key, issuer, issuer_key, is_ca):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(_subject(names))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([_general_name(n) for n in names]), False)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), True)
        # Some clients accept no certificate without these.
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False)
        .sign(issuer_key, None if isinstance(issuer_key, ed25519.Ed25519PrivateKey)
              else hashes.SHA256())
    )


def validity(certificate):
    """(first, last moment), whichever version of cryptography tells them."""
    if hasattr(certificate, "not_valid_after_utc"):
        return certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return tuple(moment.replace(tzinfo=datetime.timezone.utc)
                 for moment in (certificate.not_valid_before, certificate.not_valid_after))


def make_rsa_key():
    return rsa.generate_private_key(65537, 2048)


def _general_name(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def pem_of(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem_of(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def encrypted_pem_of(key, phrase):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(phrase),
    )


def load(pem):
    """The first certificate of a PEM text or file content."""
    return x509.load_pem_x509_certificate(pem if isinstance(pem, bytes) else pem.encode())


def load_key(pem, phrase=None):
    return serialization.load_pem_private_key(pem, password=phrase)


def names_of(certificate):
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return extension.value.get_values_for_type(x509.DNSName)


def common_name_of(certificate):
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return found[0].value if found else None


def private_needles(pem):
    """Byte strings that give away a private key: its text, line by line, and its secret numbers in
    both byte orders, as DER and as a big-number library hold them."""
    body = [line for line in pem.decode().splitlines() if line and not line.startswith("-----")]
    needles = [line.encode() for line in body if len(line) >= 40]
    numbers = load_key(pem).private_numbers()
    secret = [getattr(numbers, field) for field in ("private_value", "d", "p", "q")
              if hasattr(numbers, field)]
    for number in secret:
        raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
        needles += [raw, raw[::-1]]
    return needles
