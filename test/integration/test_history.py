# SPDX-License-Identifier: Apache-2.0
"""What has happened is written down, and counted, and neither is lost by what happens next."""

NAME = "www.test.example"


def counted(report, family, **labels):
    """The one count with these labels; 0 when there is none yet."""
    found = [item["count"] for item in report["counters"][family] if labels.items() <= item.items()]
    assert len(found) < 2
    return found[0] if found else 0


def test_an_issuance_is_told_and_counted_over_restarts(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    world.expect(r"acme_eab:error\].*agent.*ended")
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    serial = format(httpd.wait_for_certificate(NAME, ca).serial_number, "x")

    report = httpd.wait_for_report(lambda r: r["counters"]["reloads"]["done"] == 1, "one restart")
    assert counted(report, "orders", result="issued") == 1
    assert counted(report, "orders", result="failed") == 0
    assert counted(report, "requests", resource="newOrder", code="2xx") == 1
    assert counted(report, "requests", resource="finalize", code="2xx") == 1
    duration, = report["counters"]["order_duration"]
    assert duration["account"] == report["accounts"][0]["label"]
    assert duration["count"] == 1
    assert duration["buckets"][-1] == {"le": 86400, "count": 1}

    httpd.agent().kill()
    httpd.wait_for_report(lambda r: r["counters"]["restarts"]["agent"] == 1, "an agent of later")
    httpd.graceful()
    report = httpd.wait_for_report(lambda r: r["processes"]["httpd"]["restarts"] == 2
                                   and not r.get("before_restart"), "the report after a restart")
    assert counted(report, "orders", result="issued") == 1
    assert report["counters"]["restarts"] == {"keeper": 0, "agent": 1}
    assert report["counters"]["reloads"] == {"done": 1, "refused": 0, "failed": 0}

    events = [entry["event"] for entry in httpd.store.history()]
    assert events == ["account-registered", "ordered", "issued", "restart", "deployed",
                      "agent-restart"]
    issued, = httpd.store.history("issued")
    assert issued["name"] == NAME
    assert issued["serial"].lstrip("0").lower() == serial
    assert issued["account"] == report["accounts"][0]["label"]
    restart, = httpd.store.history("restart")
    assert NAME in restart["why"]
