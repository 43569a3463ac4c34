# SPDX-License-Identifier: Apache-2.0
"""Each request and each fault on the way to the CA: what was issued is collected, once, by one account,
and nothing is asked in a hurry. docs/faults.md is made of what is seen here (EAB_FAULTS=write writes
it)."""

import os
import re
import time
from pathlib import Path

import pytest

from harness.proxy import Proxy, credentials_file
from harness.waiting import wait_until
from simulated_ca.answers import HTML, Answer, html_answer
from simulated_ca.issuer import Issuer
from test_accounts import domain

# What has nothing to do with the way to the CA, and must not be in the advice.
OTHERS = re.compile(r"EAB|approved|delegat|ACMEKeyType|ACMEProfile|ACMEChallenge|ACMEManagedDomain|port "
                    r"(80|443)|names \(|credentials|its words name the cause")

TABLE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
SECONDS = 25


def page(status, **more):
    return lambda _: html_answer(status, **more)


def replaced(body):
    """This very body in an answer of the CA that has acted."""
    def happens(answer):
        answer.body, answer.collects = body, None
        return answer
    return happens


def half(answer):
    answer.body, answer.collects = answer.body[: len(answer.body) // 2], None
    return answer


def lost(answer):
    """A proxy that has seen the CA act says something else, without any of its headers."""
    return Answer(200, b"<html>Welcome</html>", HTML, nonce=None)


def cut(how):
    def happens(answer):
        answer.cut = how
        return answer
    return happens


def slow(answer):
    answer.delay += 2
    return answer


def redirect(_):
    return html_answer(307).with_header("Location", "https://127.0.0.1:9/elsewhere")


# name: (what happens, whether the CA has acted)
FAULTS = {
    "HTML 429": (page(429), False),
    "HTML 429, Retry-After": (page(429, retry_after=3), False),
    "HTML 503": (page(503), False),
    "HTML 503, Retry-After": (page(503, retry_after=3), False),
    "HTML 504, acted": (page(504), True),
    "HTML 403": (page(403), False),
    "redirect": (redirect, False),
    "page": (lost, True),
    "empty": (replaced(b""), True),
    "cut": (cut("whole"), True),
    "cut within": (cut("half"), True),
    "half": (half, True),
    "garbage": (replaced(b"\x00\x01\xff\xfe not JSON"), True),
    "other JSON": (replaced(b'["status", 7]'), True),
    "slow": (slow, True),
}

REQUESTS = ("directory", "new-nonce", "new-account", "account", "new-order", "orders", "order",
            "authorization", "challenge", "finalize", "certificate", "renewal-info")

# What must have gone wrong before a request is made: the look-ups, which follow one that acts and is not
# answered. They go to the URL that is named first.
AFTER = {"account": ("new-account", "new-account"), "orders": ("orders", "new-order")}

# GET and HEAD follow a redirect, so it is one to nowhere.
FOLLOWED = ("directory", "new-nonce", "renewal-info")


class Cell:
    """A CA of its own, so that nothing but the fault happens to it."""

    def __init__(self, world, httpd, issuer, request, fault, number, times=1, orders_list=10):
        self.request, self.fault = request, fault
        self.name = f"c{number}.test.example"
        self.kid = f"kid-{number}"
        self.ca = world.simulated_ca(
            httpd, kids=(self.kid,), renewal_info=True, processing_polls=1,
            processing_retry_after=1, orders_list=orders_list, eab_reuse="one-time", lifetime_days=90)
        self.ca._issuers[1] = issuer
        happens, acted = FAULTS[fault]
        if fault == "redirect" and request in FOLLOWED:
            happens = page(307)
        self.kind, before = AFTER.get(request, (request, None))
        if before:
            self.ca.accidents.plan(before, cut("whole"), after=True)
        self.ca.accidents.plan(self.kind, happens, at=2 if before == self.kind else 1, times=times,
                               after=acted)

    def lines(self, httpd, more=""):
        key = httpd.dir / f"{self.kid}.key"
        key.touch(0o600)
        key.write_text(self.ca.keys[self.kid] + "\n")
        return domain(self.name + more, lines=[
            f"ACMEServer {self.ca.url}", f'ACMECACertificateFile "{self.ca.tls_certificate}"',
            f"ACMEEABKid {self.kid}", f'ACMEEABKey "file:{key}"', "ACMEKeyType p256"])

    def is_done(self):
        return self.ca.collected() == 1 and (
            self.request != "renewal-info" or self.ca.requests("renewal-info") > 1
            or self.fault == "slow")

    def hurry(self):
        """How often the request was sent in the worst second, and in the worst minute, from its fault
        on. The same request has the same URL."""
        worst = [0, 0]
        entries = self.ca.counts.of(self.kind)
        for first in entries:
            times = [e.at - first.at for e in entries if e.url == first.url and e.at >= first.at]
            for i, span in enumerate((0.95, 60)):
                worst[i] = max(worst[i], sum(1 for at in times if at < span))
        return worst

    def complaints(self):
        counts = self.ca.counts
        found = []
        if (counts.accounts, self.ca.issued(), self.ca.collected()) != (1, 1, 1):
            found.append(f"accounts, issued, collected: {self.ca.counted()}")
        second, minute = self.hurry()
        if second > (4 if self.request == "new-nonce" else 2) or minute > 6:
            found.append(f"asked {second} times in a second, {minute} times in a minute")
        return [f"{self.request}, {self.fault}: {text}\n{counts.text()}" for text in found]

    def outcome(self):
        orders = self.ca.counts.orders
        return "collected" if orders == 1 else f"collected, {orders} orders"


def blamed(httpd):
    """Lines that send the administrator to somebody who cannot help."""
    return [line for line in httpd.log.lines(r"acme_eab:(error|warn)\]") if OTHERS.search(line)]


def rows():
    """The table, as lists of cells, and what is before it."""
    before, mark, text = TABLE.read_text().partition("<!-- seen -->\n")
    assert mark, "docs/faults.md has no place for the table"
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line[:2] == "| "]
    table = {line[0]: line[1:] for line in lines[1:]} if lines else {}
    return before + mark, table


