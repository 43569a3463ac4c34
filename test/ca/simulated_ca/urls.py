# SPDX-License-Identifier: Apache-2.0
"""URLs as different CAs make them, and what is behind each. A URL is known or it is not: nothing
is parsed, so a client that changes one octet is found out."""

import base64
import uuid
from collections import namedtuple

Resource = namedtuple("Resource", "kind thing")

PLAIN = {
    "directory": "/dir",
    "new-nonce": "/acme/new-nonce",
    "new-account": "/acme/new-account",
    "new-order": "/acme/new-order",
    "revoke": "/acme/revoke-cert",
    "key-change": "/acme/key-change",
    "renewal-info": "/acme/renewal-info",
    "account": "/acme/account/{id}",
    "orders": "/acme/account/{id}/orders",
    "order": "/acme/order/{id}",
    "finalize": "/acme/order/{id}/finalize",
    "authorization": "/acme/authz/{id}",
    "challenge": "/acme/chall/{id}",
    "certificate": "/acme/cert/{id}",
}


def _below(base, directory, **other):
    made = {kind: base + path.replace("/acme", "", 1) for kind, path in PLAIN.items()}
    return {**made, "directory": directory, **other}


LAYOUTS = {
    "plain": PLAIN,
    "sectigo-public": _below("/v2/OV", "/v2/OV", **{
        "new-nonce": "/v2/OV/newNonce", "new-account": "/v2/OV/newAccount",
        "new-order": "/v2/OV/newOrder", "revoke": "/v2/OV/revokeCert",
        "key-change": "/v2/OV/keyChange", "renewal-info": "/renewalInfo"}),
    "sectigo-universal": _below("", "", **{"authorization": "/authorization/{id}/0/always-valid"}),
    "certinext": _below("/v1/acme", "/v1/directory", **{
        "new-nonce": "/v1/acme/newNonce", "new-account": "/v1/acme/newAccount",
        "new-order": "/v1/acme/newOrder", "revoke": "/v1/acme/revokeCert",
        "account": "/v1/acme/acct/{id}", "orders": "/v1/acme/acct/{id}/orders"}),
    "zerossl": _below("/v2/DV90", "/v2/DV90", **{
        "new-nonce": "/v2/DV90/newNonce", "new-account": "/v2/DV90/newAccount",
        "new-order": "/v2/DV90/newOrder", "renewal-info": "/renewalInfo"}),
    "harica": _below("/acme/6c1f1e5e-2d5c-4f53-9b0c-3a4c8f1d7e21",
                     "/acme/6c1f1e5e-2d5c-4f53-9b0c-3a4c8f1d7e21/directory"),
    "letsencrypt": {**PLAIN, "directory": "/directory", "account": "/acme/acct/{id}"},
}


class Urls:
    def __init__(self, switches):
        self._switches = switches
        self._known = {}
        self._count = 0
        self.traps = set()  # targets of redirects, which a client must not follow with a POST
        self.gone = set()  # were answered once
        self.bases = ()  # main and second, when the ports are known

    def next_id(self):
        self._count += 1
        number = self._count
        form = self._switches.id_form
        if form == "padded":  # 16 octets in standard base64 end in ==
            return base64.urlsafe_b64encode(number.to_bytes(16, "big")).decode()
        if form == "uuid":
            return str(uuid.uuid5(uuid.NAMESPACE_OID, str(number)))
        return str(100000 + number)

    def path(self, kind):
        return LAYOUTS[self._switches.layout][kind]

    def publish(self, kind, thing=None, ident=None):
        """A URL that is answered from now on."""
        path = self.path(kind).format(id=ident)
        if self._switches.odd_urls and kind != "directory":
            path = path.replace("/", "/a%2Fb/%7e/", 1) + "?x=Y&z=%7e&a[]=1"
        base = self.bases[1 if kind in self._switches.elsewhere else 0]
        url = base + path
        self._known[url] = Resource(kind, thing)
        return url

    def find(self, url):
        """What is there, None when the URL was never handed out."""
        found = self._known.get(url)
        if found is None and url.endswith("/"):
            # An http client writes the empty path of a directory at the root as a slash.
            found = self._known.get(url[:-1]) if url[:-1] in self.bases else None
        if found is None:
            head, _, tail = url.rpartition("/")
            inner = self._known.get(head)
            if inner is not None and inner.kind == "renewal-info":
                found = Resource("renewal-info", tail)
        return found

    def forget(self, kind):
        """Nothing of this kind is known any more, as after a restart of a CA in memory."""
        gone = {url for url, found in self._known.items() if found.kind == kind}
        self.gone |= gone
        self._known = {url: self._known[url] for url in self._known if url not in gone}
