# SPDX-License-Identifier: Apache-2.0
"""How a CA may behave: a field for each thing that differs, a name for each behaviour on record,
and the CAs as bundles of those."""

import dataclasses
from dataclasses import dataclass
from typing import Optional


@dataclass
class Switches:
    # -- URLs and directory
    layout: str = "plain"  # the shapes of URLs, see urls.py
    id_form: str = "number"  # number, padded (== at the end), uuid
    odd_urls: bool = False  # percent-encodings, a query, brackets
    elsewhere: tuple = ()  # kinds of URLs that are on the second host and port
    eab_required: bool = True
    meta: bool = True
    terms: Optional[str] = "https://ca.example/terms-v1.pdf"
    website: Optional[str] = None
    caa_identities: tuple = ()
    renewal_info: bool = False
    profiles: Optional[dict] = None
    profile_refused_at: Optional[str] = None  # new-order or finalize: invalidProfile
    profile_made: Optional[str] = None  # the profile that orders show, whatever was asked for
    junk_members: bool = False
    pretty_json: bool = False
    directory_redirect: Optional[str] = None  # loop
    suffix_forbidden: bool = False  # 403 in HTML for a path below the directory
    # -- HTTP
    nonce_content_type: Optional[str] = None
    nonce_status: int = 200
    nonce_form: str = "good"  # good, padded (has =), foreign (has +), none; in answers to POSTs
    json_content_type: str = "application/json"
    error_form: str = "problem"  # see answers.py
    retry_after_form: str = "seconds"  # seconds, date, date-rfc850, date-asctime, garbage, negative
    link_form: str = "plain"  # plain, joined, bare, several, relative
    lower_case_headers: bool = False
    # -- accounts
    contact_required: bool = False
    eab_refusal_status: int = 401
    eab_reuse: str = "allowed"  # allowed, refused (malformed), one-time (unauthorized)
    same_key: str = "found"  # found (200 and Location), refused
    lookup_needs_eab: bool = False
    account_check: Optional[int] = None  # POSTs to an account are refused with this status
    foreign_status: int = 403  # somebody else's order or authorization
    accounts_suspended: bool = False
    echo_eab: bool = True
    orders_list: Optional[int] = None  # entries on a page; None: no list
    # -- orders
    order_latency: float = 0.0  # real seconds
    order_without_authorizations: bool = False
    foreign_names: tuple = ()  # suffixes that are not delegated to the account
    foreign_form: str = "rejected"  # not-linked, lacks-authorization, rejected
    foreign_reasons: tuple = ("rejectedIdentifier",)  # one for each such name, in turn (rejected)
    foreign_until: Optional[int] = None  # after so many refusals they are delegated
    single_name_product: bool = False
    single_name_refused_at: str = "new-order"  # or finalize
    order_lifetime: float = 7 * 86400
    expires_form: str = "Z"
    order_reuse: bool = False  # an unfinished order for the same names is handed out again
    order_drops: tuple = ()  # names that begin so are left out of new orders without a word
    order_mutation: Optional[str] = None  # shuffle, drop-name, add-name, other-authorizations
    replaces_refusal: Optional[str] = None  # unauthorized, malformed, not-found,
    # internal, replaced
    # -- authorizations
    prevalidated: bool = False  # all names are
    prevalidated_form: str = "email"  # email, dns-email, no-challenges, ordinary
    authorization_retry_after: Optional[float] = None
    challenge_types: tuple = ("http-01", "dns-01", "tls-alpn-01")
    unknown_challenges: tuple = ()
    issuer_domain_names: Optional[tuple] = ("simulated-ca.example", "other-name.example")
    persist_account: Optional[str] = "own"  # accounturi of dns-persist-01: own, foreign, None
    persist_parents: bool = True  # a record of a name above counts, with policy=wildcard
    token_form: str = "good"  # good, path, short, long, missing
    challenge_status_missing: bool = False
    challenge_retry_after: Optional[float] = None
    challenge_seconds: float = 0.0  # of processing, on the CA's clock
    challenge_fate: str = "validated"  # validated (really fetched), valid, empty-error, invalid
    challenge_error_while_processing: bool = False
    fetch_after: float = 0.0  # real seconds from the challenge to the fetch of its answer
    unprovable: tuple = ()  # names that begin so are never valid: their challenges fail
    dns_only: tuple = ()  # names that begin so are not valid, and offer dns-01 alone
    authorization_fate: Optional[str] = None  # expired, revoked, deactivated, once asked for
    perspectives: int = 1  # how often an answer is fetched
    # -- finalize and certificates
    finalize_blocks: float = 0.0  # real seconds, the certificate is made at the end of them
    processing_seconds: float = 0.0  # on the CA's clock
    processing_polls: int = 0
    processing_retry_after: Optional[float] = None
    finalize_location: bool = False  # the order's URL in a Location header
    processing_fate: str = "valid"  # valid, invalid, invalid-once
    rsa_only: bool = False
    subject_required: bool = False
    contact_required_at_finalize: bool = False
    drop_names: tuple = ()  # are left out of certificates
    certificate_content_type: str = "application/pem-certificate-chain"
    pem_form: str = "plain"  # plain, crlf, no-newline, blank-lines, text
    chain_form: str = "plain"  # plain, private-key, foreign-leaf, wrong-order, leaf-only, empty
    alternate_chains: int = 0  # beside the default one, each up to another old root
    lifetime_days: float = 90
    backdate_hours: float = 1
    client_auth: bool = False
    issuer_generation: int = 1  # another number is another intermediate (and root, with new_root)
    # -- revocation and rollover
    revoke_offered: bool = True  # in the directory
    revoke_reasons: tuple = (0, 1, 3, 4, 5)  # that are taken; none given is 0
    revoke_by: str = "either"  # either, account, certificate: whose key may
    revoke_again: str = "alreadyRevoked"  # or conflict (409)
    key_change_offered: bool = True  # in the directory
    # -- what is said of them (OCSP), see responder.py
    ocsp: Optional[str] = None  # None: no responder; good, delegated, revoked, unknown, try-later,
    # stale, other-serial, wrong-signature, garbage, slow, huge, redirect, missing, replay
    ocsp_seconds: float = 7 * 86400  # of validity
    ocsp_named: Optional[str] = None  # the URL that certificates name; None: where it is
    must_staple: bool = False
    # -- renewal information
    ari_window: Optional[tuple] = None  # (start, end) in seconds from now; None: by lifetime
    ari_retry_after: Optional[float] = 21600
    ari_explanation: Optional[str] = None

    def but(self, **changes):
        return dataclasses.replace(self, **changes)

    def hurried(self):
        """The same CA with waits that a test can afford."""
        def least(value, most):
            return value if value is None else min(value, most)
        return self.but(
            order_latency=least(self.order_latency, 0.3),
            finalize_blocks=least(self.finalize_blocks, 1.5),
            processing_seconds=least(self.processing_seconds, 1),
            processing_retry_after=least(self.processing_retry_after, 1),
            authorization_retry_after=self.authorization_retry_after,
            challenge_seconds=least(self.challenge_seconds, 1),
            challenge_retry_after=least(self.challenge_retry_after, 1))