def write(request, outcomes):
    before, table = rows()
    lines = ["| fault | " + " | ".join(REQUESTS) + " |", "|---" * (len(REQUESTS) + 1) + "|"]
    for fault in FAULTS:
        row = (table.get(fault) or []) + [""] * len(REQUESTS)
        row[REQUESTS.index(request)] = outcomes[fault]
        lines.append(f"| {fault} | " + " | ".join(row[: len(REQUESTS)]) + " |")
    TABLE.write_text(before + "\n".join(lines) + "\n")


@pytest.mark.parametrize("times", [1, 3], ids=["once", "three times"])
@pytest.mark.parametrize("request_", REQUESTS)
def test_every_fault(world, request_, times):
    httpd = world.httpd()
    issuer = Issuer(1)
    cells = [Cell(world, httpd, issuer, request_, fault, number, times)
             for number, fault in enumerate(FAULTS)]
    httpd.configure(
        "ACMEContact webmaster@test.example", "ACMETermsOfService accepted", "ACMEReload off",
        *(cell.lines(httpd) for cell in cells))
    world.expect(r"acme_eab:(error|warn)\]")
    httpd.start()

    def missing():
        return [f"{c.request}, {c.fault}\n{c.ca.counts.text()}" for c in cells if not c.is_done()]
    try:
        wait_until(lambda: not missing(), SECONDS, "a certificate in each cell", pause=0.2)
    except AssertionError:
        pytest.fail("no certificate for: " + "\n".join(missing()))
    complaints = [text for cell in cells for text in cell.complaints()] + blamed(httpd)
    assert not complaints, "\n".join(complaints)
    outcomes = {cell.fault: cell.outcome() for cell in cells}
    if os.environ.get("EAB_FAULTS") == "write" and times == 1:
        write(request_, outcomes)
    seen = {fault: row[REQUESTS.index(request_)] for fault, row in rows()[1].items()}
    assert seen == outcomes, "docs/faults.md is not what is seen"


def test_every_fault_at_a_new_order_that_nobody_lists(world):
    """An order that was made and not told is lost then. One more is placed, not at once, and no more."""
    httpd = world.httpd()
    issuer = Issuer(1)
    cells = [Cell(world, httpd, issuer, "new-order", fault, number, orders_list=None)
             for number, fault in enumerate(FAULTS)]
    httpd.configure(
        "ACMEContact webmaster@test.example", "ACMETermsOfService accepted", "ACMEReload off",
        *(cell.lines(httpd) for cell in cells))
    world.expect(r"acme_eab:(error|warn)\]")
    httpd.start()
    wait_until(lambda: all(cell.is_done() for cell in cells), SECONDS, "certificates", pause=0.2)
    for cell in cells:
        assert not cell.complaints()
        most = 2 if FAULTS[cell.fault][1] and cell.fault != "slow" else 1
        assert cell.ca.counts.orders <= most, f"{cell.fault}\n{cell.ca.counts.text()}"
        cell.ca.expected["repeated_orders"] = cell.ca.counts.orders - 1
    assert not blamed(httpd)


