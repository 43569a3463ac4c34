# SPDX-License-Identifier: Apache-2.0
"""Roots, intermediates and the certificates below them."""

import datetime
import ipaddress
import secrets

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import (AuthorityInformationAccessOID, ExtendedKeyUsageOID,
                                   NameOID)

LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
LATE = datetime.datetime(2060, 1, 1, tzinfo=datetime.timezone.utc)


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def validity(certificate):
    """(first, last moment), whichever version of cryptography tells them."""
    if hasattr(certificate, "not_valid_after_utc"):
        return certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return tuple(moment.replace(tzinfo=datetime.timezone.utc)
                 for moment in (certificate.not_valid_before, certificate.not_valid_after))


def key_usage(*allowed):
    """The extension with these usages."""
    every = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
             "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{usage: usage in allowed for usage in every})


def _name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Simulated CA"),
                      x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _authority(common_name, key, issuer_name=None, issuer_key=None):
    """As strictly as RFC 5280 has it: some clients accept no less."""
    signer = issuer_key or key
    return (x509.CertificateBuilder()
            .subject_name(_name(common_name))
            .issuer_name(issuer_name or _name(common_name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(LONG_AGO).not_valid_after(LATE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
            .add_extension(key_usage("key_cert_sign", "crl_sign"), True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                signer.public_key()), False)
            .sign(signer, hashes.SHA256()))


class Issuer:
    """One intermediate below one root, which older roots have certified as well."""

    def __init__(self, generation=1):
        self.root_key = ec.generate_private_key(ec.SECP256R1())
        self.root = _authority(f"Simulated Root {generation}", self.root_key)
        self.old_roots = []
        self._generation = generation
        self._crosses = []
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = _authority(f"Simulated Intermediate {generation}", self.key,
                                      self.root.subject, self.root_key)

    def chain(self, alternate=0):
        """What follows the leaf: by default up to the root, alternatively to the first old root, the
        second and so on."""
        while len(self.old_roots) < alternate:
            self._make_old_root(len(self.old_roots) + 1)
        return [self.certificate, *self._crosses[alternate - 1:alternate]] if alternate \
            else [self.certificate]

    def _make_old_root(self, number):
        key = ec.generate_private_key(ec.SECP256R1())
        name = f"Simulated Old Root {self._generation}" + (f".{number}" if number > 1 else "")
        self.old_roots.append(_authority(name, key))
        self._crosses.append(_authority(f"Simulated Root {self._generation}", self.root_key,
                                        self.old_roots[-1].subject, key))

    def issue(self, names, common_name, public_key, not_before, not_after, client_auth=False,
              responder=None, must_staple=False):
        usages = [ExtendedKeyUsageOID.SERVER_AUTH]
        if client_auth:
            usages.append(ExtendedKeyUsageOID.CLIENT_AUTH)
        subject = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
        # The high bit of the first octet is set, so that DER puts a zero octet before it.
        serial = int.from_bytes(bytes([0x80 | secrets.randbits(7)]) + secrets.token_bytes(15), "big")
        made = (x509.CertificateBuilder()
                .subject_name(x509.Name(subject))
                .issuer_name(self.certificate.subject)
                .public_key(public_key)
                .serial_number(serial)
                .not_valid_before(not_before).not_valid_after(not_after)
                .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]),
                               critical=not subject)
                .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
                .add_extension(x509.ExtendedKeyUsage(usages), False)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self.key.public_key()), False))
        if responder is not None:
            made = made.add_extension(x509.AuthorityInformationAccess([x509.AccessDescription(
                AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(responder))]),
                False)
        if must_staple:
            made = made.add_extension(x509.TLSFeature([x509.TLSFeatureType.status_request]), False)
        return made.sign(self.key, hashes.SHA256())


def self_signed(names):
    """(certificate, key) in PEM for the CA's own https."""
    key = ec.generate_private_key(ec.SECP256R1())
    alternatives = []
    for name in names:
        try:
            alternatives.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            alternatives.append(x509.DNSName(name))
    certificate = (x509.CertificateBuilder()
                   .subject_name(_name(names[0])).issuer_name(_name(names[0]))
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(LONG_AGO).not_valid_after(LATE)
                   .add_extension(x509.SubjectAlternativeName(alternatives), False)
                   .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
                   .add_extension(key_usage("digital_signature"), True)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                       key.public_key()), False)
                   .sign(key, hashes.SHA256()))
    return pem(certificate), key_pem(key)
