# SPDX-License-Identifier: Apache-2.0
"""What an administrator sees of acme-eab-enroll, and what a manager sees."""

import json
import os
import re
import signal
import stat
import subprocess
import threading
from pathlib import Path

import pytest
import simulated_manager as sim
from harness.waiting import wait_until

ACCOUNT = r"/(oauth/)?api/acme/v2/account"


def one_sentence(text):
    assert text.startswith("acme-eab-enroll: ") and text.count("\n") == 1, text
    return text


# ---- Sectigo: a new account ----

@pytest.mark.parametrize("way", ["sectigo", "sectigo-old"])
def test_a_new_account_from_nothing_to_a_key_file(desk, manager, way):
    manager.servers_by = "name" if way == "sectigo-old" else "url"
    code, out, err = desk.create("--domains", "www.example.edu,example.edu", "--print-config", way=way)
    assert (code, err) == (0, "")
    assert desk.key.read_text() == sim.KEY + "\n"
    assert stat.S_IMODE(desk.key.stat().st_mode) == 0o600
    assert sim.KEY not in out
    assert manager.domains[100] == ["www.example.edu", "example.edu"]
    assert f"ACMEServer         https://acme.example/v2/OV\nACMEEABKid         {sim.KEY_ID}\n" in out
    assert f"ACMEEABKey         file:{desk.key}\n" in out
    assert "ACMEManagedDomain  www.example.edu example.edu\n" in out
    assert not list(desk.state.iterdir())
    assert [p.name for p in desk.directory.iterdir() if p.name.startswith(".tmp-")] == []


def test_the_same_command_again_uses_the_account_that_is_there(desk, manager):
    assert desk.create("--domains", "a.example.edu")[0] == 0
    desk.key.unlink()
    code, out, _ = desk.create("--domains", "a.example.edu,b.example.edu", "--json")
    told = json.loads(out)
    assert code == 0 and told["ok"] and not told["created"]
    assert told["domains_added"] == ["b.example.edu"] and told["account"]["id"] == "100"
    assert manager.count("POST", ACCOUNT) == 1
    assert manager.batches == [1, 1]
    assert sim.KEY not in out and desk.key.read_text() == sim.KEY + "\n"


def test_without_a_location_the_account_is_found_in_the_list(desk, manager):
    manager.location = False
    manager.filter_by_part = True
    for number in range(250):
        manager.add_account(f"www1-httpd-{number}")
    assert desk.create()[0] == 0
    assert manager.count("POST", ACCOUNT) == 1


@pytest.mark.parametrize("total_count", [True, False])
def test_lists_of_several_pages(desk, manager, total_count):
    manager.total_count = total_count
    for number in range(450):
        manager.add_account(f"host-{number}")
    code, out, _ = desk.run("sectigo", "--list")
    assert code == 0 and len(out.splitlines()) == 450
    assert out.splitlines()[449].split("\t") == [
        "549", "host-449", "pending", "1823", "https://acme.example/v2/OV"]
    assert sim.KEY not in out
    assert manager.count("GET", ACCOUNT) == 3


def test_several_accounts_of_that_name_stop_it(desk, manager):
    manager.add_account("www1-httpd")
    manager.add_account("www1-httpd")
    code, _, err = desk.create()
    assert code == 1 and "100, 101" in one_sentence(err) and "--account" in err
    assert manager.count("POST", ".*account.*") == 0 and not desk.key.exists()
    assert desk.create("--account", "101")[0] == 0


def test_an_account_of_another_organization_stops_it(desk, manager):
    manager.add_account("www1-httpd", organization=7)
    code, _, err = desk.create()
    assert code == 1 and "organization 7" in one_sentence(err)
    assert manager.count("POST", ACCOUNT) == 0 and not desk.key.exists()


