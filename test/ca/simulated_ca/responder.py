# SPDX-License-Identifier: Apache-2.0
"""What the CA says of its certificates (OCSP, RFC 6960 and 5019), over http on a port of its own."""

import base64
import datetime
import http.server
import sys
import threading
import time
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

TYPE = "application/ocsp-response"
HOUR = datetime.timedelta(hours=1)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 120

    def do_GET(self):
        self.server.responder.serve(self)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A client that is killed is no error of ours."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Responder:
    def __init__(self, ca):
        self.ca = ca
        self.asked = []  # serial numbers
        self.complaints = []  # what a client should not have done
        self._kept = {}  # of each serial: the first good response
        self._delegates = {}  # of each issuer
        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.responder = self
        self.url = f"http://127.0.0.1:{self._server.server_port}/ocsp"

    def start(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05},
                         daemon=True).start()
        return self

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    # -- a question -----------------------------------------------------------------------------

    def serve(self, handler):
        if not set(map(str.lower, handler.headers.keys())) <= {"host", "accept"}:
            self.complaints.append(f"it tells more than it asks: {handler.headers.keys()}")
        text = urllib.parse.unquote(handler.path.removeprefix("/ocsp/"))
        request = ocsp.load_der_ocsp_request(base64.b64decode(text, validate=True))
        if len(request.extensions) > 0:
            self.complaints.append("its answers cannot be shared")
        with self.ca.lock:
            manner = self.ca.switches.ocsp
            self.asked.append(request.serial_number)
            found = next(c for c in self.ca.certificates if c.serial == request.serial_number)
            body = self._answer(manner, found)
        if manner == "slow":
            time.sleep(1)
        self._send(handler, manner, body)

    def _send(self, handler, manner, body):
        handler.send_response_only({"redirect": 302, "missing": 404}.get(manner, 200))
        if manner == "redirect":
            handler.send_header("Location", self.url + "/elsewhere")
        handler.send_header("Content-Type", TYPE)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        try:
            handler.wfile.write(body)
        except OSError:  # it had enough
            handler.close_connection = True

    # -- an answer ------------------------------------------------------------------------------

    def _answer(self, manner, found):
        if manner == "garbage":
            return b"<html>It works!</html>"
        if manner == "huge":
            return self._response(manner, found) + bytes(2_000_000)
        if manner == "try-later":
            return _der(ocsp.OCSPResponseBuilder.build_unsuccessful(
                ocsp.OCSPResponseStatus.TRY_LATER))
        if manner == "replay":
            return self._kept[found.serial]
        body = self._response(manner, found)
        self._kept.setdefault(found.serial, body)
        return body

    def _response(self, manner, found):
        begin = now = self.ca.clock.datetime()
        end = now + datetime.timedelta(seconds=self.ca.switches.ocsp_seconds)
        status, revoked_at, reason = ocsp.OCSPCertStatus.GOOD, None, None
        leaf, issuer = found.leaf, found.issuer
        if manner == "revoked" or found.revoked:
            status, revoked_at = ocsp.OCSPCertStatus.REVOKED, now - HOUR
            reason = x509.ReasonFlags.key_compromise
        elif manner == "unknown":
            status = ocsp.OCSPCertStatus.UNKNOWN
        elif manner == "stale":
            begin, end = now - 2 * HOUR, now - HOUR
        elif manner == "other-serial":
            leaf = self._sister(issuer, now)
        responder, key = self._signer(manner, issuer, now)
        builder = (ocsp.OCSPResponseBuilder()
                   .add_response(leaf, issuer.certificate, hashes.SHA1(), status, begin, end,
                                 revoked_at, reason)
                   .responder_id(ocsp.OCSPResponderEncoding.HASH, responder))
        if responder is not issuer.certificate:
            builder = builder.certificates([responder])
        return _der(builder.sign(key, hashes.SHA256()))

    @staticmethod
    def _sister(issuer, now):
        key = ec.generate_private_key(ec.SECP256R1())
        return issuer.issue(["sister.example"], None, key.public_key(), now - HOUR, now + HOUR)

    def _signer(self, manner, issuer, now):
        if manner == "delegated":
            if issuer not in self._delegates:
                self._delegates[issuer] = _delegate(issuer.certificate.subject, issuer.key, now)
            return self._delegates[issuer]
        if manner == "wrong-signature":
            stranger = ec.generate_private_key(ec.SECP256R1())
            return _delegate(issuer.certificate.subject, stranger, now)
        return issuer.certificate, issuer.key


def _delegate(issuer_name, issuer_key, now):
    """(certificate, key) of one that may sign responses."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (x509.CertificateBuilder()
                   .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Responder")]))
                   .issuer_name(issuer_name).public_key(key.public_key())
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(now - HOUR).not_valid_after(now + 24 * HOUR)
                   .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False)
                   .add_extension(x509.OCSPNoCheck(), False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                       issuer_key.public_key()), False)
                   .sign(issuer_key, hashes.SHA256()))
    return certificate, key


def _der(response):
    return response.public_bytes(serialization.Encoding.DER)