SECTIGO_TERMS = "https://www.sectigo.com/uploads/files/Certificate-Subscriber-Agreement-2.7-click.pdf"
SECTIGO_CAA = ("sectigo.com", "trust-provider.com", "usertrust.com", "comodoca.com", "comodo.com",
               "entrust.net", "affirmtrust.com")

# name: (number in the list of behaviours on record, what it switches)
BEHAVIOURS = {
    "directory-minimal": (1, {"terms": None, "website": None, "caa_identities": ()}),
    "directory-full": (1, {"terms": SECTIGO_TERMS, "caa_identities": SECTIGO_CAA,
                           "renewal_info": True, "elsewhere": ("renewal-info",)}),
    "directory-at-root": (1, {"layout": "sectigo-universal"}),
    "directory-bare-path": (1, {"layout": "sectigo-public", "suffix_forbidden": True}),
    "directory-redirect-loop": (1, {"directory_redirect": "loop"}),
    "nonce-octet-stream": (2, {"nonce_content_type": "application/octet-stream"}),
    "nonce-json": (2, {"nonce_content_type": "application/json"}),
    "bad-nonces": (3, {"nonce_form": "padded"}),  # refusals in a row are accidents: bad_nonces
    "eab-required": (4, {"eab_required": True}),
    "contact-required": (5, {"contact_required": True}),
    "eab-refused-401": (6, {"eab_refusal_status": 401}),
    "eab-refused-403": (6, {"eab_refusal_status": 403}),
    "eab-not-awaiting": (7, {"eab_reuse": "refused"}),
    "eab-reusable": (7, {"eab_reuse": "allowed"}),
    "same-key-refused": (8, {"same_key": "refused"}),
    "same-key-found": (8, {"same_key": "found"}),
    "lookup-plain": (9, {"lookup_needs_eab": False}),
    "lookup-needs-eab": (9, {"lookup_needs_eab": True}),
    "order-slow": (10, {"order_latency": 15.0}),
    "order-ready-at-once": (10, {"order_without_authorizations": True, "prevalidated": True}),
    "names-not-linked": (11, {"foreign_form": "not-linked", "foreign_names": ("foreign.example",)}),
    "names-lack-authorization": (11, {"foreign_form": "lacks-authorization",
                                      "foreign_names": ("foreign.example",)}),
    "names-rejected": (11, {"foreign_form": "rejected", "foreign_names": ("foreign.example",)}),
    "names-delegated-late": (11, {"foreign_form": "lacks-authorization", "foreign_until": 1,
                                  "foreign_names": ("foreign.example",)}),
    "prevalidated-by-email": (12, {"prevalidated": True, "prevalidated_form": "email",
                                   "authorization_retry_after": 300}),
    "prevalidated-no-challenges": (13, {"prevalidated": True, "prevalidated_form": "no-challenges",
                                        "id_form": "padded"}),
    "validation-by-dns-only": (14, {"prevalidated": False, "challenge_types": ("dns-01",)}),
    "validation-needed": (14, {"prevalidated": False, "challenge_types": ("http-01", "dns-01")}),
    "challenge-slow": (15, {"challenge_seconds": 600, "challenge_retry_after": 86400}),
    "challenge-empty-error": (15, {"challenge_fate": "empty-error"}),
    "finalize-blocks": (16, {"finalize_blocks": 60.0}),
    "finalize-processing": (17, {"processing_polls": 2, "processing_retry_after": 15,
                                 "finalize_location": True}),
    "finalize-lost": (18, {"finalize_blocks": 3.0}),  # together with the accident cut_after
    "finalize-for-hours": (19, {"processing_seconds": 6 * 3600, "processing_retry_after": 15}),
    "finalize-for-hours-in-vain": (19, {"processing_seconds": 6 * 3600,
                                        "processing_retry_after": 15,
                                        "processing_fate": "invalid-once"}),
    "csr-rsa-only": (20, {"rsa_only": True}),
    "csr-needs-subject": (20, {"subject_required": True}),
    "csr-needs-contact": (20, {"contact_required_at_finalize": True}),
    "single-name-product": (21, {"single_name_product": True}),
    "single-name-at-finalize": (21, {"single_name_product": True,
                                     "single_name_refused_at": "finalize"}),
    "download-octet-stream": (22, {"certificate_content_type": "application/octet-stream"}),
    "download-text": (22, {"certificate_content_type": "text/plain"}),
    "download-crlf": (22, {"pem_form": "crlf"}),
    "download-no-newline": (22, {"pem_form": "no-newline"}),
    "download-alternate": (22, {"alternate_chains": 1}),
    "subset-of-names": (23, {"drop_names": ("second.",)}),
    "html-errors": (24, {"error_form": "html"}),
    "foreign-401": (25, {"foreign_status": 401}),
    "account-check-400": (25, {"account_check": 400}),
    "replaces-unauthorized": (26, {"replaces_refusal": "unauthorized"}),
    "replaces-malformed": (26, {"replaces_refusal": "malformed"}),
    "replaces-not-found": (26, {"replaces_refusal": "not-found"}),
    "account-suspended": (27, {"accounts_suspended": True}),
    "revoke-no-reason-zero": (28, {"revoke_reasons": (1, 3, 4, 5)}),
    "revoke-by-account-only": (28, {"revoke_by": "account"}),
    "revoke-by-certificate-only": (28, {"revoke_by": "certificate"}),
    "revoke-again-conflict": (28, {"revoke_again": "conflict"}),
    "revoke-not-offered": (28, {"revoke_offered": False}),
    "key-change-not-offered": (28, {"key_change_offered": False}),
    "errors-bare-string": (29, {"error_form": "bare-string"}),
    "errors-message": (29, {"error_form": "message"}),
    "errors-unknown-urn": (29, {"error_form": "unknown-urn"}),
    "errors-empty": (29, {"error_form": "empty"}),
    "lifetime-199": (30, {"lifetime_days": 199}),
    "lifetime-100": (30, {"lifetime_days": 100}),
    "lifetime-47": (30, {"lifetime_days": 47}),
    "lifetime-6": (30, {"lifetime_days": 6, "backdate_hours": 1}),
    "new-intermediate": (30, {"issuer_generation": 2}),
    "ari-elsewhere": (31, {"renewal_info": True, "elsewhere": ("renewal-info",)}),
    "ari-now": (31, {"renewal_info": True, "ari_window": (-7200, -3600)}),
    "eab-one-time": (32, {"eab_reuse": "one-time", "same_key": "found"}),
    "knows-only-its-own": (33, {"foreign_status": 401, "layout": "certinext"}),
}