def test_domains_go_in_batches_and_a_success_may_be_a_partial_one(desk, manager):
    names = [f"h{number}.example.edu" for number in range(230)]
    manager.not_validated = {"h7.example.edu", "h229.example.edu"}
    code, out, err = desk.create("--domains", ",".join(names), "--json")
    told = json.loads(out)
    assert code == 1 and not told["ok"] and "2 of the domains" in one_sentence(err)
    assert told["domains_not_added"] == ["h7.example.edu", "h229.example.edu"]
    assert len(told["domains_added"]) == 228
    assert told["problem"]["type"] == "urn:acme-eab:problem:partlyDone"
    assert manager.batches == [100, 100, 30]
    assert desk.key.read_text() == sim.KEY + "\n"  # the account stays, and so does its key
    manager.not_validated = set()
    code, out, _ = desk.run("sectigo", "--name", "www1-httpd", "--domains-add",
                            "h7.example.edu,h8.example.edu,h229.example.edu")
    assert code == 0 and "2 added, 1 there already, 0 not added" in out


@pytest.mark.parametrize("refused_for", ["name", "organization"])
def test_a_refusal_leaves_nothing_behind(desk, manager, refused_for):
    option = ["--server", "https://acme.example/v2/EV"] if refused_for == "name" else ["--organization", "7"]
    arguments = desk.arguments("sectigo", "--name", "www1-httpd", "--out-key", str(desk.key), *option)
    rest = ["--organization", "1823"] if refused_for == "name" else ["--server", "DV ACME Server"]
    code, _, err = desk.run_as_it_is(arguments + rest)
    one_sentence(err)
    if refused_for == "name":
        assert code == 4 and "https://acme.example/v2/OV, https://acme.example/v2/DV" in err
    else:
        assert code == 1 and "-1010: Organization is not allowed" in err
    assert not desk.key.exists() and not manager.accounts
    assert not desk.state.exists() or not list(desk.state.iterdir())


def test_a_dry_run_changes_nothing(desk, manager):
    code, out, err = desk.create("--domains", "a.example.edu", "--dry-run")
    assert (code, err) == (0, "") and "would be made" in out
    assert not manager.accounts and not desk.key.exists()
    assert {method for method, path in manager.asked if path != "/token"} == {"GET"}


def test_universal_accounts_show_no_key(desk, manager):
    manager.add_account("www1-httpd", macId="", macKey="")
    code, _, err = desk.create()
    assert code == 6 and "shows no key id and key" in one_sentence(err) and not desk.key.exists()


@pytest.mark.parametrize("spoiled", [{"macKey": "short"}, {"macId": "a\nServerName evil"},
                                     {"macId": 'x"y'}, {"macKey": "bad key with spaces" * 5}])
def test_what_cannot_be_a_pair_is_not_written(desk, manager, spoiled):
    manager.add_account("www1-httpd", **spoiled)
    code, out, err = desk.create("--print-config")
    assert code == 6 and not desk.key.exists() and "nothing was written" in one_sentence(err)
    assert "ServerName" not in out and "ACMEEABKid" not in out


# ---- killed in between ----

def killed_while(desk, manager, method, path, after):
    """The program is killed while it waits for this answer."""
    go_on = threading.Event()
    manager.hold[(method, path)] = go_on
    running = desk.start("sectigo", "--organization", "1823", "--server", "OV ACME Server", "--name",
                         "www1-httpd", "--domains", "a.example.edu", "--out-key", str(desk.key))
    wait_until(lambda: (method, path) in manager.asked and after(), 20, "the request")
    running.send_signal(signal.SIGKILL)
    running.communicate()
    manager.hold.clear()
    go_on.set()


@pytest.mark.parametrize("method, path", [("POST", "/oauth/api/acme/v2/account"),
                                          ("POST", "/oauth/api/acme/v2/account/100/domain"),
                                          ("GET", "/oauth/api/acme/v2/account/100")])
