# SPDX-License-Identifier: Apache-2.0
"""What is interrupted: an issuance and a renewal at several CAs, without restarts of httpd, and with must-staple;
what root asks for with acmectl, and what acmectl does beside it all."""

from dataclasses import dataclass, field

NAME = "www.test.example"
DAY = 86400


@dataclass(frozen=True)
class Scenario:
    name: str
    mode: str  # of the simulated CA
    renewal: bool  # it is the renewal that is interrupted, else the issuance
    changes: dict = field(default_factory=dict, hash=False)
    live: bool = False  # certificates come without a restart
    stapled: bool = False  # certificates have must-staple
    act: tuple = ()  # it is this that is interrupted: what acmectl is asked for
    failing: bool = False  # the renewal before it has failed, and the CA was mended
    superseded: bool = False  # another account took the place of the first, which "OLD" in act stands for
    beside: str = ""  # acmectl does this beside it, over and over: "import" or "export"

    @property
    def without(self):
        """Accidents that stay: a response from later than now is not believed, so a certificate that must
        have one waits until the clock is set."""
        return ("clock-back",) if self.stapled else ()

    @property
    def lists_orders(self):
        """Without the list an order whose answer was lost cannot be found by anybody. (RFC 8555
        demands the list, most CAs do not give it.)"""
        return self.changes.get("orders_list") is not None

    @property
    def accounts(self):
        """The same of accounts."""
        return 2 if "--new-account" in self.act or self.superseded else 1

    @property
    def certificates(self):
        """How many there must be in the end."""
        return 2 if self.renewal or self.act[:1] in (("revoke",), ("compromised",), ("renew",), ("retry",)) else 1


# Keys are of P-256, for the sake of speed; and EAB credentials are good for one account.
CERTINEXT = {"orders_list": 20, "rsa_only": False, "eab_reuse": "one-time"}
SECTIGO = {"eab_reuse": "one-time"}
STAPLED = {**CERTINEXT, "ocsp": "good", "must_staple": True}
HTTP01 = {"orders_list": 20, "eab_reuse": "one-time"}

SCENARIOS = {scenario.name: scenario for scenario in (
    Scenario("certinext-issuance", "certinext", False, CERTINEXT),
    Scenario("certinext-renewal", "certinext", True, CERTINEXT),
    Scenario("sectigo-issuance", "sectigo-public", False, SECTIGO),
    Scenario("sectigo-renewal", "sectigo-public", True, SECTIGO),
    Scenario("http01-issuance", "plain", False, HTTP01),
    Scenario("http01-renewal", "plain", True, HTTP01),
    Scenario("live-issuance", "certinext", False, CERTINEXT, live=True),
    Scenario("live-renewal", "certinext", True, CERTINEXT, live=True),
    Scenario("stapled-issuance", "certinext", False, STAPLED, live=True, stapled=True),
    Scenario("stapled-renewal", "certinext", True, STAPLED, live=True, stapled=True),
    Scenario("revoke", "certinext", False, CERTINEXT, live=True,
             act=("revoke", NAME, "--reason", "superseded", "--yes")),
    Scenario("renew", "certinext", False, CERTINEXT, live=True, act=("renew", NAME, "--force")),
    Scenario("compromised", "certinext", False, CERTINEXT, act=("compromised", NAME, "--yes")),
    Scenario("rollover", "certinext", False, CERTINEXT, act=("account", "rollover", "default")),
    Scenario("new-account", "certinext", False, {**CERTINEXT, "eab_reuse": "allowed"},
             act=("account", "rollover", "default", "--new-account")),
    Scenario("retry", "certinext", False, CERTINEXT, live=True, failing=True, act=("retry", NAME)),
    Scenario("import", "certinext", True, CERTINEXT, live=True, beside="import"),
    Scenario("export", "certinext", True, CERTINEXT, live=True, beside="export"),
    Scenario("old-account", "certinext", False, {**CERTINEXT, "eab_reuse": "allowed"}, superseded=True,
             act=("account", "deactivate", "OLD", "--yes", "--force")),
    Scenario("deactivate", "certinext", False, CERTINEXT,
             act=("account", "deactivate", "default", "--yes", "--force")),
)}
