# SPDX-License-Identifier: Apache-2.0
"""What the status page and its JSON say, also while there is no report of this run of httpd."""

import html
import shutil
import signal

from harness.waiting import wait_until

NAME = "www.test.example"
OTHER = "other.test.example"


def get(httpd):
    return httpd.get("localhost", "/acme-status?format=json")


def page(httpd):
    answer = httpd.get("localhost", "/acme-status")
    assert answer.status == 200
    return html.unescape(answer.body.decode())


def freeze_agent(httpd, other_than=None):
    """Stop the agent before it can say anything; the frozen process."""
    agent = httpd.wait_for_agent(other_than)
    agent.kill(signal.SIGSTOP)
    return agent


def test_what_was_known_is_shown_until_there_is_a_report(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    before = httpd.wait_for_report(lambda s: s["certificates"][0]["state"] == "valid", "state valid")
    kept = httpd.dir / "kept.json"
    shutil.copy(httpd.run_dir / "status.json", kept)
    for again in (httpd.graceful, lambda: (httpd.stop(), httpd.start())):
        again()
        after = httpd.status()
        assert after["certificates"][0]["keys"] == before["certificates"][0]["keys"]
        assert after["processes"]["httpd"] != before["processes"]["httpd"]
        assert after["processes"]["agent"]["pid"] != before["processes"]["agent"]["pid"]
        # As it is when the agent has not come so far.
        agent = freeze_agent(httpd)
        shutil.copy(kept, httpd.run_dir / "status.json")
        shown = httpd.report()
        assert shown["before_restart"] is True and "before httpd was started" in shown["notice"]
        assert shown["generated"] == before["generated"]
        assert shown["certificates"] == before["certificates"]
        text = page(httpd)
        assert shown["notice"] in text and NAME in text and "Valid" in text
        assert "The agent is not running" not in text
        agent.kill(signal.SIGCONT)


def test_the_status_is_there_at_any_time(world):
    """While httpd is restarted again and again, no reader finds nothing, and none finds old news that
    pass for new ones."""
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    httpd.wait_for_report(lambda s: s["certificates"][0]["state"] == "valid", "state valid")
    seen = []

    def look():
        report = httpd.report()  # and no contradiction in it
        seen.append((report["processes"]["httpd"]["restarts"], "notice" in report))
        assert report["certificates"][0]["keys"], "what is known is never forgotten"
        return report
    for _ in range(3):
        restarts = httpd.restarts()
        httpd._run("-k", "graceful")
        wait_until(lambda: look() and httpd.restarts() > restarts, 15, "the restart", pause=0)
        wait_until(lambda: "notice" not in look(), 15, "a report of this run", pause=0)
    fresh = [number for number, is_old in seen if not is_old]
    assert fresh == sorted(fresh) and len(set(fresh)) >= 3


def test_before_the_very_first_report(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True), f"ACMEManagedDomain {OTHER}")
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    httpd.wait_for_report(lambda s: s["reload"]["state"] == "idle", "no restart to come")
    agent = freeze_agent(httpd)
    report = httpd.run_dir / "status.json"
    report.unlink()
    answer = get(httpd)
    assert answer.status == 503 and answer.headers["Content-Type"] == "application/json"
    shown = answer.json()
    assert [entry["name"] for entry in shown["certificates"]] == [OTHER, NAME] or \
        [entry["name"] for entry in shown["certificates"]] == [NAME, OTHER]
    assert {entry["state"] for entry in shown["certificates"]} == {"unknown"}
    assert {entry["next"]["what"] for entry in shown["certificates"]} == {"report"}
    assert shown["accounts"][0]["directory"] == ca.url
    assert "has not reported yet since httpd was started" in shown["notice"]
    text = page(httpd)
    assert shown["notice"] in text and "Not reported yet" in text and NAME in text

    # Nothing that is in its place is passed on, or called a report.
    for content in ("", "{", "[]", '{"a":1,"a":2}', "null"):
        report.write_text(content)
        answer = get(httpd)
        assert answer.status == 503, content
        assert {entry["state"] for entry in answer.json()["certificates"]} == {"unknown"}
        assert answer.json()["notice"] in page(httpd)
    report.write_text('{"version":1}')
    assert get(httpd).json()["before_restart"] is True
    agent.kill(signal.SIGCONT)


def test_where_nothing_is_managed_nothing_is_missing(world):
    httpd = world.httpd()
    httpd.configure()
    httpd.start()
    answer = get(httpd)
    assert answer.status == 200
    assert answer.json()["certificates"] == [] and "notice" not in answer.json()
    assert "No certificate is managed yet" in page(httpd)
