# SPDX-License-Identifier: Apache-2.0
"""What can be fetched without an account: the directory and nonces."""

import json

from .answers import Answer

MEMBERS = {"newNonce": "new-nonce", "newAccount": "new-account", "newOrder": "new-order",
           "revokeCert": "revoke", "keyChange": "key-change"}


def directory(ca, _request, _resource):
    if ca.switches.directory_redirect == "loop":
        return Answer(302, nonce=None).with_header("Location", ca.url)
    made = {member: ca.entry(kind) for member, kind in MEMBERS.items()
            if _is_offered(ca.switches, kind)}
    if ca.switches.renewal_info:
        made["renewalInfo"] = ca.entry("renewal-info")
    if ca.switches.meta:
        made["meta"] = _meta(ca)
    if ca.switches.junk_members:
        made["GwTbkLbrO5k"] = "https://ca.example/why-is-this-here"
    text = json.dumps(made, indent=2 if ca.switches.pretty_json else None)
    return Answer(200, text.encode(), ca.switches.json_content_type, nonce=None)


def _is_offered(switches, kind):
    return {"revoke": switches.revoke_offered,
            "key-change": switches.key_change_offered}.get(kind, True)


def _meta(ca):
    meta = {"externalAccountRequired": ca.switches.eab_required}
    for member, value in (("termsOfService", ca.switches.terms),
                          ("website", ca.switches.website),
                          ("caaIdentities", list(ca.switches.caa_identities)),
                          ("profiles", ca.switches.profiles)):
        if value:
            meta[member] = value
    return meta


def new_nonce(ca, request, _resource):
    status = ca.switches.nonce_status if request.method == "HEAD" else 204
    return Answer(status, content_type=ca.switches.nonce_content_type, nonce=ca.nonces.issue(),
                  headers=[("Cache-Control", "max-age=-1, no-store")])
