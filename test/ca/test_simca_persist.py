# SPDX-License-Identifier: Apache-2.0
"""What the simulated CA takes for a record of dns-persist-01: the drafts' examples, and what is near."""

from types import SimpleNamespace

import pytest
from simulated_ca import persist
from simulated_ca.resolver import ResolverError

ACCOUNT = "https://ca.example/acct/123"
OURS = f"authority.example; accounturi={ACCOUNT}"
ISSUERS = ("authority.example", "ca.example.net")


def judge(text, wildcard=False, now=1000):
    return persist.judge(text.encode(), ISSUERS, ACCOUNT, wildcard, now)


@pytest.mark.parametrize("text", [
    OURS, OURS.replace("; ", ";"), f" authority.example ; accounturi = {ACCOUNT} ",
    f"ca.example.net; accounturi={ACCOUNT}", f"{OURS}; policy=wildcard; persistUntil=1000",
    f"{OURS}; unknown=1; unknown=2"])
def test_a_record_that_counts(text):
    assert judge(text) is None


@pytest.mark.parametrize("text, why", [
    ("", "malformed"), (f"{OURS};", "malformed"), (f"; accounturi={ACCOUNT}", "malformed"),
    (f"authority.example, accounturi={ACCOUNT}", "malformed"),
    (f"{OURS}; accounturi={ACCOUNT}", "malformed"),
    (f"other.example; accounturi={ACCOUNT}", "other.example"),
    (f"{OURS}4", "account"), ("authority.example", "account"),
    (f"{OURS}; persistUntil=999", "passed"), (f"{OURS}; persistUntil=soon", "no number")])
def test_one_that_does_not(text, why):
    assert why in judge(text)


def test_the_policy():
    assert "policy" in judge(OURS, wildcard=True)
    assert judge(f"{OURS}; policy=WILDCARD", wildcard=True) is None


def test_a_name_above_counts_with_the_policy():
    authorization = SimpleNamespace(name="a.b.example", wildcard=False,
                                    account=SimpleNamespace(url=ACCOUNT))
    switches = SimpleNamespace(issuer_domain_names=ISSUERS, persist_parents=True)
    there = {"_validation-persist.b.example": [OURS.encode()]}

    def look_up(name):
        if name not in there:
            raise ResolverError("NXDOMAIN", missing=True)
        return there[name]

    assert "policy" in persist.find(look_up, switches, authorization, 1000)
    there["_validation-persist.b.example"] = [f"{OURS}; policy=wildcard".encode()]
    assert persist.find(look_up, switches, authorization, 1000) is None
    switches.persist_parents = False
    assert "no record" in persist.find(look_up, switches, authorization, 1000)
