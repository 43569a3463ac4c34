# SPDX-License-Identifier: Apache-2.0
"""acmectl: what an administrator sees, what root asks of the keeper, and what comes of it."""

import fcntl
import json
import os
import pty
import shutil
import socket
import stat
import subprocess
import threading
import time

import pytest

from harness.acmectl import Acmectl, program
from harness.board import Board
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
    done = acmectl("status", "b\u00fccher.example", **everybody)
    assert done.code == 4 and "xn--" in done.err

    done = acmectl("show", ALIAS, **everybody)
    assert done.code == 0, done.err
    assert f"{first.serial_number:x}" in done.out.lower()
    assert "PRIVATE" not in done.out
    assert ["certificate", NAME] in acmectl("show", NAME, "--plain", **everybody).rows()
    chain = acmectl("show", "--chain", NAME).out
    assert chain.startswith("-----BEGIN CERTIFICATE-----")
    assert acmectl("show", "--chain", NAME, "--json").json()["chain"] == chain
    assert acmectl("show", "--chain", NAME, **everybody).code == 5

    done = acmectl("monitor", **everybody)
    assert done.code == 0
    assert done.out.startswith("ACME OK - ") and "| certificates=1 down=0" in done.out
    assert acmectl("monitor", "-w", "100%", **everybody).code == 1
    assert acmectl("monitor", "-c", "20000d", **everybody).code == 2
    assert acmectl("--run", "/nowhere", "monitor", **everybody).code == 3
    assert "# TYPE" in acmectl("metrics", **everybody).out

    for command in (["renew", NAME], ["retry", "--all"], ["log"]):
        done = acmectl(*command, "--json", **everybody)
        assert done.code == 5, f"{command}: {done.err}"
        assert done.err.startswith("acmectl: ") and "sudo" in done.err
        assert done.json()["ok"] is False and "sudo" in done.json()["problem"]["detail"]
    done = acmectl("--store", "/nowhere", "log")
    assert done.code == 7 and "--store" in done.err


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

    lines = [json.loads(line) for line in acmectl("log", "--json", NAME.upper()).out.splitlines()]
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


def lock_is_free(httpd):
    with open(httpd.dir / "store" / "lock", "rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def test_the_keeper_without_httpd_ends_before_acmectl(world):
    """Whoever says acmectl && systemctl start apache2 finds the store free, and what the keeper does last is
    done: it is not killed with acmectl."""
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    httpd.wait_for_status(NAME, lambda entry: entry["grade"] == "ok", "all well")
    httpd.stop()
    for _ in range(5):
        waiting = Acmectl(httpd).begin("retry", NAME, "--wait")
        code = waiting.wait()
        assert lock_is_free(httpd) and not httpd.family()
        assert code == 0, waiting.communicate()


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
    assert done.err.startswith("acmectl: ") and f"acmectl show {NAME}" in done.out
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
    of_name = acmectl("--json", "account", "show", NAME, user="nobody").json()
    assert of_name["account"]["label"] == label, "the one that the certificate is of"
    assert acmectl("account", "show", "nosuch").code == 4
    assert "| certificates=1 " in acmectl("monitor", NAME).out
    assert "1 certificate, ok." in acmectl("status", NAME).out
    orders = ca.orders()
    done = acmectl("account", "update", label)
    assert done.code == 0, done.err
    assert acmectl("account", "update", "nosuch").code == 4

    done = acmectl("check", "--json")
    assert done.code == 0, done.out + done.err
    grades = {(check["check"], check["grade"]) for check in done.json()["checks"]}
    assert {("configuration", "ok"), ("directory", "ok"), ("clock", "ok"), ("account", "ok"),
            ("validation", "ok"), ("order", "not run")} <= grades
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
    httpd.configure(*both, "ACMEChallenge none")
    httpd.graceful()
    httpd.wait_for_report(lambda report: report["leftovers"]["certificates"], "a leftover")
    told = [row for row in acmectl("check", "--plain").rows() if row[1] == "validation"]
    assert told[0][0] == "warning" and "ACMEChallenge" in told[0][3], "it ends within the hour"
    left, = [row for row in acmectl("status", "--all", "--plain").rows() if row[0] == "leftover"]
    assert left[1] == "old.test.example" and left[3].endswith("Z"), "until when others may use it"
    assert acmectl("delete", "old.test.example").code == 2, "nobody was asked"
    assert (httpd.dir / "store" / "archive" / "old.test.example").exists()
    done = acmectl("delete", "--yes", "Old.test.example")
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
    other = instance("--store", tmp_path, "status")  # not the report of the usual one
    assert other.returncode == 7 and f"{tmp_path} is not known" in other.stderr, other.stderr
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


def test_an_httpd_that_is_stopped_is_seen_at_once(world):
    """By root and by others, before the report is stale; what is known is told all the same."""
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "valid")
    acmectl = Acmectl(httpd)
    for user in ("root", "nobody"):
        done = acmectl("--json", "status", user=user)
        assert done.code == 0 and done.json()["running"] is True and done.err == "", done.err
    httpd.stop()
    for user in ("root", "nobody"):
        done = acmectl("status", user=user)
        assert done.code == 7 and done.err.startswith("acmectl: httpd is not running"), done.err
        assert NAME in done.out
        done = acmectl("--json", "status", user=user)
        assert done.code == 7 and done.json()["running"] is False and done.json()["ok"] is False
        assert done.json()["stale"] is False
        assert acmectl("show", NAME, user=user).code == 7
        done = acmectl("monitor", user=user)
        assert done.code == 3 and done.out.startswith("ACME UNKNOWN - httpd is not running; "), done.out
    done = acmectl("--plain", "check", "--offline")
    assert done.code == 1 and done.rows()[0][:2] == ["fault", "httpd"], done.out
    httpd.start()
    httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "valid")
    assert acmectl("status").code == 0
    assert acmectl("--plain", "check", "--offline").rows()[0][:2] == ["ok", "httpd"]
    # Of other processes with the same numbers nothing follows, as where httpd runs in a container.
    report = json.loads((httpd.run_dir / "status.json").read_text())
    elsewhere = httpd.dir / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    report["processes"]["httpd"]["pid"] = 2 ** 22 + 1  # there is none
    for namespace, code in ((report["pid_namespace"], 7), ("pid:[1]", 0), (None, 0)):
        (elsewhere / "status.json").write_text(json.dumps({**report, "pid_namespace": namespace}))
        assert acmectl("--run", elsewhere, "status", user="nobody").code == code