def test_killed_between_create_and_read(desk, manager, method, path):
    killed_while(desk, manager, method, path, lambda: bool(manager.accounts))
    assert not desk.key.exists()
    assert len(list(desk.state.iterdir())) == 1
    assert sim.KEY not in next(desk.state.iterdir()).read_text()
    assert desk.run("sectigo", "--organization", "1823", "--server", "OV ACME Server", "--name",
                    "www1-httpd", "--domains", "a.example.edu", "--out-key", str(desk.key))[0] == 0
    assert len(manager.accounts) == 1 and manager.domains[100] == ["a.example.edu"]
    assert desk.key.read_text() == sim.KEY + "\n" and not list(desk.state.iterdir())


def test_the_journal_finds_an_account_that_the_list_does_not_show_yet(desk, manager):
    killed_while(desk, manager, "GET", "/oauth/api/acme/v2/account/100", lambda: True)
    manager.spoil[("GET", "/oauth/api/acme/v2/account")] = {"json": [], "headers": {"X-Total-Count": "0"}}
    assert desk.create("--server", "x")[0] == 2  # given twice
    assert desk.run("sectigo", "--organization", "1823", "--server", "OV ACME Server", "--name",
                    "www1-httpd", "--out-key", str(desk.key))[0] == 0
    assert len(manager.accounts) == 1


# ---- Sectigo: the rest ----

def test_servers_clients_domains(desk, manager):
    number = manager.add_account("www1-httpd")
    manager.domains[number] = ["a.example.edu"]
    manager.clients[number] = [
        {"accountId": "c/1==", "ipAddress": "192.0.2.7", "userAgent": "evil\x1b[2J", "status": "valid",
         "lastActivity": "2026-11-01T00:00:00Z", "contacts": ""}]
    assert desk.run("sectigo", "--servers")[1].splitlines()[0].split("\t") == [
        "https://acme.example/v2/OV", "OV", "OV ACME Server"]
    assert desk.run("sectigo", "--domains-list", "--name", "www1-httpd")[1] == \
        "a.example.edu\t2027-05-21T12:28:57.544Z\n"
    code, out, _ = desk.run("sectigo", "--clients", "--account", str(number))
    assert code == 0 and "\x1b" not in out and out.startswith("c/1==\tvalid\t192.0.2.7\t")
    code, _, err = desk.run("sectigo", "--name", "www1-httpd", "--deactivate-client", "other")
    assert code == 4 and "--clients" in one_sentence(err)
    assert desk.run("sectigo", "--name", "www1-httpd", "--deactivate-client", "c/1==", "--dry-run")[0] == 0
    assert manager.clients[number][0]["status"] == "valid"
    assert desk.run("sectigo", "--name", "www1-httpd", "--deactivate-client", "c/1==")[0] == 0
    assert manager.clients[number][0]["status"] == "deactivated"
    assert desk.run("sectigo", "--name", "nobody", "--clients")[0] == 4


# ---- what can go wrong on the way ----

HTML = {"content": b"<html><body>Please log in to the campus network</body></html>",
        "headers": {"Content-Type": "text/html"}}


