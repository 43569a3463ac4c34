# SPDX-License-Identifier: Apache-2.0
"""What a monitor sees: the status in each form in which it can be had, metrics, and the rows of mod_status,
while all is well and while something is down."""

import json
import signal
import subprocess
import time

import pytest

from harness.waiting import wait_until

NAME = "www.test.example"
ALIAS = "alias.test.example"
LOST = "lost.foreign.example"  # no virtual host has it, and the CA refuses it
PROMTOOL = "promtool"  # of the package prometheus

PLACES = """
<Location /metrics>
    SetHandler acme-metrics
</Location>
<Location /deep/below/status>
    SetHandler acme-status
</Location>
<Location /httpd>
    SetHandler server-status
</Location>
<Location /shared>
    SetHandler acme-status
    Require all denied
</Location>
<Location /shared/%s>
    Require all granted
</Location>
""" % NAME


@pytest.fixture
def stage(world):
    """One certificate is there, one cannot be had."""
    httpd = world.httpd()
    httpd.modules += ["status"]
    ca = world.simulated_ca(httpd, prevalidated=True, foreign_names=("foreign.example",))
    world.expect(r"acme_eab:(error|warn).*lost\.foreign\.example")
    world.expect(r"AH01630")  # authz_core, of what nobody may see
    httpd.configure(PLACES, httpd.acme(ca), httpd.site(NAME, (ALIAS,), managed=True),
                    f"ACMEManagedDomain {LOST}")
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "it to be in use")
    httpd.wait_for_status(LOST, lambda e: e["state"] == "failing", "the other to fail")
    return httpd


def get(httpd, path, accept=None, method="GET"):
    return httpd.get("localhost", path, method=method,
                     headers={"Accept": accept} if accept else None)


def samples(text):
    """{"name{labels}": value}"""
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
            for line in text.splitlines() if line and not line.startswith("#")}


def test_the_status_in_each_form(stage):
    httpd = stage
    for path in ("?format=json", "?format=JSON", "?x=1&format=json&y", "?check=0&format=Json"):
        answer = get(httpd, "/acme-status" + path)
        assert answer.headers["Content-Type"] == "application/json", path
        assert answer.json()["version"] == 2
    assert get(httpd, "/acme-status", "application/json").json()["stale"] is False
    assert "text/html" in get(httpd, "/acme-status", "text/html,*/*;q=0.8").headers["Content-Type"]
    refused = get(httpd, "/acme-status?format=xml")
    assert refused.status == 400 and b"format=html, json" in refused.body
    for path in ("/acme-status", "/acme-status?format=json", "/metrics"):
        whole, head = get(httpd, path), get(httpd, path, method="HEAD")
        assert head.status == 200 and head.body == b""
        assert head.headers["Content-Type"] == whole.headers["Content-Type"]
    assert get(httpd, "/acme-status", method="POST").status == 405

    report = get(httpd, "/acme-status?format=json").json()
    entries = {entry["name"]: entry for entry in report["certificates"]}
    assert report["summary"] | {"next_expiry": ""} == {
        "certificates": 2, "down": 1, "at_risk": 0, "unknown": 0, "ok": 1, "next_expiry": ""}
    assert entries[NAME]["grade"] == "ok" and entries[LOST]["grade"] == "down"
    assert entries[NAME]["loaded"] is True
    [user] = entries[NAME]["used_by"]
    assert user.startswith(f"127.0.0.1:{httpd.https} {NAME} (") and "httpd.conf:" in user
    [key] = entries[NAME]["keys"]
    assert key["chain"][0] == key["issuer"] and key["loaded"] is True
    for file in ("key_file", "chain_file"):
        assert key[file].startswith(f"{httpd.dir}/store/live/{NAME}/")
        assert open(key[file]).read().startswith("-----BEGIN ")
    assert report["heartbeat"] and report["module"] and report["unconfigured"] == []


