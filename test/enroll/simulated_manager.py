# SPDX-License-Identifier: Apache-2.0
"""The managers of several CAs, which do what is documented of them and refuse all else: an unknown
path, query parameter, member or header, a wrong content type, a wrong sign-in.

Sectigo Certificate Manager is at /api (login, password, customerUri) and, with a token of /token, at
/oauth/api; ZeroSSL at /zerossl, DigiCert at /digicert, CERTInext at /certinext."""

import http.server
import json
import re
import ssl
import threading
import time
from urllib.parse import parse_qsl, unquote, urlsplit

LOGIN, PASSWORD, CUSTOMER = "api-user", "päss wörd&=%", "example-university"
CLIENT_ID, CLIENT_SECRET, TOKEN = "client-7", "s3cret+/=&", "tok.en-123"
ACCESS_KEY = "0123456789abcdef0123456789abcdef"
API_KEY = "F7K3YQ2M"
ACCOUNT_NUMBER = "1234567890"
PAGE_MAX = 200
# 64 bytes, as the CA hands them out.
KEY = "q9Jg3n7S1fQmW2kzZb0hYtXcV5uR8oLpE4iA6dGxTjM-NsBwKyHvUeCrOlPaFq_kz0Y1X2W3V4U5T6S7R8Q9Pw"
KEY_ID = "uVbdl3hcrAlqFs0K1rYEw"
SERVERS = [
    {"url": "https://acme.example/v2/OV", "name": "OV ACME Server", "caId": 40485,
     "certValidationType": "OV", "singleProductId": 1, "multiProductId": 2, "wcProductId": 3},
    {"url": "https://acme.example/v2/DV", "name": "DV ACME Server", "caId": 40486,
     "certValidationType": "DV", "singleProductId": 4, "multiProductId": 5, "wcProductId": 6},
]
# What a client of HTTP sends by itself.
COMMON_HEADERS = {"host", "user-agent", "accept", "content-length", "content-type"}


class Refusal(Exception):
    def __init__(self, status, body, headers=()):
        super().__init__(status, body)
        self.status, self.body, self.headers = status, body, dict(headers)


def refuse(status, code, description):
    raise Refusal(status, {"code": code, "description": description})


class Asked:
    """One request, and what a manager may look at of it."""

    def __init__(self, method, target, headers, body):
        parts = urlsplit(target)
        self.method, self.path, self.body = method, parts.path, body
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        self.headers = {name.lower(): value for name, value in headers.items()}

    def only_headers(self, *more):
        unknown = set(self.headers) - COMMON_HEADERS - {name.lower() for name in more}
        if unknown:
            refuse(400, -1, f"Unknown headers: {sorted(unknown)}")
        if self.headers.get("accept") != "application/json":
            refuse(406, -1, "Not acceptable")
        if not self.headers.get("user-agent", "").startswith("mod_acme_eab-enroll/"):
            refuse(400, -1, "No user agent")

    def only_query(self, *names):
        if set(self.query) - set(names):
            refuse(400, -1, f"Unknown parameters: {sorted(self.query)}")

    def no_body(self):
        if self.body or "content-type" in self.headers:
            refuse(400, -1, "Unexpected body")

    def json(self, **members):
        """The body, an object with just these members of these types."""
        if self.headers.get("content-type") != "application/json":
            refuse(415, -1, "Unsupported media type")
        value = json.loads(self.body)
        if set(value) != set(members):
            refuse(400, -1, f"Members: {sorted(value)}")
        for name, kind in members.items():
            if type(value[name]) is not kind:
                refuse(400, -1, f"{name} is no {kind.__name__}")
        return value

    def form(self, *members):
        if self.headers.get("content-type") != "application/x-www-form-urlencoded":
            refuse(415, -1, "Unsupported media type")
        value = dict(parse_qsl(self.body.decode(), strict_parsing=True))
        if set(value) != set(members):
            refuse(400, -1, f"Members: {sorted(value)}")
        return value


