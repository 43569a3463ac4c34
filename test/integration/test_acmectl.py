# SPDX-License-Identifier: Apache-2.0
"""acmectl: what an administrator sees, what root asks of the keeper, and what comes of it."""

import json
import os
import pty
import shutil
import stat
import subprocess

import pytest

from harness.acmectl import Acmectl, program
from harness.waiting import wait_until

NAME = "www.test.example"
ALIAS = "test.example"


def look(acmectl, first):
    """What is read needs no root, and fits what is asked for."""
    everybody = {"user": "nobody"}
    done = acmectl("status", **everybody)
    assert done.code == 0, done.err
    assert done.out.splitlines()[0].split() == ["STATE", "NAME", "KEYS", "EXPIRES", "NEXT", "ACCOUNT"]
    assert NAME in done.out
    assert "\033" not in done.out, "no color in a pipe"
    assert "\033[32mok" in acmectl("--color=always", **everybody).out
    done = acmectl("status", "--plain", "--columns=name", "--no-legend", **everybody)
    assert done.out == NAME + "\n"
    assert acmectl("status", "--plain", ALIAS.upper(), **everybody).rows()[0][:3] == ["ok", NAME, "p256"]
    report = acmectl("status", "--json", "t*.example", **everybody).json()
    assert report["ok"] is True
    assert report["certificates"][0]["grade"] == "ok"
    assert acmectl("status", "other.example", **everybody).code == 4

    done = acmectl("show", ALIAS, **everybody)
    assert done.code == 0, done.err
    assert f"{first.serial_number:x}" in done.out.lower()
    assert "PRIVATE" not in done.out
    assert acmectl("show", "--chain", NAME).out.startswith("-----BEGIN CERTIFICATE-----")
    assert acmectl("show", "--chain", NAME, **everybody).code == 5

    done = acmectl("monitor", **everybody)
    assert done.code == 0
    assert done.out.startswith("ACME OK - ") and "| certificates=1 down=0" in done.out
    assert acmectl("monitor", "-w", "100%", **everybody).code == 1
    assert acmectl("monitor", "-c", "20000d", **everybody).code == 2
    assert acmectl("--run", "/nowhere", "monitor", **everybody).code == 3
    assert "# TYPE" in acmectl("metrics", **everybody).out

    for command in (["renew", NAME], ["retry", "--all"], ["log"]):
        done = acmectl(*command, **everybody)
        assert done.code == 5, f"{command}: {done.err}"
        assert done.err.startswith("acmectl: ") and "sudo" in done.err


def test_a_certificate_is_renewed_because_root_wants_it(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, aliases=[ALIAS], managed=True))
    httpd.start()
    first = httpd.wait_for_certificate(NAME, ca)
    httpd.wait_for_status(NAME, lambda entry: entry["grade"] == "ok", "all well")
    acmectl = Acmectl(httpd)
    look(acmectl, first)

    done = acmectl("renew", NAME)
    assert done.code == 1
    assert "--force" in done.err and len(done.err.splitlines()) == 1
    assert acmectl("renew", "other.example").code == 4
    assert acmectl("renew").code == 2
    assert acmectl("renew", NAME, "--wait=soon").code == 2
    assert ca.orders() == 1

    # httpd is restarted for it in the middle: the same act goes on with the next keeper.
    keeper = httpd.keeper()
    done = acmectl("renew", ALIAS, "--force", "--wait", "--plain")
    assert done.code == 0, done.err
    steps = [row[2] for row in done.rows()]
    assert steps[-1] == "served" and "ordered" in steps, steps
    assert httpd.keeper() != keeper
    second = httpd.wait_for_certificate(NAME, ca, other_than=first.serial_number)
    assert done.rows()[-1][3:] == ["issued", f"{second.serial_number:x}".zfill(len(done.rows()[-1][4]))]
    assert ca.orders() == 2
    assert ca.registrations() == 1

    # And so it does when the keeper is killed.
    waiting = acmectl.begin("renew", NAME, "--force", "--wait", "--json")
    wait_until(lambda: ca.orders() == 3, 20, "the order")
    httpd.keeper().kill(9)
    out, err = waiting.communicate(timeout=120)
    assert waiting.returncode == 0, err
    assert json.loads(out)["results"][0]["result"] == "issued"
    assert ca.orders() == 3

    lines = [json.loads(line) for line in acmectl("log", "--json", NAME).out.splitlines()]
    commands = [line for line in lines if line["event"] == "command"]
    assert all(line["uid"] == 0 and line["command"].startswith("acmectl ") for line in commands)
    assert [line["outcome"] for line in commands] == ["refused", "begun"]
    assert acmectl("log", "--plain", "-n", "1").out.count("\n") == 1

    # Without httpd acmectl starts the keeper itself; nothing is ordered by that alone.
    httpd.stop()
    done = acmectl("retry", NAME, "--wait")
    assert done.code == 0, done.err
    assert "nothing" in done.out
    assert ca.orders() == 3
    assert not httpd.family(), "it ends with acmectl"
    httpd.start()
    world.expect(r"acme_eab:error\].*ended without being asked to")