def test_a_name_below_the_location_and_what_is_down(stage):
    httpd = stage
    for place in ("/acme-status", "/deep/below/status"):
        assert {entry["name"] for entry in get(httpd, f"{place}?format=json").json()["certificates"]} \
            == {NAME, LOST}, place
        for name in (NAME, ALIAS, ALIAS.upper()):
            [entry] = get(httpd, f"{place}/{name}?format=json").json()["certificates"]
            assert entry["name"] == NAME
            text = get(httpd, f"{place}/{name}").body.decode()
            assert NAME in text and LOST not in text
        assert get(httpd, f"{place}/").status == 200
        for nobody in ("/nobody.test.example", f"/a/{NAME}", f"/{NAME}/a"):
            assert get(httpd, place + nobody).status == 404, nobody
    # Who may see one of them does not see others.
    assert get(httpd, "/shared").status == 403
    alone = get(httpd, f"/shared/{NAME}?format=json").json()
    assert [entry["name"] for entry in alone["certificates"]] == [NAME]

    # Choices of the page.
    down = get(httpd, "/acme-status?state=down").body.decode()
    assert f"<summary><span class=\"grade\">down</span><h2>{LOST}</h2>" in down
    assert down.count("<details") == 1 and "1 of 2 down" in down
    some = get(httpd, "/acme-status?name=ALIAS&format=json").json()["certificates"]
    assert [entry["name"] for entry in some] == [NAME]

    check = get(httpd, "/acme-status?check")
    assert check.status == 503 and check.body.startswith(b"1 of 2 down")
    assert get(httpd, f"/acme-status/{NAME}?check").status == 200
    assert get(httpd, f"/acme-status/{LOST}?check", "application/json").status == 503
    assert get(httpd, "/acme-status?format=json").status == 200, "it was not asked to check"


def test_metrics(stage):
    httpd = stage
    answer = get(httpd, "/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    told = subprocess.run([PROMTOOL, "check", "metrics"], input=answer.body, capture_output=True)
    assert told.returncode == 0, told.stderr
    found = samples(answer.body.decode())
    [entry] = get(httpd, f"/acme-status/{NAME}?format=json").json()["certificates"]
    key = f'{{name="{NAME}",key_type="{entry["keys"][0]["type"]}"}}'
    account = f'{{account="{entry["account"]}"'
    assert found["acme_agent_up"] == 1
    assert found[f'acme_certificate_grade{{name="{NAME}",grade="ok"}}'] == 1
    assert found[f'acme_certificate_grade{{name="{LOST}",grade="down"}}'] == 1
    assert found["acme_certificate_loaded" + key] == 1
    assert found[f'acme_certificate_failed_attempts{{name="{LOST}"}}'] >= 1
    assert found[f'acme_orders_total{account},result="issued"}}'] == 1
    assert found[f"acme_order_duration_seconds_count{account}}}"] == 1
    assert found[f'acme_requests_total{account},resource="newOrder",code="2xx"}}'] >= 1
    assert abs(found["acme_report_timestamp_seconds"] - time.time()) < 3600
    assert f'acme_certificate_not_after_timestamp_seconds{{name="{LOST}"' not in answer.body.decode()
    same = get(httpd, "/acme-status?format=prometheus")
    assert same.headers["Content-Type"] == answer.headers["Content-Type"]
    assert samples(same.body.decode()).keys() == found.keys()

    openmetrics = get(httpd, "/metrics", "application/openmetrics-text;version=1.0.0,*/*;q=0.1")
    assert openmetrics.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert openmetrics.body.endswith(b"\n# EOF\n") and b"# TYPE acme_orders counter\n" in openmetrics.body

    lines = get(httpd, "/httpd?auto").body.decode().splitlines()
    assert {"ACMECertificates: 2", "ACMEDown: 1", "ACMEAtRisk: 0"} <= set(lines)
    [expiry] = [line for line in lines if line.startswith("ACMENextExpiry: ")]
    assert float(expiry.split()[1]) == found[
        "acme_certificate_not_after_timestamp_seconds" + key]
    table = get(httpd, "/httpd").body.decode()
    assert "1 of 2 down" in table and f"<td>{LOST}</td><td>down</td>" in table


def test_an_agent_that_hangs_is_seen(stage):
    httpd = stage
    agent = httpd.wait_for_agent()
    agent.kill(signal.SIGSTOP)
    path = httpd.run_dir / "status.json"
    report = json.loads(path.read_text())
    # As it is three minutes later.
    report["heartbeat"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 181))
    path.write_text(json.dumps(report))
    shown = get(httpd, "/acme-status?format=json")
    assert shown.status == 200 and shown.json()["stale"] is True
    assert "has not written its report since" in get(httpd, "/acme-status").body.decode()
    assert get(httpd, f"/acme-status/{NAME}?check").status == 503
    assert samples(get(httpd, "/metrics").body.decode())["acme_agent_up"] == 0
    assert "has stopped to report" in get(httpd, "/httpd").body.decode()
    agent.kill(signal.SIGCONT)

    # It writes again, without being told of anything.
    report["heartbeat"] = "2026-01-01T00:00:00Z"
    path.unlink()
    wait_until(lambda: get(httpd, "/acme-status?format=json").json()["stale"] is False, 30,
               "the agent to write")
