# SPDX-License-Identifier: Apache-2.0
"""ACMEEventCommand: a program of the administrator's is told what happens, at least once and in order, and
can keep nothing from happening."""

import pwd

from harness.acmectl import Acmectl
from harness.events import Receiver
from harness.waiting import wait_until

NAME = "www.test.example"
OTHER = "other.test.example"


def spooled(httpd):
    return sorted(path.name for path in (httpd.store.dir / "events").glob("*.json"))


def test_a_program_is_told_what_has_happened(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    everything = Receiver(httpd.dir / "everything")
    as_root = Receiver(httpd.dir / "as-root", user="root", events="deployed,failing")
    httpd.configure(httpd.acme(ca), everything.directive, as_root.directive,
                    httpd.site(NAME, aliases=[OTHER], managed=True))
    httpd.start()
    certificate = httpd.wait_for_certificate(NAME, ca)

    deployed = everything.wait_for("deployed")
    issued = everything.event("issued")
    assert everything.told() == [("account-registered", ""), ("issued", NAME), ("deployed", NAME)]
    assert issued["version"] == 1
    assert issued["attempt"] == 1
    assert issued["name"] == NAME
    assert set(issued["names"]) == {NAME, OTHER}
    assert issued["missing_names"] == []
    assert issued["serial"].lstrip("0").lower() == format(certificate.serial_number, "x")
    assert issued["generation"] == deployed["generation"] == "000001"
    assert issued["directory"] == ca.url
    assert issued["problem"] is None
    live = httpd.store.live(NAME)
    assert issued["files"] == {"live": str(live), "key": str(live / "privkey.pem"),
                               "fullchain": str(live / "fullchain.pem")}

    variables = everything.environment(issued["id"])
    assert variables["ACME_EVENT"] == "issued"
    assert variables["ACME_NAME"] == NAME
    assert variables["ACME_ATTEMPT"] == "1"
    assert variables["RENEWED_LINEAGE"] == str(live)
    assert set(variables["RENEWED_DOMAINS"].split()) == {NAME, OTHER}
    assert not any("kid" in value for value in variables.values())
    nobody = pwd.getpwnam("nobody")
    uid, groups, directory, umask, _, privileges = everything.circumstances(issued["id"])
    assert (int(uid), groups.split()) == (nobody.pw_uid, [str(nobody.pw_gid)])
    assert (directory, umask, privileges.split()[1]) == ("/", "0077", "1")

    as_root.wait_for("deployed")
    assert as_root.told() == [("deployed", NAME)]
    uid, _, _, _, _, privileges = as_root.circumstances(as_root.event("deployed")["id"])
    assert (uid, privileges.split()[1]) == ("0", "0")
    report = httpd.wait_for_report(lambda r: r["counters"]["events"]["delivered"] == 4, "all told")
    assert report["counters"]["events"]["pending"] == 0
    assert report["counters"]["events"]["given_up"] == 0
    assert spooled(httpd) == []
    httpd.graceful()
    httpd.wait_for_report(lambda r: r["processes"]["httpd"]["restarts"] == 2
                          and not r.get("before_restart"), "a report after that")
    assert len(everything.told()) == 3, "nothing is told twice"


def test_a_program_that_hangs_holds_up_nothing(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    world.expect(r"acme_eab:warn\].*Event .*was not told to", r"acme_eab:warn\].*says: ",
                 r"acme_eab:(warn|error)\].*(keeper|agent)", r"core:error\].*AH00546")
    hook = Receiver(httpd.dir / "hook", events="issued,deployed")
    hook.write(before=f'i=0; while [ ! -e "{hook.dir}/go" ] && [ $i -lt 600 ]; do sleep 0.1; '
                      "i=$((i+1)); done")
    failing = Receiver(httpd.dir / "failing", events="deployed")
    failing.write(before="printf 'out of\\007order\\n' >&1", after="exit 3")
    httpd.configure(httpd.acme(ca), hook.directive, failing.directive,
                    httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)  # which takes a restart, while the hook runs
    failing.wait_for("deployed")
    assert hook.told() == []
    report = httpd.wait_for_report(lambda r: r["counters"]["events"]["pending"] == 3, "what waits")
    assert report["certificates"][0]["state"] == "valid"
    assert "oldest" in report["counters"]["events"]
    wait_until(lambda: httpd.log.count(r"says: out of\\\\+x07order"), 10, "what it said")
    wait_until(lambda: httpd.log.count(r"exit status 3\. It is tried again at"), 10, "a next time")

    acmectl = Acmectl(httpd)
    waiting = acmectl("events", "list", "--json").json()["events"]
    assert [event["event"] for event in waiting] == ["issued", "deployed", "deployed"]
    refused = next(event for event in waiting if event["attempts"] == 1)
    assert acmectl("events", "retry", "20261130T120000Z-000000").code == 4
    assert acmectl("events", "test", "nonsense").code == 2
    (failing.dir / "told").unlink()
    assert acmectl("events", "retry", refused["id"]).code == 0
    failing.wait_for("deployed")
    assert failing.ids() == [refused["id"]]
    assert failing.event("deployed", 1)["attempt"] == 2
    failing.write()
    assert acmectl("events", "test", "deployed", NAME).code == 0
    failing.wait_for("test")
    assert failing.event("test")["name"] == NAME

    keeper = httpd.wait_for_keeper()
    keeper.kill()  # -9: what it has begun goes on
    httpd.wait_for_keeper(other_than=keeper)
    (hook.dir / "go").touch()
    hook.wait_for("deployed")
    hook.wait_for("test")
    assert hook.told() == [("issued", NAME), ("deployed", NAME), ("test", NAME)], "in their order"
    wait_until(lambda: len(spooled(httpd)) == 1, 10, "one event that waits")
    assert acmectl("events", "drop", refused["id"]).code == 0
    assert spooled(httpd) == []
    assert acmectl("events").code == 0