class Manager:
    def __init__(self):
        self.asked = []            # (method, path) of all requests
        self.accounts = {}         # by id
        self.domains = {}          # of an account, by its id
        self.clients = {}
        self.not_validated = set() # domains that are not added
        self.batches = []          # how many domains each request had
        self.servers_by = "url"    # or "name": what POST acme/v2/account takes
        self.location = True       # of a new account
        self.filter_by_part = False
        self.total_count = True
        self.spoil = {}            # (method, path) -> what is answered instead, once
        self.hold = {}             # (method, path) -> an event that is waited for before the answer
        self.pairs = 0
        self.certinext = {}
        self.next_id = 100
        self.lock = threading.Lock()

    def add_account(self, name, organization=1823, server="https://acme.example/v2/OV", **more):
        number = self.next_id
        self.next_id += 1
        self.accounts[number] = {
            "id": number, "accountId": f"a-{number}", "macId": KEY_ID, "macKey": KEY,
            "acmeServer": server, "name": name, "organizationId": organization,
            "certValidationType": "OV", "status": "pending", "contacts": "", "validationId": 7, **more}
        self.domains[number] = []
        self.clients[number] = []
        return number

    def count(self, method, pattern):
        return sum(1 for m, path in self.asked if m == method and re.fullmatch(pattern, path))

    # ---- all ----

    def answer(self, asked):
        with self.lock:
            self.asked.append((asked.method, asked.path))
            held = self.hold.get((asked.method, asked.path))
            spoiled = self.spoil.pop((asked.method, asked.path), None)
        if spoiled is not None and not spoiled.get("after"):
            return spoiled
        with self.lock:
            answer = self._route(asked)
        if held is not None:
            held.wait(60)
        return spoiled if spoiled is not None else answer

    def _route(self, asked):
        try:
            for prefix, serve in (("/api/", self._sectigo_old), ("/oauth/api/", self._sectigo_new),
                                  ("/token", self._token), ("/zerossl/", self._zerossl),
                                  ("/digicert/", self._digicert), ("/certinext/", self._certinext)):
                if asked.path.startswith(prefix):
                    return serve(asked, asked.path[len(prefix):])
            refuse(404, -1, "No such path")
        except Refusal as refusal:
            return {"status": refusal.status, "json": refusal.body, "headers": refusal.headers}
        except (ValueError, KeyError, TypeError) as error:
            return {"status": 400, "json": {"code": -1, "description": f"Bad request: {error}"}}

    # ---- Sectigo ----

    def _token(self, asked, rest):
        if asked.method != "POST" or rest:
            refuse(404, -1, "No such path")
        asked.only_headers()
        form = asked.form("grant_type", "client_id", "client_secret")
        if form["grant_type"] != "client_credentials":
            raise Refusal(400, {"error": "unsupported_grant_type"})
        if (form["client_id"], form["client_secret"]) != (CLIENT_ID, CLIENT_SECRET):
            raise Refusal(401, {"error": "invalid_client",
                                "error_description": "Invalid client or Invalid client credentials"})
        return {"json": {"access_token": TOKEN, "expires_in": 300, "token_type": "Bearer"}}

    def _sectigo_old(self, asked, path):
        asked.only_headers("login", "password", "customerUri")
        sent = [asked.headers.get(name, "").encode("latin-1").decode()
                for name in ("login", "password", "customeruri")]
        if sent != [LOGIN, PASSWORD, CUSTOMER]:
            refuse(401, -16, "Unknown user")
        return self._sectigo(asked, path)

    def _sectigo_new(self, asked, path):
        asked.only_headers("authorization")
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            raise Refusal(401, {"error": "invalid_token"})
        return self._sectigo(asked, path)

    def _sectigo(self, asked, path):
        for method, pattern, serve in (
                ("GET", "acme/v1/server", self._servers),
                ("GET", "acme/v2/account", self._accounts),
                ("POST", "acme/v2/account", self._create),
                ("GET", r"acme/v2/account/(\d+)", self._account),
                ("GET", r"acme/v2/account/(\d+)/domain", self._domains),
                ("POST", r"acme/v2/account/(\d+)/domain", self._add_domains),
                ("GET", r"acme/v2/account/(\d+)/client", self._clients),
                ("PUT", r"acme/v2/account/(\d+)/client/([^/]+)", self._deactivate)):
            match = re.fullmatch(pattern, path)
            if match and method == asked.method:
                if method != "POST":
                    asked.no_body()
                return serve(asked, *match.groups())
        refuse(404, -1, "No such path")

    def _page(self, asked, rows):
        position, size = int(asked.query.get("position", 0)), int(asked.query.get("size", 20))
        if not 0 < size <= PAGE_MAX:
            refuse(400, -1, "size")
        headers = {"X-Total-Count": str(len(rows))} if self.total_count else {}
        return {"json": rows[position:position + size], "headers": headers}

    def _servers(self, asked):
        asked.only_query("position", "size", "name", "url", "certValidationType", "caId")
        return self._page(asked, SERVERS)

    def _accounts(self, asked):
        asked.only_query("position", "size", "organizationId", "name", "acmeServer",
                         "certValidationType", "status")
        rows = list(self.accounts.values())
        if "name" in asked.query:
            wanted = asked.query["name"]
            rows = [row for row in rows
                    if row["name"] == wanted or (self.filter_by_part and wanted in row["name"])]
        return self._page(asked, rows)

    def _create(self, asked):
        asked.only_query()
        new = asked.json(name=str, acmeServer=str, organizationId=int)
        if not 1 <= len(new["name"]) <= 128:
            refuse(400, -1, "name")
        servers = {server[self.servers_by]: server for server in SERVERS}
        if new["acmeServer"] not in servers:
            refuse(400, -1, "Unknown ACME server")
        if new["organizationId"] != 1823:
            refuse(403, -1010, "Organization is not allowed")
        number = self.add_account(new["name"], new["organizationId"], new["acmeServer"])
        headers = {"Location": f"https://manager.example/api/acme/v2/account/{number}"}
        return {"status": 201, "headers": headers if self.location else {}}

    def _account_of(self, number):
        if int(number) not in self.accounts:
            refuse(404, -2, "ACME account is not found")
        return int(number)

    def _account(self, asked, number):
        asked.only_query()
        return {"json": self.accounts[self._account_of(number)]}

    def _domains(self, asked, number):
        asked.only_query("position", "size", "name", "expiresWithinNextDays",
                         "stickyExpiresWithinNextDays")
        rows = [{"name": name, "validUntil": "2027-05-21T12:28:57.544Z"}
                for name in self.domains[self._account_of(number)]]
        return self._page(asked, rows)

    def _add_domains(self, asked, number):
        asked.only_query()
        number = self._account_of(number)
        names = []
        for domain in asked.json(domains=list)["domains"]:
            if set(domain) != {"name"}:
                refuse(400, -1, f"Members: {sorted(domain)}")
            names.append(domain["name"])
        self.batches.append(len(names))
        refused = [name for name in names if name in self.not_validated]
        self.domains[number] += [name for name in names if name not in refused]
        return {"json": {"notAddedDomains": refused} if refused else {}}

    def _clients(self, asked, number):
        asked.only_query("position", "size", "contacts", "userAgent", "ipAddress", "status",
                         "lastActivityWithinPrevDays")
        return self._page(asked, self.clients[self._account_of(number)])

    def _deactivate(self, asked, number, client):
        asked.only_query()
        for row in self.clients[self._account_of(number)]:
            if row["accountId"] == unquote(client):
                row["status"] = "deactivated"
                return {"status": 204}
        refuse(404, -3, "ACME client is not found")

    # ---- ZeroSSL, DigiCert ----

    def _pair(self):
        self.pairs += 1
        return f"kid-{self.pairs}"

    def _zerossl(self, asked, path):
        asked.only_headers()
        if asked.method != "POST":
            refuse(405, -1, "Method")
        if path == "acme/eab-credentials":
            asked.only_query("access_key")
            asked.no_body()
            if asked.query.get("access_key") != ACCESS_KEY:
                return {"json": {"success": False, "error": {"code": 101, "type": "invalid_access_key"}}}
        elif path == "acme/eab-credentials-email":
            asked.only_query()
            if "@" not in asked.form("email")["email"]:
                return {"json": {"success": False, "error": {"code": 2900, "type": "invalid_email"}}}
        else:
            refuse(404, -1, "No such path")
        return {"json": {"success": True, "eab_kid": self._pair(), "eab_hmac_key": KEY}}

    def _digicert(self, asked, path):
        asked.only_headers("x-dc-devkey")
        asked.only_query()
        if (asked.method, path) != ("POST", "key/acme-eab/tlm"):
            refuse(404, -1, "No such path")
        if asked.headers.get("x-dc-devkey") != API_KEY:
            raise Refusal(403, {"errors": [{"code": "access_denied", "message": "No access"}]})
        new = asked.json(name=str, product_name_id=str, organization_id=int, validity_years=int)
        if new["product_name_id"] != "ssl_basic":
            raise Refusal(400, {"errors": [{"code": "invalid_product_name_id", "message": "Product"}]})
        return {"status": 201, "json": {"acme_directory_url": "https://acme.digicert.example/v2/dir",
                                        "ext_act_kid": self._pair(), "ext_act_hmac": KEY}}

    # ---- CERTInext ----

    def _certinext(self, asked, path):
        if path == "oauth/token":
            asked.only_headers()
            form = asked.form("grant_type", "client_id", "client_secret")
            if (form["client_id"], form["client_secret"]) != (ACCOUNT_NUMBER, CLIENT_SECRET):
                raise Refusal(401, {"error": "invalid_client"})
            return {"json": {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}}
        asked.only_headers("authorization")
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            raise Refusal(401, {"error": "invalid_token"})
        base = "api/certinext/v2/"
        if (asked.method, path) == ("GET", base + "catalog/products"):
            return {"json": {"products": [{"categoryName": "SSL/TLS Certificates", "products": [
                {"productCode": "842", "productName": "DV SSL Certificate", "price": "0"}]}]}}
        if (asked.method, path) == ("GET", base + "domains"):
            return self._certinext_list(asked)
        if (asked.method, path) == ("POST", base + "domains"):
            return {"status": 201, "json": self._certinext_add(asked.json(name=str)["name"])}
        match = re.fullmatch(base + r"domains/([^/]+)/dcv(/verify)?", path)
        if match and match[1] in self.certinext:
            asked.no_body()
            domain = self.certinext[match[1]]
            if match[2] and asked.method == "POST":
                if domain["domainName"] not in self.not_validated:
                    domain["dcvStatus"] = "VERIFIED"
                return {"json": {"overallStatus": domain["dcvStatus"]}}
            if not match[2] and asked.method == "GET":
                return {"json": {"dcvMethod": "dns-txt", "txtToken": "emudhra=" + match[1]}}
        refuse(404, -1, "No such path")

    def _certinext_list(self, asked):
        asked.only_query("offset", "limit", "sortBy", "sortDir", "search")
        offset, limit = int(asked.query.get("offset", 0)), int(asked.query.get("limit", 50))
        rows = list(self.certinext.values())
        if asked.query.get("sortBy") != "domainName":
            # Not the same order from page to page.
            rows = rows[len(self.asked):] + rows[:len(self.asked)]
        else:
            rows.sort(key=lambda row: row["domainName"])
        return {"json": {"total": len(rows), "domains": rows[offset:offset + limit]}}

    def _certinext_add(self, name):
        number = f"dom-{len(self.certinext)}"
        self.certinext[number] = {"domainId": number, "domainName": name, "status": "ACTIVE",
                                  "dcvStatus": "PENDING"}
        return self.certinext[number]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def _serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.server.manager.answer(Asked(self.command, self.path, self.headers, body))
        time.sleep(answer.get("delay", 0))
        content = answer.get("content")
        headers = dict(answer.get("headers", {}))
        if content is None:
            content = json.dumps(answer["json"]).encode() if "json" in answer else b""
            if content:
                headers.setdefault("Content-Type", "application/json;charset=UTF-8")
        self.send_response(answer.get("status", 200))
        for name, value in headers.items():
            self.send_header(name, value)
        if answer.get("status") != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def handle(self):
        try:
            super().handle()
        except OSError:  # who asked is gone, or does not trust this server
            self.close_connection = True

    def finish(self):
        try:
            super().finish()
        except OSError:
            pass

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, certificate, key):
        super().__init__(("127.0.0.1", 0), Handler)
        self.manager = Manager()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://localhost:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, *_):
        pass
