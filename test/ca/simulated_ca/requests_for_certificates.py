# SPDX-License-Identifier: Apache-2.0
"""What is inside a CSR, and what CAs refuse in it."""

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtensionOID, NameOID

from .answers import Problem

FINE_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
MUST_STAPLE = ExtensionOID.TLS_FEATURE


def public_octets(key):
    return key.public_bytes(serialization.Encoding.DER,
                            serialization.PublicFormat.SubjectPublicKeyInfo)


def common_name(csr):
    found = csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return found[0].value if found else None


def read(ca, message, order):
    """The CSR of a finalize, checked against its order."""
    reader, payload = message.reader, message.object()
    reader.demand(set(payload) == {"csr"}, "F-01", f"the payload has {sorted(payload)}")
    octets = reader.octets(payload["csr"], "csr")
    try:
        csr = x509.load_der_x509_csr(octets)
    except ValueError as error:
        reader.demand(False, "F-01", str(error))
    _check_names(reader, csr, order)
    reader.demand(csr.is_signature_valid and isinstance(csr.signature_hash_algorithm, FINE_HASHES),
                  "CSR-05", f"{csr.signature_hash_algorithm}, valid: {csr.is_signature_valid}")
    _check_key(ca, reader, csr)
    _check_product(ca, csr)
    return csr


def _check_names(reader, csr, order):
    try:
        extension = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = extension.get_values_for_type(x509.DNSName)
        reader.demand(len(names) == len(extension), "CSR-04", "there are other names than of hosts")
    except x509.ExtensionNotFound:
        names = []
    reader.demand(sorted(names) == sorted(order.names), "F-02",
                  f"it has {sorted(names)}, the order {sorted(order.names)}")
    name = common_name(csr)
    reader.demand(name is None or (len(name) <= 64 and name in names), "CSR-02", f"CN is {name}")
    others = [e.oid for e in csr.extensions if e.oid == MUST_STAPLE]
    reader.demand(not others, "CSR-04", "it asks for must-staple")


def _check_key(ca, reader, csr):
    octets = public_octets(csr.public_key())
    of_accounts = {public_octets(account.key) for account in ca.accounts}
    reader.demand(octets not in of_accounts, "F-03", "it is an account's")
    if octets in ca.blocked:
        reader.rules.record("R-06", "it was revoked as compromised", reader.request)
        raise Problem("badPublicKey", "The key is known to be compromised")
    of_certificates = {public_octets(c.leaf.public_key()) for c in ca.certificates}
    reader.demand(octets not in of_certificates, "CSR-09", "it has a certificate already")


def _check_product(ca, csr):
    if ca.switches.rsa_only and not isinstance(csr.public_key(), rsa.RSAPublicKey):
        raise Problem("badCSR", "Only RSA keys are supported")
    if ca.switches.subject_required and common_name(csr) is None:
        raise Problem("badCSR", "EMS-1056: Domain Name present in CSR does not match")
