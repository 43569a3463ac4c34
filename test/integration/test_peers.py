# SPDX-License-Identifier: Apache-2.0
"""Who may speak to our processes may do so at length, or not at all: what is kept of it has a limit,
and nobody waits for ever."""

import json
import signal

from harness.waiting import wait_until

SITES = [f"n{i}.test.example" for i in range(45)]
LONG = "x" * 4000
SUBPROBLEMS = [{"type": "urn:ietf:params:acme:error:rejectedIdentifier", "detail": LONG,
                "identifier": {"type": "dns", "value": f"other{i}.example"}} for i in range(100)]


def configure(httpd, ca):
    httpd.configure(httpd.acme(ca), *[httpd.site(name, managed=True) for name in SITES])


def all_fail(httpd):
    """The entries of the status, once each of the sites has a problem."""
    def failing():
        entries = httpd.status()["certificates"]
        return entries if all(entry.get("problem") for entry in entries) else None
    return wait_until(failing, 90, "a problem of each site")


def test_long_refusals_of_many_names(world):
    """The CA refuses each of 45 orders with a hundred subproblems of 4 kB."""
    world.expect(r"acme_eab:(error|warn)\]")
    httpd = world.httpd()
    ca = world.simulated_ca(httpd)
    ca.accidents.problem("new-order", "rejectedIdentifier", "Many names are refused.",
                         times=len(SITES), subproblems=SUBPROBLEMS)
    configure(httpd, ca)
    httpd.start()
    for entry in all_fail(httpd):
        assert entry["problem"]["detail"] == "Many names are refused."
        assert len(json.dumps(entry["problem"])) < 40_000
    failures = sorted((httpd.store.dir / "failures").glob("*.test.example.json"))
    assert len(failures) == len(SITES)
    assert sum(path.stat().st_size for path in failures) < 45 * 50_000

    # As a version without limits has left it, 18 MB; one of them may be tried again.
    httpd.stop()
    for path in failures:
        record = json.loads(path.read_text())
        record["problem"]["subproblems"] = SUBPROBLEMS
        record["problem"]["detail"] = "Of before. " + LONG
        if path.name == f"{SITES[7]}.json":
            record["next"] = record["since"]
        path.write_text(json.dumps(record))
    assert sum(path.stat().st_size for path in failures) > 17_000_000
    httpd.start()
    httpd.wait_for_certificate(SITES[7], ca)
    entries = {entry["name"]: entry for entry in httpd.status()["certificates"]}
    assert len(entries) == len(SITES)
    remembered = entries[SITES[8]]["problem"]
    assert remembered["detail"].startswith("Of before.")
    assert len(json.dumps(remembered)) < 40_000


def test_what_hangs_is_started_again(world):
    """Both at once, of two servers, since it takes two minutes to be sure."""
    world.expect(r"acme_eab:(error|warn)\].*(keeper|agent)", r"core:error\].*AH00546")
    servers = []
    for _ in range(2):
        httpd = world.httpd()
        httpd.configure(httpd.acme(world.ca(httpd)), httpd.site(SITES[0], managed=True))
        servers.append(httpd.start())
    for httpd in servers:
        httpd.wait_for_status(SITES[0], lambda entry: entry["state"] == "valid", "state valid")
    (one, agent), (other, keeper) = [(servers[0], servers[0].wait_for_agent()),
                                     (servers[1], servers[1].wait_for_keeper())]
    agent.kill(signal.SIGSTOP)
    keeper.kill(signal.SIGSTOP)
    one.wait_for_agent(other_than=agent, seconds=240)
    assert one.log.count(r"The agent \(pid \d+\) has said nothing for minutes and was ended") == 1
    other.wait_for_keeper(other_than=keeper, seconds=240)
    assert other.log.count(r"the keeper \(process \d+\) has said nothing for minutes") == 1
    for httpd in servers:
        httpd.wait_for_agent()
        httpd.wait_for_status(SITES[0], lambda entry: entry["state"] == "valid", "state valid")
