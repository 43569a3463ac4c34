# SPDX-License-Identifier: Apache-2.0
"""What the status page and its JSON say, and when they say nothing."""

import json
import signal

from harness.waiting import wait_until

NAME = "www.test.example"


def test_nothing_is_told_of_the_run_before(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    before = httpd.status()["processes"]
    httpd.stop()
    report = httpd.run_dir / "status.json"
    old = json.loads(report.read_text())
    assert old["processes"]["agent"] == before["agent"]

    httpd.start()
    told = []

    def reported():
        answer = httpd.get("localhost", "/acme-status?format=json")
        told.append(answer.status)
        return answer.json() if answer.status == 200 else None
    after = wait_until(reported, 15, "a report")
    assert after["processes"]["agent"]["pid"] != before["agent"]["pid"]
    assert after["processes"]["keeper"]["pid"] != before["keeper"]["pid"]
    assert set(told) <= {200, 503}


def test_the_page_says_that_it_begins(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    wait_until(lambda: httpd.certificate_status(NAME)["state"] == "valid", 15, "state valid")
    agent = httpd.agent()
    agent.kill(signal.SIGSTOP)
    (httpd.run_dir / "status.json").unlink()
    page = httpd.get("localhost", "/acme-status")
    assert page.status == 200
    assert b"has not reported yet since httpd was started" in page.body
    assert httpd.get("localhost", "/acme-status?format=json").status == 503
    agent.kill(signal.SIGCONT)