def test_what_was_mended_is_tried_at_once(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca, key="YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE"),
                    httpd.site(NAME, managed=True))
    world.expect(r"acme_eab:(error|warn)\]")
    httpd.start()
    httpd.wait_for_status(NAME, lambda entry: entry["state"] == "failing", "a failure")
    acmectl = Acmectl(httpd)
    done = acmectl("status")
    assert done.code == 3
    assert done.out.splitlines()[1].startswith("down")
    assert f"acmectl retry {NAME}" in done.out
    assert acmectl("show", NAME).code == 3
    assert acmectl("monitor").code == 2
    done = acmectl("retry", NAME, "--wait")
    assert done.code == 1, "it is as wrong as before"
    assert done.err.startswith("acmectl: ")
    httpd.write_key(ca.keys["kid-1"])
    done = acmectl("retry", NAME, "--wait")
    assert done.code == 0, done.err
    httpd.wait_for_certificate(NAME, ca)
    assert acmectl("status", "--failing", "--plain").out == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_fit_for_their_shell(shell):
    text = subprocess.run([program(), "completion", shell], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    assert "renew" in text and "--columns=name" in text
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=text, text=True, check=True)


def test_bash_completes_commands_options_and_names(tmp_path):
    tool = tmp_path / "acmectl"
    tool.write_text("#!/bin/sh\necho www.test.example\necho 2001:db8::1\n")
    tool.chmod(0o755)
    text = subprocess.run([program(), "completion", "bash"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout

    def complete(*words):
        script = (text + f"\nPATH={tmp_path}:$PATH\nCOMP_WORDS=({' '.join(words)} '')\n"
                  f"unset 'COMP_WORDS[{len(words)}]'\nCOMP_CWORD={len(words) - 1}\n"
                  "compopt() { :; }\n_acmectl; echo \"${COMPREPLY[@]}\"")
        return subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, text=True,
                              check=True).stdout.split()
    assert complete("acmectl", "ren") == ["renew"]
    assert complete("acmectl", "renew", "--wa") == ["--wait="]
    assert complete("acmectl", "renew", "www") == ["www.test.example"]


def test_each_command_has_its_help():
    def run(*arguments):
        return subprocess.run([program(), *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
    listed = [line.split()[0] for line in run("help").stdout.splitlines()
              if line.startswith("  ") and line[2].isalpha()]
    assert {"status", "renew", "retry", "show", "log"} <= set(listed)
    for command in listed:
        assert run("help", command).stdout.startswith(f"acmectl {command}")
        assert run(command, "--help").stdout == run("help", command).stdout
    assert run("help", "nosuch").returncode == 2
    assert run("nosuch").returncode == 2
    assert run("status", "--nosuch").returncode == 2
    assert run("--version").stdout == run("version").stdout


def test_accounts_checks_and_what_is_left_over(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    both = [httpd.acme(ca), httpd.site(NAME, managed=True)]
    httpd.configure(*both, httpd.site("old.test.example", managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    httpd.wait_for_certificate("old.test.example", ca)
    acmectl = Acmectl(httpd)
    rows = acmectl("account", "--plain", user="nobody").rows()
    assert rows[0][0] == "valid" and rows[0][2] == ca.url
    label = rows[0][1]
    assert ca.url in acmectl("account", "show", label, user="nobody").out
    assert acmectl("account", "show", "nosuch").code == 4
    orders = ca.orders()
    done = acmectl("account", "update", label)
    assert done.code == 0, done.err
    assert acmectl("account", "update", "nosuch").code == 4

    done = acmectl("check", "--json")
    assert done.code == 0, done.out + done.err
    grades = {(check["check"], check["grade"]) for check in done.json()["checks"]}
    assert {("configuration", "ok"), ("directory", "ok"), ("clock", "ok"), ("account", "ok"),
            ("order", "not run")} <= grades
    assert {check["subject"] for check in done.json()["checks"] if check["check"] == "addresses"} \
        == {NAME, "old.test.example"}
    assert ca.orders() == orders and ca.accounts() == 1
    assert acmectl("check", user="nobody").code == 5
    text = httpd.conf.read_text()
    httpd.conf.write_text(text + "Nonsense\n")
    done = acmectl("check", "--offline")
    assert done.code == 1 and "Nonsense" in done.out
    httpd.conf.write_text(text)

    line = httpd.line_of("ServerName old.test.example")
    done = acmectl("delete", "--yes", "old.test.example")
    assert done.code == 1
    assert f"{httpd.conf}:{line + 2}" in done.err, "it says where"
    assert acmectl("account", "forget", "--yes", label).code == 1
    httpd.configure(*both)
    httpd.graceful()
    httpd.wait_for_report(lambda report: report["leftovers"]["certificates"], "a leftover")
    assert ["leftover", "old.test.example"] in [
        row[:2] for row in acmectl("status", "--all", "--plain").rows()]
    assert acmectl("delete", "old.test.example").code == 2, "nobody was asked"
    assert (httpd.dir / "store" / "archive" / "old.test.example").exists()
    done = acmectl("delete", "--yes", "old.test.example")
    assert done.code == 0, done.err
    for place in ("archive", "live", "pending"):
        assert not (httpd.dir / "store" / place / "old.test.example").exists()
    httpd.wait_for_report(lambda report: not report["leftovers"]["certificates"], "no leftover")
    assert acmectl("delete", "--yes", "old.test.example").code == 4
    assert acmectl("delete", "--yes", "../../etc").code == 4


def on_terminal(command, say="", environment=None):
    """Run it with a terminal as its input and output: (exit status, what was shown)."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, {**os.environ, "TERM": "dumb", **(environment or {})})
    shown = b""
    if say:
        os.write(fd, say.encode())
    while True:
        try:
            piece = os.read(fd, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


def test_what_every_command_takes(world, tmp_path):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    httpd.wait_for_status(NAME, lambda entry: entry["grade"] == "ok", "all well")
    acmectl = Acmectl(httpd)
    words = acmectl.command("status")

    # Long text goes to a pager, on a terminal alone.
    marked = {"ACMECTL_PAGER": "sed s/^/paged:/", "PAGER": "sed s/^/other:/"}
    assert "paged:ok" in on_terminal(words, environment={**marked, "NO_COLOR": "1"})[1]
    assert "other:" in on_terminal(words, environment={"PAGER": "sed s/^/other:/"})[1]
    assert "paged:" not in on_terminal([*words, "--no-pager"], environment=marked)[1]
    assert "paged:" not in on_terminal([*words, "--plain"], environment=marked)[1]
    assert "paged:" not in acmectl("status", environment=marked).out
    assert on_terminal(words, environment={"PAGER": "/nowhere/at/all"})[0] == 0

    # Colors: on a terminal, unless somebody does not want them.
    assert "\033[32m" in on_terminal([*words, "--no-pager"])[1]
    assert "\033" not in on_terminal([*words, "--no-pager"], environment={"NO_COLOR": "1"})[1]
    assert "\033" not in on_terminal([*words, "--no-pager", "--color=never"])[1]

    # Columns, in their order, and without the first line.
    assert acmectl("status", "--columns=name,state", "--no-legend").out.split() == [NAME, "ok"]
    assert acmectl("account", "--columns=state", "--plain").out == "valid\n"
    done = acmectl("status", "--columns=name,nosuch")
    assert done.code == 2 and "nosuch" in done.err and not done.out

    # Times as the reader has them, or in UTC.
    east = {"TZ": "XYZ-5"}
    assert "XYZ" in acmectl("log", environment=east).out
    assert "XYZ" not in acmectl("log", "--utc", environment=east).out

    def instance(*arguments):
        return subprocess.run([program(), *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert "/acme-eab-second/status.json" in instance("--instance", "second", "status").stderr
    assert "/lib/acme-eab-second" in instance("--instance", "second", "renew", "--all").stderr
    assert instance("--instance", "../x", "status").returncode == 2
    assert instance("--instance", "second", "--store", "/x", "status").returncode == 2


def test_a_reason_is_asked_for_where_somebody_is_there(world):
    httpd = world.httpd()
    ca = world.simulated_ca(httpd, "plain")
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    first = httpd.wait_for_certificate(NAME, ca)
    acmectl = Acmectl(httpd)
    done = acmectl("revoke", NAME)
    assert done.code == 2 and "--reason" in done.err
    assert acmectl("revoke", NAME, "--yes").code == 2
    code, shown = on_terminal(acmectl.command("revoke", NAME), say="tuesday\n")
    assert code == 2 and "no reason" in shown
    code, shown = on_terminal(acmectl.command("revoke", NAME), say="4\nn\n")
    assert code == 2 and "superseded" in shown and "Nothing was done" in shown
    assert ca.requests("revoke") == 0
    code, shown = on_terminal(acmectl.command("revoke", NAME, "--now", "--wait"),
                              say="superseded\ny\n")
    assert code == 0, shown
    assert next(c for c in ca.certificates if c.serial == first.serial_number).reason == 4
    httpd.wait_for_issue(NAME, other_than=first.serial_number)


def test_a_store_is_brought_to_another_place(world, tmp_path):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    first = httpd.wait_for_certificate(NAME, ca)
    httpd.wait_for_status(NAME, lambda entry: entry["grade"] == "ok", "all well")
    acmectl = Acmectl(httpd)
    file = httpd.dir / "backup.tar"
    done = acmectl("backup", file)
    assert done.code == 0, done.err
    assert "private keys" in done.out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    listed = subprocess.run(["tar", "-tf", file], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert "./format.json" in listed and "./control\n" not in listed and "./lock\n" not in listed
    assert acmectl("backup", file).code == 1, "nothing is overwritten"
    assert acmectl("backup", tmp_path / "x", user="nobody").code == 5

    done = acmectl("restore", file)
    assert done.code == 1 and "stop it" in done.err
    httpd.stop()
    done = acmectl("restore", file)
    assert done.code == 1 and "not empty" in done.err
    store = httpd.dir / "store"
    before = sorted(str(path.relative_to(store)) for path in store.rglob("*")
                    if path.name not in ("control", "lock"))
    shutil.rmtree(store)
    nonsense = httpd.dir / "nonsense"
    nonsense.write_text("no archive\n")
    done = acmectl("restore", nonsense)
    assert done.code == 1 and "no backup" in done.err and not store.exists()
    done = acmectl("restore", file)
    assert done.code == 0, done.err
    assert sorted(str(path.relative_to(store)) for path in store.rglob("*")) == before
    httpd.write_key("")
    httpd.start()
    assert httpd.wait_for_certificate(NAME, ca).serial_number == first.serial_number
    assert (ca.orders(), ca.registrations()) == (1, 1)