@pytest.mark.parametrize("answer, code, words", [
    (HTML, 6, "answered with a web page"),
    ({**HTML, "headers": {"Content-Type": "application/json"}}, 6, "answered with a web page"),
    ({"status": 401, "json": {"code": -16, "description": "Unknown user"}}, 5, "--customer-uri"),
    ({"status": 403, "json": {"code": -1, "description": "x\x1b[31m"}}, 5, "rights"),
    ({"status": 404, "json": {"code": -2, "description": "gone"}}, 4, "not there"),
    ({"status": 400, "json": {"code": -727, "description": "No such domain"}}, 4, "does not have this domain"),
    ({"status": 400, "json": {"code": -1010, "description": "no"}}, 1, "not allowed for this organization"),
    ({"status": 400, "json": {"code": -107, "description": "no"}}, 1, "have its DCV done"),
    ({"status": 400, "json": {"code": -737, "description": "no"}}, 1, "have its DCV done"),
    ({"status": 400, "json": {"code": -1137, "description": "no"}}, 1, "have its DCV done"),
    ({"status": 429, "headers": {"Retry-After": "120"}}, 6, "in 2 minutes"),
    ({"status": 503, **HTML}, 6, "in trouble itself"),
    ({"status": 302, "headers": {"Location": "https://evil.example/"}}, 6, "not followed"),
    ({"json": {"not": "a list"}}, 6, "not what its documentation says"),
    ({"content": b"[1", "headers": {"Content-Type": "application/json"}}, 6, "not what its documentation"),
    ({"content": b"[" + b" " * 1500000 + b"]", "headers": {"Content-Type": "application/json"}}, 6,
     "longer than"),
    ({"content": b"[" * 5000 + b"]" * 5000, "headers": {"Content-Type": "application/json"}}, 6,
     "not what its documentation"),
    ({"json": [], "delay": 3}, 6, "within 1 seconds"),
])
def test_each_refusal_is_one_sentence_that_says_what_to_do(desk, manager, answer, code, words):
    manager.spoil[("GET", "/oauth/api/acme/v1/server")] = answer
    got, out, err = desk.run("sectigo", "--servers", "--timeout", "1" if "delay" in answer else "30")
    assert (got, out) == (code, "") and words in one_sentence(err) and "\x1b" not in err
    manager.spoil[("GET", "/oauth/api/acme/v1/server")] = answer
    if "delay" not in answer:
        got, out, _ = desk.run("sectigo", "--servers", "--json")
        told = json.loads(out)
        assert got == code and told["ok"] is False and words in told["problem"]["detail"]


def test_sign_in_refused(desk, manager):
    desk.secret("client-secret", "wrong")
    arguments = desk.arguments("sectigo", "--servers")
    desk.secret("client-secret", "wrong")
    code, _, err = desk.run_as_it_is(arguments)
    assert code == 5 and "invalid_client" in one_sentence(err) and "wrong" not in err
    arguments = desk.arguments("sectigo-old", "--servers")
    desk.secret("password", "wrong")
    code, _, err = desk.run_as_it_is(arguments)
    assert code == 5 and "-16: Unknown user" in one_sentence(err)
    manager.spoil[("POST", "/token")] = {"json": {"access_token": "two\r\nlines", "token_type": "Bearer"}}
    assert desk.run("sectigo", "--servers")[0] == 6


def test_a_manager_that_is_not_trusted_gets_nothing(desk, manager, server):
    arguments = [word for word in desk.arguments("sectigo-old", "--servers")]
    at = arguments.index("--ca-file")
    code, _, err = desk.run_as_it_is(arguments[:at] + arguments[at + 2:])
    assert code == 6 and "not trusted" in one_sentence(err)
    by_number = [word.replace("localhost", "127.0.0.1") for word in arguments]
    assert desk.run_as_it_is(by_number)[0] == 6
    plain = [word.replace("https:", "http:") for word in arguments]
    assert desk.run_as_it_is(plain)[0] == 2
    assert manager.asked == []


def test_nobody_there(desk, server):
    arguments = [word.replace(str(server.server_address[1]), "1") for word in
                 desk.arguments("sectigo-old", "--servers")]
    code, _, err = desk.run_as_it_is(arguments)
    assert code == 6 and "could not be reached" in one_sentence(err)


# ---- secrets ----

def test_secrets_come_from_private_files_only(desk, manager):
    arguments = desk.arguments("sectigo-old", "--servers")
    os.chmod(desk.directory / "password", 0o640)
    code, _, err = desk.run_as_it_is(arguments)
    assert code == 5 and "chmod 600" in one_sentence(err)
    (desk.directory / "password").unlink()
    assert desk.run_as_it_is(arguments)[0] == 5
    os.mkfifo(desk.directory / "password", 0o600)
    assert desk.run_as_it_is(arguments)[0] == 5
    (desk.directory / "password").unlink()
    for content in ("", "two\nlines", "x" * 9000, "head\rer"):
        desk.secret("password", content)
        code, _, err = desk.run_as_it_is(arguments)
        assert code == 5, content[:20]
        one_sentence(err)
    assert manager.asked == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user's file")
