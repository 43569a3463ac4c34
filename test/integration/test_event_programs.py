# SPDX-License-Identifier: Apache-2.0
"""The programs in conf/events, each with a stand-in for what it calls."""

import json
import subprocess
from pathlib import Path

import pytest

EVENTS = Path(__file__).parents[2] / "conf" / "events"
NAME = "www.test.example"

# Writes down its arguments and what it gets.
STAND_IN = """\
#!/bin/sh
for word in "$@"; do echo "$word"; done >>"{dir}/{name}.arguments"
{act}
"""


@pytest.fixture
def stage(tmp_path):
    """A directory with a certificate that openssl has made, and one for stand-ins."""
    (tmp_path / "bin").mkdir()
    live = tmp_path / "live" / NAME
    live.mkdir(parents=True)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-subj", f"/CN={NAME}", "-keyout", live / "privkey.pem",
                    "-out", live / "fullchain.pem"], check=True, capture_output=True)
    return tmp_path


def stand_in(stage, name, act):
    path = stage / "bin" / name
    path.write_text(STAND_IN.format(dir=stage, name=name, act=act))
    path.chmod(0o755)


def run(stage, name, *arguments, event="deployed"):
    """As the keeper runs it. Returns its exit status and what it said."""
    live = stage / "live" / NAME
    text = json.dumps({"version": 1, "event": event, "name": NAME, "files": {"live": str(live)}})
    done = subprocess.run(
        [EVENTS / name, *map(str, arguments)], input=text, text=True, cwd="/", timeout=60,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        env={"PATH": f"{stage}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
             "ACME_EVENT": event, "ACME_EVENT_ID": "20261130T120000Z-000001", "ACME_NAME": NAME,
             "ACME_ATTEMPT": "1", "ACME_LIVE_DIR": str(live)})
    return done.returncode, done.stdout


def said(stage, name):
    return (stage / f"{name}.arguments").read_text().splitlines()


def test_each_is_short():
    for path in EVENTS.iterdir():
        assert len(path.read_text().splitlines()) < 30, path


def test_mail(stage):
    stand_in(stage, "sendmail", f'cat >"{stage}/mail"')
    assert run(stage, "mail", "a@test.example", "b@test.example", event="failing") == (0, "")
    head, body = (stage / "mail").read_text().split("\n\n", 1)
    assert "To: a@test.example, b@test.example" in head.splitlines()
    assert f"Subject: [acme] failing: {NAME} on " in head
    assert '"event": "failing"' in body
    assert said(stage, "sendmail") == ["-oi", "--", "a@test.example", "b@test.example"]
    stand_in(stage, "sendmail", "cat >/dev/null; exit 75")
    assert run(stage, "mail", "a@test.example")[0] == 75, "it is told again"


def test_reload_service(stage):
    stand_in(stage, "systemctl", "")
    assert run(stage, "reload-service", "postfix", "dovecot") == (0, "")
    assert said(stage, "systemctl") == ["try-reload-or-restart", "--", "postfix", "dovecot"]


def test_copy_to_hosts(stage):
    stand_in(stage, "rsync", f'for last; do :; done; for from; do case $from in */) '
                             f'[ ! -d "$from" ] || ls "$from" >"{stage}/copied";; esac; done\n'
                             'case $last in away:*) exit 12;; esac')
    assert run(stage, "copy-to-hosts", "mx1", "mx2") == (0, "")
    assert (stage / "copied").read_text().split() == ["fullchain.pem", "privkey.pem"]
    targets = [word for word in said(stage, "rsync") if word.startswith("mx")]
    assert targets == [f"mx1:{NAME}/", f"mx2:{NAME}/"]
    status, text = run(stage, "copy-to-hosts", "away", "mx3")
    assert (status, text) == (1, "not copied to: away\n")
    assert f"mx3:{NAME}/" in said(stage, "rsync"), "one that is away does not stop the others"


def test_haproxy_runtime(stage):
    stand_in(stage, "socat", f'cat >>"{stage}/commands"; echo >>"{stage}/commands"; echo "Success!"')
    pem = stage / "site.pem"
    assert run(stage, "haproxy-runtime", stage / "admin.sock", pem)[0] == 0
    live = stage / "live" / NAME
    whole = (live / "fullchain.pem").read_text() + (live / "privkey.pem").read_text()
    assert pem.read_text() == whole
    assert pem.stat().st_mode & 0o777 == 0o600
    commands = (stage / "commands").read_text()
    assert commands.startswith(f"set ssl cert {pem} <<\n{whole}\n")
    assert commands.rstrip().endswith(f"commit ssl cert {pem}")
    assert said(stage, "socat")[-1] == str(stage / "admin.sock")
    stand_in(stage, "socat", 'cat >/dev/null; echo "no such certificate"')
    assert run(stage, "haproxy-runtime", stage / "admin.sock", pem)[0] == 1


def test_write_pfx(stage):
    password, pfx = stage / "password", stage / "www.pfx"
    password.write_text("a secret of 24 letters..\n")
    assert run(stage, "write-pfx", pfx, password)[0] == 0
    assert pfx.stat().st_mode & 0o777 == 0o600
    read = subprocess.run(["openssl", "pkcs12", "-in", pfx, "-passin", f"file:{password}", "-nodes"],
                          check=True, capture_output=True, text=True).stdout
    assert f"friendlyName: {NAME}" in read
    assert "BEGIN CERTIFICATE" in read and "BEGIN PRIVATE KEY" in read
    assert not list(stage.glob("*.new"))