def test_every_fault_at_the_account(world):
    """New contacts are told; whatever becomes of that, the certificate comes, and nothing is told in a
    hurry."""
    httpd = world.httpd()
    issuer = Issuer(1)
    cells = [Cell(world, httpd, issuer, "none", fault, number) for number, fault in enumerate(FAULTS)]

    def configure(contact, more):
        httpd.configure(
            f"ACMEContact {contact}@test.example", "ACMETermsOfService accepted", "ACMEReload off",
            *(cell.lines(httpd, more.format(cell.kid)) for cell in cells))
    configure("webmaster", "")
    world.expect(r"acme_eab:(error|warn)\]")
    httpd.start()
    wait_until(lambda: all(cell.ca.collected() == 1 for cell in cells), SECONDS, "certificates",
               pause=0.2)
    for cell in cells:
        happens, acted = FAULTS[cell.fault]
        cell.ca.accidents.plan("account", happens, after=acted)
        cell.kind = "account"
    configure("office", " {}.test.example")
    httpd.graceful()
    wait_until(lambda: all(cell.ca.collected() == 2 for cell in cells), SECONDS,
               "certificates after the change", pause=0.2)
    for cell in cells:
        counts = (cell.ca.counts.accounts, cell.ca.counts.orders, cell.ca.issued())
        assert counts == (1, 2, 2), f"{cell.fault}\n{cell.ca.counts.text()}"
    assert not blamed(httpd)
    for cell in cells:
        second, minute = cell.hurry()
        assert 1 <= second <= 2 and minute <= 6, f"{cell.fault}\n{cell.ca.counts.text()}"


class Door:
    """Seven requests in a second, and pages for what is beyond."""

    def __init__(self):
        self.times = []
        self.refused = 0

    def __call__(self, _):
        now = time.monotonic()
        self.times = [at for at in self.times if at > now - 1]
        if len(self.times) >= 7:
            self.refused += 1
            return html_answer(429)
        self.times.append(now)
        return None


def test_a_door_with_a_limit(world):
    """Ten names at once come through it, slowly, and none of them is in trouble."""
    httpd = world.httpd()
    ca = world.simulated_ca(httpd, challenge_fate="valid")
    door = Door()
    ca.accidents.plan("any", door, times=10 ** 6)
    names = [f"d{number}.test.example" for number in range(10)]
    httpd.configure(httpd.acme(ca), "ACMEReload off", "ACMEKeyType p256",
                    *(f"ACMEManagedDomain {name}" for name in names))
    httpd.start()
    wait_until(lambda: ca.collected() == 10, 40, "ten certificates", pause=0.2)
    assert door.refused > 0
    assert ca.counted() == (1, 10, 10, 10, 10)
    assert door.refused < len(ca.counts.log) / 3
    assert all(entry["problem"] is None for entry in httpd.status()["certificates"])


def test_a_door_whose_limit_is_known(world):
    """More come to it at once than it lets through in seconds, and none of their requests is refused."""
    httpd = world.httpd()
    ca = world.simulated_ca(httpd, "zerossl", host="acme.zerossl.com", challenge_fate="valid",
                            elsewhere=())
    door = Door()
    ca.accidents.plan("any", door, times=10 ** 6)
    proxy = Proxy(routes={"acme.zerossl.com": ca.port})
    count = int(os.environ.get("EAB_DOOR_NAMES", "20"))
    httpd.configure(httpd.acme(ca),
                    f"ACMEProxy http://127.0.0.1:{proxy.port} file:{credentials_file(httpd)}",
                    "ACMEReload off", "ACMEKeyType p256",
                    *(f"ACMEManagedDomain d{number}.test.example" for number in range(count)))
    httpd.start()
    wait_until(lambda: ca.collected() == count, 20 + 3 * count, "the certificates", pause=0.2)
    proxy.end()
    assert door.refused == 0
    assert ca.counted() == (1, count, count, count, count)