def test_a_file_of_another_user_is_not_a_secret(desk, manager):
    arguments = desk.arguments("sectigo-old", "--servers")
    os.chown(desk.directory / "password", 65534, 65534)
    code, _, err = desk.run_as_it_is(arguments)
    assert code == 5 and "another user" in one_sentence(err) and manager.asked == []


@pytest.mark.parametrize("word", ["--password", "--password=hunter2", "--client-secret"])
def test_never_on_the_command_line(desk, manager, word):
    code, _, err = desk.run_as_it_is([str(desk.program), "sectigo", "--login", "x", word, "hunter2"])
    assert code == 2 and "-file FILE" in one_sentence(err) and "hunter2" not in err
    assert desk.run_as_it_is([str(desk.program), "sectigo", "hunter2"])[0] == 2


def test_by_descriptor_and_by_credential(desk, manager):
    arguments = desk.arguments("sectigo-old", "--servers")
    at = arguments.index("--password-file")
    reading, writing = os.pipe()
    os.write(writing, sim.PASSWORD.encode())
    os.close(writing)
    assert desk.run_as_it_is(arguments[:at] + ["--password-fd", str(reading)] + arguments[at + 2:],
                             pass_fds=[reading])[0] == 0
    os.close(reading)
    by_name = arguments[:at] + ["--password-credential", "password"] + arguments[at + 2:]
    assert desk.run_as_it_is(by_name, env={**os.environ, "CREDENTIALS_DIRECTORY": str(desk.directory)})[0] == 0
    code, _, err = desk.run_as_it_is(by_name)
    assert code == 5 and "LoadCredential" in one_sentence(err)
    # No terminal, nothing said: nobody waits for an answer.
    code, _, err = desk.run_as_it_is(arguments[:at] + arguments[at + 2:])
    assert code == 2 and "--password-file" in one_sentence(err)


def test_the_prompt_shows_nothing(desk):
    arguments = desk.arguments("sectigo-old", "--servers")
    at = arguments.index("--password-file")
    near, far = os.openpty()

    def become_its_own():
        os.setsid()
        import fcntl
        import termios
        fcntl.ioctl(far, termios.TIOCSCTTY, 0)
    running = subprocess.Popen(arguments[:at] + arguments[at + 2:], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, text=True, preexec_fn=become_its_own, pass_fds=[far])
    os.close(far)
    seen = b""
    while b"not shown" not in seen:
        seen += os.read(near, 1000)
    os.write(near, sim.PASSWORD.encode() + b"\n")
    out, _ = running.communicate(timeout=30)
    try:
        while more := os.read(near, 1000):
            seen += more
    except OSError:
        pass
    os.close(near)
    assert running.returncode == 0 and "OV ACME Server" in out
    assert sim.PASSWORD.encode() not in seen