MODES = {
    "plain": (),
    "sectigo-public": (
        "directory-bare-path", "directory-full", "nonce-octet-stream", "eab-reusable",
        "contact-required", "prevalidated-by-email", "foreign-401", "replaces-unauthorized",
        "download-octet-stream", "download-alternate", "lifetime-199"),
    "sectigo-universal": (
        "directory-at-root", "directory-minimal", "nonce-octet-stream", "eab-reusable",
        "order-slow", "prevalidated-no-challenges", "finalize-blocks", "foreign-401",
        "download-octet-stream", "lifetime-199"),
    "certinext": (
        "knows-only-its-own", "nonce-json", "eab-reusable", "prevalidated-no-challenges",
        "finalize-processing", "csr-rsa-only", "csr-needs-subject", "single-name-product",
        "revoke-no-reason-zero", "lifetime-199"),
    "zerossl": (
        "directory-full", "nonce-octet-stream", "eab-one-time", "contact-required",
        "validation-needed", "finalize-processing", "replaces-unauthorized",
        "key-change-not-offered"),
    "harica": (
        "errors-bare-string", "prevalidated-no-challenges", "replaces-not-found", "lifetime-199"),
    "letsencrypt": (),
}

OF_MODES = {
    "sectigo-public": {"echo_eab": False},
    "sectigo-universal": {"echo_eab": False, "finalize_location": True},
    "certinext": {"terms": "https://repository.emsign.com/cps/SA-v1.07.pdf", "elsewhere": ()},
    "zerossl": {"layout": "zerossl", "id_form": "padded", "lifetime_days": 90},
    "harica": {"layout": "harica", "id_form": "uuid"},
    "letsencrypt": {"layout": "letsencrypt", "eab_required": False, "renewal_info": True,
                    "junk_members": True, "perspectives": 3, "caa_identities": ("letsencrypt.org",),
                    "profiles": {"classic": "https://ca.example/docs/classic",
                                 "shortlived": "https://ca.example/docs/shortlived"}},
}


def mode(name, *behaviours, **changes):
    """The switches of a mode, with these behaviours on top, and these fields."""
    made = Switches()
    for behaviour in MODES[name]:
        made = made.but(**BEHAVIOURS[behaviour][1])
    made = made.but(**OF_MODES.get(name, {}))
    for behaviour in behaviours:
        made = made.but(**BEHAVIOURS[behaviour][1])
    return made.but(**changes)