ALIVE, PART, END = 5, 14, 15  # ipc/message.h


class FakeKeeper:
    """Answers each connection by one of the functions, and notes what it was asked."""

    def __init__(self, store, *answers):
        store.mkdir(mode=0o700)
        self._store = store
        self._begin()
        self.asked = []
        self._thread = threading.Thread(target=self._serve, args=(answers,), daemon=True)
        self._thread.start()

    def _begin(self):
        self._lock = (self._store / "lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # or acmectl would start a keeper of its own
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(self._store / "control"))
        self._socket.listen(8)

    def start_again(self, seconds):
        """Nobody has the lock and nobody listens for so long."""
        self.end()
        time.sleep(seconds)
        (self._store / "control").unlink()
        self._begin()

    def _serve(self, answers):
        for answer in answers:
            after = None
            connection, _ = self._socket.accept()
            with connection:
                length = int.from_bytes(connection.recv(5, socket.MSG_WAITALL)[1:], "big")
                self.asked.append(json.loads(connection.recv(length, socket.MSG_WAITALL)))
                after = answer(lambda kind, **body: connection.sendall(frame(kind, body)))  # noqa: B023
            if after is not None:
                after(self)

    def end(self):
        self._socket.close()
        self._lock.close()


def frame(kind, body):
    payload = json.dumps(body).encode()
    return bytes([kind]) + len(payload).to_bytes(4, "big") + payload


def ask_fake_keeper(tmp_path, *answers):
    """answers are given the board, to let time go by, and the way to send. @return (exit code, keeper)"""
    board = Board(tmp_path / "steps", os.environ["EAB_STEPS"])
    keeper = FakeKeeper(tmp_path / "store",
                        *(lambda send, answer=answer: answer(board, send) for answer in answers))
    board.watch(tmp_path / "store", tmp_path / "run")
    board.arm()
    done = subprocess.run([program(), "--store", tmp_path / "store", "account", "update", "x"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                          timeout=120, env={**os.environ, **board.environment})
    keeper.end()
    return done, keeper


def test_a_wait_outlives_restarts_that_are_far_apart(tmp_path):
    def spoken_and_lost(board, send):
        board.let_pass(25)
        send(ALIVE)

    def told_and_lost(board, send):
        board.let_pass(25)
        send(PART, key="x", n=1)

    def ended(_, send):
        send(END, running=False)

    done, keeper = ask_fake_keeper(tmp_path, spoken_and_lost, told_and_lost, spoken_and_lost, ended)
    assert done.returncode == 0, done.stderr
    assert len({ask["id"] for ask in keeper.asked}) == 1 and len(keeper.asked) == 4


def test_an_httpd_has_time_to_start_its_keeper_again(tmp_path):
    """No other one takes its place meanwhile."""
    def killed(_, send):
        send(ALIVE)
        return lambda keeper: keeper.start_again(2)

    def ended(_, send):
        send(END, running=False)

    done, keeper = ask_fake_keeper(tmp_path, killed, ended)
    assert done.returncode == 0 and len(keeper.asked) == 2, done.stderr


def test_a_wait_for_a_keeper_without_a_word_ends(tmp_path):
    def lost(board, _):
        board.let_pass(20)

    done, keeper = ask_fake_keeper(tmp_path, lost, lost, lost)
    assert done.returncode == 7 and "did not answer" in done.stderr
    assert len(keeper.asked) == 3