def test_a_process_that_cannot_be_looked_into(desk, manager):
    go_on = threading.Event()
    manager.hold[("GET", "/oauth/api/acme/v1/server")] = go_on
    running = desk.start("sectigo", "--servers")
    wait_until(lambda: ("GET", "/oauth/api/acme/v1/server") in manager.asked, 20, "the request")
    with open(f"/proc/{running.pid}/cmdline", "rb") as stream:
        assert sim.CLIENT_SECRET.encode() not in stream.read()
    limits = open(f"/proc/{running.pid}/limits").read()
    assert [line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core")] == [["0", "0"]]
    # What cannot be dumped belongs to root in /proc, whoever runs it.
    assert os.stat(f"/proc/{running.pid}/environ").st_uid == 0
    go_on.set()
    assert running.wait(30) == 0
    running.communicate()


# ---- the key file ----

def test_a_key_file_is_never_overwritten(desk, manager):
    for make in (lambda: desk.key.write_text("precious"), lambda: desk.key.symlink_to("/nowhere"),
                 lambda: desk.key.mkdir()):
        make()
        code, _, err = desk.create()
        assert code == 1 and "not overwritten" in one_sentence(err)
        if desk.key.is_dir() and not desk.key.is_symlink():
            desk.key.rmdir()
        else:
            desk.key.unlink()
    assert manager.asked == [] or manager.count("POST", ACCOUNT) == 0
    assert not manager.accounts


def test_the_key_is_shown_only_to_those_who_know(desk, manager):
    common = ["--organization", "1823", "--server", "OV ACME Server", "--name", "x", "--out-key", "-"]
    code, out, err = desk.run("sectigo", *common)
    assert code == 2 and out == "" and "--i-know" in one_sentence(err) and not manager.accounts
    code, out, err = desk.run("sectigo", *common, "--i-know")
    assert code == 0 and out == sim.KEY + "\n" and sim.KEY_ID in err


# ---- the others ----

def test_zerossl(desk, manager):
    access_key = desk.secret("access-key", sim.ACCESS_KEY)
    code, out, _ = desk.run("zerossl", "--access-key-file", access_key, "--out-key", str(desk.key),
                            "--print-config")
    assert code == 0 and desk.key.read_text() == sim.KEY + "\n" and sim.KEY not in out
    assert "ACMEServer         https://acme.zerossl.com/v2/DV90\nACMEEABKid         kid-1\n" in out
    again = desk.directory / "again.key"
    assert desk.run("zerossl", "--email", "x+y@example.edu", "--out-key", str(again))[0] == 0
    assert manager.pairs == 2
    desk.secret("access-key", "wrong")
    code, _, err = desk.run("zerossl", "--access-key-file", access_key, "--out-key", str(desk.directory / "c"))
    assert code == 5 and "Developer page" in one_sentence(err) and "wrong" not in err
    # The key is in the address, which no error shows.
    desk.secret("access-key", sim.ACCESS_KEY)
    manager.spoil[("POST", "/zerossl/acme/eab-credentials")] = {"status": 500}
    code, _, err = desk.run("zerossl", "--access-key-file", access_key, "--out-key", str(desk.directory / "c"))
    assert code == 6 and sim.ACCESS_KEY not in one_sentence(err)
    asked = len(manager.asked)
    assert desk.run("zerossl", "--email", "x@example.edu", "--out-key", str(again))[0] == 1
    assert desk.run("zerossl", "--email", "x@example.edu", "--out-key", str(desk.directory / "c"),
                    "--dry-run")[0] == 0
    assert len(manager.asked) == asked


def test_digicert(desk, manager):
    common = ["--name", "www1", "--organization", "946767"]
    code, out, _ = desk.run("digicert", *common, "--product", "ssl_basic", "--out-key", str(desk.key),
                            "--print-config")
    assert code == 0 and desk.key.read_text() == sim.KEY + "\n"
    assert "ACMEServer         https://acme.digicert.example/v2/dir\n" in out
    code, _, err = desk.run("digicert", *common, "--product", "x", "--out-key", str(desk.directory / "b"))
    assert code == 1 and "ssl_basic" in one_sentence(err)
    arguments = desk.arguments("digicert", *common, "--product", "ssl_basic", "--out-key",
                               str(desk.directory / "b"))
    desk.secret("api-key", "wrong")
    assert desk.run_as_it_is(arguments)[0] == 5
    assert not (desk.directory / "b").exists()


def test_a_pair_that_may_be_lost_is_told_of(desk, manager):
    go_on = threading.Event()
    path = "/digicert/key/acme-eab/tlm"
    options = ["--name", "www1", "--organization", "946767", "--product", "ssl_basic", "--out-key",
               str(desk.key)]
    manager.hold[("POST", path)] = go_on
    running = desk.start("digicert", *options)
    wait_until(lambda: manager.pairs == 1, 20, "the pair")
    running.kill()
    running.communicate()
    manager.hold.clear()
    go_on.set()
    code, out, _ = desk.run("digicert", *options)
    assert code == 0 and "revoke the pair" in out and desk.key.exists()
    desk.key.unlink()
    assert "revoke the pair" not in desk.run("digicert", *options)[1]


def test_certinext(desk, manager):
    code, _, err = desk.run("certinext")
    assert code == 2 and "makes no EAB pairs" in one_sentence(err) and "portal" in err
    for number in range(230):
        manager._certinext_add(f"h{number}.example.edu")
    code, out, _ = desk.run("certinext", "--domains-list")
    names = [line.split("\t")[0] for line in out.splitlines()]
    assert code == 0 and len(set(names)) == len(names) == 230
    code, out, _ = desk.run("certinext", "--domains-add", "new.example.edu,h1.example.edu")
    assert code == 0 and len(manager.certinext) == 231
    assert out.splitlines()[0] == "new.example.edu\tdns-txt\tnew.example.edu\temudhra=dom-230"
    manager.not_validated = {"h1.example.edu"}
    code, out, err = desk.run("certinext", "--domains-verify", "new.example.edu,h1.example.edu", "--json")
    assert code == 1 and "1 of the domains" in one_sentence(err)
    assert json.loads(out)["verified"] == [{"domain": "new.example.edu", "status": "VERIFIED"},
                                           {"domain": "h1.example.edu", "status": "PENDING"}]
    assert desk.run("certinext", "--domains-verify", "unknown.example.edu")[0] == 4
    assert desk.run("certinext", "--products")[1] == "842\tDV SSL Certificate\tSSL/TLS Certificates\n"


# ---- the command line ----

@pytest.mark.parametrize("words", [
    [], ["nobody"], ["sectigo"], ["sectigo", "--nonsense"], ["sectigo", "--name"], ["sectigo", "--json=1"],
    ["sectigo", "--list", "--clients", "--client-id", "x"], ["sectigo", "--domains-add", "not_a name"],
    ["sectigo", "--organization", "0"], ["sectigo", "--list"], ["sectigo", "--list", "--client-id", "x"],
    ["sectigo", "--list", "--client-id", "x", "--login", "y"], ["sectigo", "--list", "--login", "y"],
    ["sectigo", "--list", "--login", "y", "--customer-uri", "z", "--instance", "a/b"],
    ["zerossl"], ["digicert", "--name", "x"], ["certinext", "--region", "moon", "--products"],
    ["sectigo", "--list", "--timeout", "100000"], ["sectigo", "--list", "--proxy", "http://u:p@proxy:1"],
])
def test_a_wrong_command_line(program, desk, words):
    code, out, err = desk.run_as_it_is([str(program), *words])
    assert code == 2 and out == ""
    if words:
        one_sentence(err)


def test_help_and_version(program, desk):
    for words in (["--help"], ["sectigo", "--help"], ["--version"]):
        code, out, err = desk.run_as_it_is([str(program), *words])
        assert code == 0 and err == "" and out


def test_the_manual_has_each_option_and_each_exit_status(program, desk):
    page = (Path(__file__).resolve().parents[2] / "docs/man/acme-eab-enroll.1").read_text()
    page = page.replace("\\-", "-")
    for manager in ("sectigo", "zerossl", "digicert", "certinext"):
        out = desk.run_as_it_is([str(program), manager, "--help"])[1]
        options = re.findall(r"^  (--[a-z-]+)", out, re.M)
        assert len(options) > 12
        assert [option for option in options if not re.search(f"^\\.BI?R? {option}( |$)", page, re.M)] == []
    told = re.findall(r"^  ([0-9])  ", desk.run_as_it_is([str(program), "--help"])[1], re.M)
    assert told == re.findall(r"^\.TP\n([0-9])$", page, re.M)
