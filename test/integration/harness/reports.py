# SPDX-License-Identifier: Apache-2.0
"""What is so in every report of the status, whatever happens: each is one moment, and no part of it
contradicts another."""

from . import clock

STATES = {"missing", "ordering", "valid", "renewing", "waiting-for-reload", "failing"}
NEXT = {"order", "renew", "retry", "poll", "reload"}
RELOADS = {"idle", "pending", "off", "refused", "failed"}


class Contradiction(Exception):
    """Not an AssertionError: nobody who waits for something may wait until it is over."""


class Judge:
    """Of the reports of one httpd, in the order in which they were read."""

    def __init__(self):
        self._last = None

    def judge(self, report):
        contradictions = self._contradictions(report)
        if contradictions:
            raise Contradiction("\n".join((*contradictions, str(report))))

    def _contradictions(self, report):
        """In sentences; empty for a report as it must be."""
        if "notice" in report and not report.get("before_restart"):
            return list(_of_unreported(report))
        found = [*_of_report(report)]
        if not report.get("before_restart"):
            found += self._of_order(report)
        return found

    def _of_order(self, report):
        """Time goes on, as long as nobody starts another agent."""
        last, self._last = self._last, report
        if last is None or last["processes"] != report["processes"]:
            return
        if clock.parse(report["generated"]) < clock.parse(last["generated"]):
            yield f"generated goes back from {last['generated']}"


def _of_unreported(report):
    for entry in report["certificates"]:
        if entry["state"] != "unknown" or entry["keys"]:
            yield f"{entry['name']}: something is known though nothing was reported"


def _of_report(report):
    now = clock.parse(report["generated"])
    labels = {account["label"] for account in report["accounts"]}
    for entry in report["certificates"]:
        for words in (*_of_state(entry, report, now), *_of_next(entry, now), *_of_trouble(entry, now)):
            yield f"{entry['name']}: {words}"
        if entry["account"] not in labels:
            yield f"{entry['name']}: its account {entry['account']} is not there"
    for account in report["accounts"]:
        yield from _of_account(account)
    yield from _of_reload(report, now)
    for name, process in report["processes"].items():
        if process["pid"] < (1 if name == "httpd" else 2):  # in a container it is the first
            yield f"no process id of {name}"


def _is_single(entry):
    """Of several key types, each is at another point."""
    return len(entry["key_types"]) == 1


def _of_state(entry, report, now):
    state, keys = entry["state"], entry["keys"]
    if state not in STATES:
        yield f"state {state}"
    if len(keys) > len(entry["key_types"]):
        yield "more keys than key types"
    if state == "valid":
        if len(keys) != len(entry["key_types"]):
            yield "valid without a certificate"
        if any(clock.parse(key["not_after"]) <= now for key in keys):
            yield "valid though it has expired"
        if entry["order"]:
            yield "valid with an order under way"
    if state == "waiting-for-reload" and (not keys or report["reload"]["state"] == "idle"):
        yield "waits for a reload of nothing, or that nobody plans"
    if _is_single(entry) and (state in ("missing", "ordering")) and keys:
        yield f"{state} with a certificate"
    if state == "missing" and _is_single(entry) and entry["order"]:
        yield "missing with an order under way"
    if state == "renewing" and not keys:
        yield "renewing without a certificate"
    if not set(entry["missing_names"]) <= set(entry["names"]):
        yield "a name is missing that is not configured"


def _of_next(entry, now):
    what, at = entry["next"]["what"], entry["next"].get("at")
    if what not in NEXT:
        yield f"next {what}"
    if not entry["next"].get("why"):
        yield f"next {what} without a reason"
    if at is not None and clock.parse(at) < now:
        yield f"next {what} in the past"
    if _is_single(entry):
        if (what == "reload") != (entry["state"] == "waiting-for-reload"):
            yield f"next {what} in state {entry['state']}"
        if what == "renew" and not entry["keys"] or what == "order" and entry["keys"]:
            yield f"next {what} with {len(entry['keys'])} certificates"
        if what == "poll" and entry["state"] not in ("ordering", "renewing"):
            yield f"next poll in state {entry['state']}"


def _of_trouble(entry, now):
    problem, order = entry["problem"], entry["order"]
    if entry["state"] == "failing" and not problem:
        yield "failing without a problem"
    if entry["state"] == "valid" and problem and not entry["missing_names"]:
        yield "valid with a problem"
    if problem and not (problem.get("detail") and problem.get("advice")):
        yield "a problem without words"
    for what, since in (("problem", problem), ("order", order)):
        if since and since.get("since") and clock.parse(since["since"]) > now:
            yield f"{what} since a time to come"


def _of_account(account):
    state, label = account["state"], account["label"]
    if (state == "failing") != bool(account["problem"]):
        yield f"account {label}: {state}, and the problem is {account['problem']}"
    if state == "valid" and not account.get("url"):
        yield f"account {label}: valid without a URL"
    if state == "unregistered" and account.get("url"):
        yield f"account {label}: unregistered with a URL"


def _of_reload(report, now):
    reload, certificates = report["reload"], report["certificates"]
    if reload["state"] not in RELOADS:
        yield f"reload {reload['state']}"
    said = bool(reload.get("why"))
    if said != (reload["state"] in ("refused", "failed")) and reload["state"] != "pending":
        yield f"reload {reload['state']}, because of {reload.get('why')}"
    if reload["state"] == "pending" and said and not (reload.get("next") and any(
            entry["name"] in reload["why"] for entry in certificates)):
        yield f"reload waits for {reload['why']}, which names no certificate, or has no end"
    if reload.get("next") and clock.parse(reload["next"]) < now:
        yield "reload in the past"
    if reload["state"] == "idle" and reload.get("next"):
        yield "reload idle, and planned"
    waiting = any(entry["state"] in ("waiting-for-reload", "renewing") or not _is_single(entry)
                  for entry in certificates)
    if reload["state"] in ("pending", "refused", "failed") and not waiting:
        yield f"reload {reload['state']}, and no certificate waits for it"
