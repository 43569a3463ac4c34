# SPDX-License-Identifier: Apache-2.0
"""The CA: its state, and the way of a request through it."""

import hashlib
import tempfile
import threading
from pathlib import Path

from . import accounts, authorizations, binding, certificates, directory, issuer, orders
from .accidents import Accidents
from .answers import FRESH, Problem, html_answer
from .clock import Clock, http_date
from .counts import Counts, Entry
from .links import rewrite
from .message import Message, check_headers
from .nonces import Nonces
from .pacing import Pacing
from .responder import Responder
from .rules import Rules
from .server import Server
from .switches import Switches
from .urls import Urls

OPEN_TO_ALL = {
    "directory": directory.directory,
    "new-nonce": directory.new_nonce,
    "renewal-info": certificates.renewal_info,
}

SIGNED = {
    "new-account": accounts.new_account,
    "account": accounts.account,
    "orders": accounts.orders,
    "key-change": accounts.key_change,
    "new-order": orders.new_order,
    "order": orders.order,
    "finalize": orders.finalize,
    "authorization": authorizations.authorization,
    "challenge": authorizations.challenge,
    "certificate": certificates.certificate,
    "revoke": certificates.revoke,
}

ENTRIES = ("directory", "new-nonce", "new-account", "new-order", "revoke", "key-change",
           "renewal-info")

NONCE_FORMS = {"good": lambda nonce: nonce, "padded": lambda nonce: nonce + "==",
               "foreign": lambda nonce: nonce + "+/", "none": lambda nonce: None}


