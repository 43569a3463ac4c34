# SPDX-License-Identifier: Apache-2.0
"""That the judge of all reports sees what is wrong: each of these is a good one but for one thing."""

import copy

import pytest

from harness.reports import Contradiction, Judge

GOOD = {
    "version": 1, "generated": "2026-11-21T21:05:00Z",
    "certificates": [{
        "name": "a.example", "names": ["a.example", "b.example"], "missing_names": [],
        "account": "default", "state": "valid", "key_types": ["p256"],
        "keys": [{"type": "p256", "not_after": "2026-12-21T21:05:00Z"}],
        "next": {"what": "renew", "at": "2026-12-11T21:05:00Z", "why": "a third is left"},
        "problem": None, "order": None}],
    "accounts": [{"label": "default", "state": "valid", "url": "https://ca.example/1",
                  "problem": None}],
    "processes": {"httpd": {"pid": 10}, "keeper": {"pid": 11}, "agent": {"pid": 12}},
    "reload": {"state": "idle"},
}
WAITING = {"state": "waiting-for-reload", "next": {"what": "reload", "why": "not loaded yet"}}
PROBLEM = {"detail": "No.", "advice": "Ask.", "since": "2026-11-21T21:00:00Z"}


def of_entry(**members):
    return lambda report: report["certificates"][0].update(members)


def of_account(**members):
    return lambda report: report["accounts"][0].update(members)


def of_reload(**members):
    return lambda report: report["reload"].update(members)


def both(*changes):
    return lambda report: [change(report) for change in changes]


FINE = {
    "as it is": of_entry(),
    "waiting": both(of_entry(**WAITING), of_reload(state="pending", next="2026-11-21T21:05:00Z")),
    "refused": both(of_entry(**WAITING), of_reload(state="refused", why="Syntax error")),
    "missing": of_entry(state="missing", keys=[], next={"what": "order", "why": "there is none"}),
    "failing": both(of_entry(state="failing", problem=PROBLEM),
                    of_account(state="failing", problem=PROBLEM)),
    "some names": of_entry(missing_names=["b.example"], problem=PROBLEM),
    "renewing": of_entry(state="renewing", next={"what": "poll", "why": "the order is placed"},
                         order={"since": "2026-11-21T21:05:00Z"}),
    "two types": of_entry(state="ordering", key_types=["p256", "rsa2048"],
                          next={"what": "poll", "why": "the order is placed"}),
}

WRONG = {
    "unheard state": of_entry(state="fine"),
    "valid, nothing there": of_entry(keys=[]),
    "valid, half of it": of_entry(key_types=["p256", "rsa2048"]),
    "valid, expired": of_entry(keys=[{"not_after": "2026-11-21T21:05:00Z"}]),
    "valid, ordered": of_entry(order={"url": "https://ca.example/o"}),
    "valid, a problem": of_entry(problem=PROBLEM),
    "missing, there": of_entry(state="missing", next={"what": "order", "why": "there is none"}),
    "renewing, nothing there": of_entry(state="renewing", keys=[], next={"what": "poll", "why": "."}),
    "failing, no problem": of_entry(state="failing"),
    "waiting, nobody restarts": of_entry(**WAITING),
    "restart, nothing waits": of_reload(state="pending", next="2026-11-21T21:05:09Z"),
    "refused, nothing waits": of_reload(state="refused", why="Syntax error"),
    "refused, no reason": both(of_entry(**WAITING), of_reload(state="refused")),
    "idle, a reason": of_reload(why="Syntax error"),
    "idle, planned": of_reload(next="2026-11-21T21:05:09Z"),
    "planned in the past": of_entry(next={"what": "renew", "at": "2026-11-21T21:04:59Z", "why": "."}),
    "no reason": of_entry(next={"what": "renew", "at": "2026-12-11T21:05:00Z"}),
    "order what is there": of_entry(next={"what": "order", "why": "there is none"}),
    "reload what is loaded": of_entry(next={"what": "reload", "why": "not loaded yet"}),
    "poll nothing": of_entry(next={"what": "poll", "why": "the order is placed"}),
    "a foreign name": of_entry(missing_names=["c.example"]),
    "a foreign account": of_entry(account="other"),
    "no advice": of_entry(state="failing", problem={"detail": "No."}),
    "a problem of tomorrow": of_entry(state="failing",
                                      problem={**PROBLEM, "since": "2026-11-22T21:00:00Z"}),
    "an account that fails at nothing": of_account(state="failing"),
    "an account without a URL": of_account(url=None),
    "no process": lambda report: report["processes"]["agent"].update(pid=0),
}


def changed(change):
    report = copy.deepcopy(GOOD)
    change(report)
    return report


@pytest.mark.parametrize("what", FINE)
def test_a_good_report_passes(what):
    Judge().judge(changed(FINE[what]))


@pytest.mark.parametrize("what", WRONG)
def test_a_contradiction_is_seen(what):
    with pytest.raises(Contradiction):
        Judge().judge(changed(WRONG[what]))


def test_time_does_not_go_back():
    judge = Judge()
    judge.judge(GOOD)
    judge.judge(GOOD)
    earlier = {**GOOD, "generated": "2026-11-21T21:04:59Z"}
    judge.judge({**earlier, "before_restart": True, "notice": "of before"})
    with pytest.raises(Contradiction):
        judge.judge(earlier)
    restarted = {**GOOD["processes"], "agent": {"pid": 13}}
    judge.judge({**earlier, "processes": restarted})  # another run, and maybe another clock