class SimulatedCa:
    """switches may be changed at any time, but for those about URLs."""

    def __init__(self, switches=None, kids=("kid-1",), http_port=None, port=0, home=None,
                 tls_port=None, resolver=None, host=None):
        self.switches = switches or Switches()
        self.lock = threading.RLock()
        self.clock = Clock()
        self.rules = Rules()
        self.counts = Counts()
        self.accidents = Accidents()
        self.nonces = Nonces()
        self.pacing = Pacing(self.clock)
        self.urls = Urls(self.switches)
        self.credentials = {kid: binding.Credential(kid, binding.new_key()) for kid in kids}
        self.http_port, self.tls_port = http_port, tls_port
        self.host = host  # as a proxy knows it, at port 443; None: localhost
        self.resolver = resolver  # (address, port) of a name server
        self.validated = set()  # (account URL, name), beyond what the switches say
        self.accounts, self.orders, self.certificates = [], [], []
        self.blocked = set()  # public keys that are known to others
        self.former_keys = set()  # of accounts, by thumbprint
        self.retries = {}  # after badNonce: (signer, URL, payload): (nonce, how many, when)
        self._bodies = set()
        self._entries = {}
        self._issuers = {}
        self.responder = None  # there is one when switches.ocsp says so at the start
        self._scratch = None
        self._home = home
        self._port = port
        self._server = None

    # -- life -------------------------------------------------------------------------------

    def start(self):
        if self._home is None:
            self._scratch = tempfile.TemporaryDirectory(prefix="simca-")
            self._home = self._scratch.name
        home = Path(self._home)
        certificate, key = issuer.self_signed(["localhost", "127.0.0.1", *([self.host] if self.host else [])])
        self.tls_certificate = home / "tls.pem"
        self.tls_certificate.write_bytes(certificate)
        (home / "tls.key").write_bytes(key)
        (home / "root.pem").write_bytes(self.root())
        self.root_file = home / "root.pem"
        self._server = Server(self, self.tls_certificate, home / "tls.key", self._port).start()
        if self.switches.ocsp is not None:
            self.responder = Responder(self).start()
        ports = self._server.ports
        main = f"https://{self.host}" if self.host else f"https://localhost:{ports[0]}"
        self.urls.bases = (main, f"https://127.0.0.1:{ports[1]}")
        self.port = ports[0]
        self._entries = {kind: self.urls.publish(kind) for kind in ENTRIES}
        return self

    def stop(self):
        self._server.stop()
        if self.responder is not None:
            self.responder.stop()
        if self._scratch is not None:
            self._scratch.cleanup()

    @property
    def url(self):
        """Of the directory."""
        return self._entries["directory"]

    def entry(self, kind):
        return self._entries[kind]

    def trap(self):
        """A URL that a redirect may lead to and no POST may follow."""
        url = self.urls.bases[0] + "/elsewhere"
        self.urls.traps.add(url)
        return url

    # -- what is known ----------------------------------------------------------------------

    @property
    def issuer(self):
        number = self.switches.issuer_generation
        if number not in self._issuers:
            self._issuers[number] = issuer.Issuer(number)
        return self._issuers[number]

    def root(self):
        """The root of what is issued now, in PEM."""
        return issuer.pem(self.issuer.root)

    def account_of(self, thumbprint):
        return next((a for a in self.accounts if a.thumbprint == thumbprint), None)

    def may_act(self, account):
        return account.status == "valid" and not self.switches.accounts_suspended

    def is_validated(self, account, name):
        if name.startswith((*self.switches.unprovable, *self.switches.dns_only, "\0")):
            return False
        return self.switches.prevalidated or (account.url, name) in self.validated

    def issue(self, order):
        return certificates.issue(self, order)

    def in_background(self, work):
        threading.Thread(target=work, daemon=True).start()

    def forget_nonces(self):
        with self.lock:
            self.nonces.forget_all()

    def forget_accounts(self):
        """As a CA that was set up anew: the URLs are valid ones, the accounts unknown."""
        with self.lock:
            self.accounts.clear()

    def forget_orders(self):
        """Orders are gone and their URLs are nothing any more."""
        with self.lock:
            self.orders.clear()
            for account in self.accounts:
                account.orders.clear()
            for kind in ("order", "finalize", "authorization", "challenge"):
                self.urls.forget(kind)

    # -- the verdict ------------------------------------------------------------------------

    def issued(self):
        with self.lock:
            for order in self.orders:
                order.settle(self)
            return len(self.certificates)

    def collected(self):
        return sum(1 for certificate in self.certificates if certificate.collected)

    def complaints(self, uncollected=0, repeated_orders=0, eab_twice=False):
        """What must not have happened, in sentences. Arguments: how much of it a test expects."""
        found = [str(violation) for violation in self.rules.violations]
        missing = self.issued() - self.collected()
        if missing != uncollected:
            found.append(f"{missing} certificates were issued and not collected")
        if len(self.counts.repeated_orders) != repeated_orders:
            found += self.counts.repeated_orders or ["no order was repeated"]
        if not eab_twice:
            found += [f"the EAB credentials {kid} were used with several account keys"
                      for kid in self.counts.eab_used_twice()]
        return found

    # -- a request --------------------------------------------------------------------------

    def handle(self, request):
        """@return the answer, to be sent after its delay (and its later() asked then)"""
        with self.lock:
            resource = self.urls.find(request.url)
            kind = resource.kind if resource is not None else "unknown"
            entry = Entry(self.clock.now(), kind, request.method, request.url)
            self.counts.arrived(entry)
            answer = self._answer(request, resource, entry)
            entry.status = None if answer.cut else answer.status
            return answer

    def finish(self, answer):
        """Called with an answer when its delay is over. @return what is sent"""
        with self.lock:
            if answer.later is not None:
                made = answer.later()
                made.cut, made.drip = answer.cut, answer.drip
                made.body += answer.body
                answer = made
            return self._dress(answer)

    def delivered(self, answer):
        """The client has it all."""
        if answer.collects is not None:
            answer.collects.collected += 1

    def _answer(self, request, resource, entry):
        due = self.accidents.arriving(entry.kind)
        message = Message(self.rules, request, resource, entry)
        try:
            check_headers(self, request)
            answer = self._act(request, resource, entry, message, due)
        except Problem as problem:
            answer = problem.answer(self.switches.error_form)
            self._note_refusal(problem, message, entry, answer)
        for accident in due:
            if accident.after:
                answer = accident.happens(answer)
        return answer

    def _act(self, request, resource, entry, message, due):
        if resource is None:
            return self._unknown(request)
        signed = resource.kind in SIGNED
        self._check_method(request, signed)
        if signed:
            self._check_once(request)
            message.open(self)
        self.pacing.judge(entry, self.rules)
        for accident in due:
            if not accident.after:
                answer = accident.happens(None)
                if answer is not None:
                    self._note_busy(answer, entry)
                    return answer
        if signed:
            return SIGNED[resource.kind](self, message)
        return OPEN_TO_ALL[resource.kind](self, request, resource)

    def _unknown(self, request):
        self.rules.demand(request.url not in self.urls.traps, "T-11", "it was", request)
        if request.method == "GET" and self.switches.suffix_forbidden:
            return html_answer(403, "Forbidden")
        if request.method == "POST" and request.url not in self.urls.gone:
            self.rules.record("T-09", "nothing was ever handed out like this", request)
        raise Problem("malformed", "There is nothing here", 404)

    def _check_method(self, request, signed):
        if signed and request.method != "POST":
            self.rules.record("T-08", f"it was {request.method}", request)
            raise Problem("malformed", "Use POST", 405)
        if not signed and request.method not in ("GET", "HEAD"):
            raise Problem("malformed", "Use GET", 405)
        if not signed:
            clean = not request.body and "Cookie" not in request.headers
            self.rules.demand(clean, "ARI-04", "there is a body or a cookie", request)

    def _check_once(self, request):
        digest = hashlib.sha256(request.body).digest()
        self.rules.demand(digest not in self._bodies, "J-16", "it was", request)
        self._bodies.add(digest)

    def _note_refusal(self, problem, message, entry, answer):
        entry.note = str(problem)
        if problem.type.endswith(":badNonce") and message.signer is not None:
            answer.nonce = self.nonces.issue() if answer.nonce == FRESH else answer.nonce
            message.remember_retry(self, answer.nonce)
        self._note_busy(answer, entry)

    def _note_busy(self, answer, entry):
        if answer.retry_after is not None and answer.status in (429, 503) and not answer.cut:
            self.pacing.refused(entry, answer.retry_after)

    # -- what every answer carries ------------------------------------------------------------

    def _dress(self, answer):
        headers = [("Date", http_date(self.clock.now()))]
        if answer.content_type is not None:
            headers.append(("Content-Type", self._content_type(answer)))
        if answer.nonce == FRESH:
            nonce = NONCE_FORMS[self.switches.nonce_form](self.nonces.issue())
            if nonce is not None:
                headers.append(("Replay-Nonce", nonce))
        elif answer.nonce is not None:
            headers.append(("Replay-Nonce", answer.nonce))
        if answer.retry_after is not None:
            headers.append(("Retry-After", self._retry_after(answer.retry_after)))
        links = [value for name, value in answer.headers if name == "Link"]
        headers += [pair for pair in answer.headers if pair[0] != "Link"]
        headers += [("Link", value) for value in
                    rewrite(links, self.url, self.switches.link_form)]
        if self.switches.lower_case_headers:
            headers = [(name.lower(), value) for name, value in headers]
        answer.headers = headers
        return answer

    def _content_type(self, answer):
        if answer.content_type == "application/json":
            return self.switches.json_content_type
        return answer.content_type

    def _retry_after(self, seconds):
        form = self.switches.retry_after_form
        if form.startswith("date"):
            return http_date(self.clock.now() + seconds, form)
        return {"garbage": "soon", "negative": "-5"}.get(form, str(int(seconds)))
