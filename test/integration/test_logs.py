# SPDX-License-Identifier: Apache-2.0
"""The lines of keeper and agent come wherever httpd's own do, in the same shape, and who may not be
trusted with a log cannot fill or forge it."""

import json
import os
import re
import signal
import socket
import subprocess
import threading

import pytest

from harness import processes
from harness.waiting import wait_until

NAME = "www.test.example"
JSON_LINES = 'ErrorLogFormat "{\\"at\\":\\"%{cu}t\\",\\"level\\":\\"%-m:%l\\",' \
             '\\"pid\\":\\"%P\\",\\"text\\":\\"%M\\"}"'
MARK = b"[Sun Nov 29 23:05:23.658923 2026] [acme_eab:%s] [pid 1:tid 1] "
KEEPERS = r"keeper\[\d+\]: Account \S+ is registered"
AGENTS = r"agent\[\d+\]: Ordering a certificate for " + re.escape(NAME)


@pytest.fixture
def scene(world):
    httpd = world.httpd()
    return httpd, world.ca(httpd)


def configure(scene, *lines):
    httpd, ca = scene
    httpd.configure(*lines, httpd.acme(ca), httpd.site(NAME, managed=True))
    return httpd, ca


def relays(httpd):
    return [process for process in httpd.family() if process.name == processes.RELAY]


def write(process, data):
    """What a program says on its standard error, by another hand."""
    with open(f"/proc/{process.pid}/fd/2", "wb", buffering=0) as stream:
        while data:
            data = data[stream.write(data):]


def wait_for_line(httpd, pattern, seconds=20):
    return wait_until(lambda: httpd.log.lines(pattern), seconds, f"a line with {pattern}")[-1]


@pytest.mark.smoke
def test_lines_have_the_shape_of_the_format(scene, world):
    world.expect(r'^\{"at":')
    httpd, ca = configure(scene, JSON_LINES)
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    httpd.wait_for_status(NAME, lambda entry: entry["state"] == "valid", "state valid")
    agent = httpd.agent()
    write(agent, b"double free or corruption (out)\n")
    wait_for_line(httpd, "double free")
    httpd.stop()
    lines = [json.loads(line) for line in httpd.log.text().splitlines() if NAME in line]
    told = {(line["level"], line["text"].split("[")[0]) for line in lines}
    assert ("acme_eab:notice", "keeper") in told
    assert ("acme_eab:info", "agent") in told
    raw = json.loads(httpd.log.lines("double free")[0])
    assert raw["level"] == "acme_eab:warn"
    assert raw["text"] == "agent, standard error: double free or corruption (out)"
    for line in httpd.log.text().splitlines():
        json.loads(line)


def test_lines_go_to_the_program_of_a_piped_log(scene):
    """To the last one: what is said in the moment of the end comes too, to a program that takes its
    time (httpd ends the program with SIGTERM, whatever there is still to be read)."""
    httpd, ca = scene
    program = httpd.dir / "logger"
    program.write_text(f"#!/bin/sh\ntrap '' TERM\nwhile IFS= read -r line; do echo \"piped $line\"; done "
                       f">>{httpd.dir}/piped.log\n")
    program.chmod(0o755)
    httpd, ca = configure(scene, f'ErrorLog "|{program}"')
    httpd.start()
    piped = httpd.dir / "piped.log"

    def count(pattern):
        text = piped.read_text() if piped.exists() else ""
        return len(re.findall(pattern, text))
    wait_until(lambda: count("piped .*" + KEEPERS) and count("piped .*" + AGENTS), 20, "lines")
    wait_until(lambda: count("has a new certificate"), 20, "the certificate")
    write(httpd.wait_for_keeper(), b"the last word, without a newline")
    httpd.stop()
    last = "piped .*acme_eab:warn.*keeper, standard error: the last word"
    wait_until(lambda: count(last), 20, "the last word")
    assert count(last) == 1
    assert KEEPERS and not httpd.log.lines(KEEPERS), "nothing goes round the program"


class Syslog(threading.Thread):
    """Who reads /dev/log."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.lines = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        os.chmod(path, 0o666)
        self.start()

    def run(self):
        while True:
            line = self._socket.recv(65536).decode(errors="replace")
            if line == "end":
                return
            self.lines.append(line)

    def find(self, pattern):
        return [line for line in self.lines if re.search(pattern, line)]

    def end(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"end", self._socket.getsockname())
        self.join()
        self._socket.close()


@pytest.fixture
def syslog(world):
    """A /dev of its own for httpd, with a log in it: (the log, a command to start httpd with)."""
    if subprocess.run(["unshare", "--mount", "true"], check=False).returncode != 0:
        pytest.skip("no mounts of one's own can be made here")
    devices = world.dir / "dev"
    devices.mkdir()
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        (devices / name).touch()
    (devices / "shm").mkdir()
    (devices / "fd").symlink_to("/proc/self/fd")
    mounts = "; ".join(f"mount --bind /dev/{name} {devices}/{name}"
                       for name in ("null", "zero", "full", "random", "urandom", "tty", "shm"))
    log = Syslog(devices / "log")
    yield log, ["unshare", "--mount", "sh", "-ec",
                f'{mounts}; mount --rbind {devices} /dev; exec "$@"', "sh"]
    log.end()


def test_lines_go_to_syslog(scene, syslog):
    log, command = syslog
    httpd, ca = configure(scene, "ErrorLog syslog:local1:web")
    httpd.prefix = command
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    local1_notice, local1_info = 17 * 8 + 5, 17 * 8 + 6
    wait_until(lambda: log.find(rf"^<{local1_notice}>.* web\[\d+\]: .*{KEEPERS}"), 10, "keeper")
    wait_until(lambda: log.find(rf"^<{local1_info}>.* web\[\d+\]: .*{AGENTS}"), 10, "agent")


def test_the_level_is_that_of_the_module_and_changes_with_a_restart(scene, world):
    world.expect("a fault")
    httpd, ca = configure(scene, "LogLevel warn acme_eab:debug")
    httpd.start()
    wait_for_line(httpd, AGENTS)
    httpd.wait_for_certificate(NAME, ca)
    httpd.wait_for_status(NAME, lambda entry: entry["state"] == "valid", "state valid")
    write(httpd.wait_for_agent(), MARK % b"debug" + b"a detail\n")
    wait_for_line(httpd, r"acme_eab:debug\].*agent\[1\]: a detail")
    configure(scene, "LogLevel info acme_eab:error")
    httpd.graceful()
    httpd.wait_for_status(NAME, lambda entry: entry["state"] == "valid", "state valid")
    agent, before = httpd.wait_for_agent(), len(httpd.log.text())
    write(agent, MARK % b"warn" + b"not of interest\n" + MARK % b"error" + b"a fault\n")
    wait_for_line(httpd, r"acme_eab:error\].*agent\[1\]: a fault")
    assert "not of interest" not in httpd.log.text()[before:]


def test_an_agent_cannot_fill_or_forge_the_log(scene, world):
    world.expect(r"acme_eab:(warn|error)\].*(agent|the keeper is heard)")
    httpd, ca = configure(scene)
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    httpd.wait_for_status(NAME, lambda entry: entry["state"] == "valid", "state valid")
    agent = httpd.wait_for_agent()
    mark = MARK % b"error"
    write(agent, b"\r" + mark + b"forged \x1b[2J\x00 keeper[1]: x\n" + b"x" * 100000 + b"\n\n\n")
    forged = wait_for_line(httpd, "forged")
    assert "agent, standard error: \\r[Sun" in forged
    assert forged.count("\x1b") == 0
    assert max(map(len, httpd.log.text().splitlines())) < 9000
    flooded = threading.Thread(target=write, args=(agent, (mark + b"y" * 3900 + b"\n") * 1100))
    size = len(httpd.log.text())
    flooded.start()
    wait_until(lambda: not flooded.is_alive(), 120, "the flood to be read")
    write(httpd.keeper(), mark + b"the keeper is heard\n")
    wait_for_line(httpd, r"keeper\[1\]: the keeper is heard")
    assert len(httpd.log.text()) - size < 5 * 1024 * 1024
    httpd.stop()
    assert httpd.log.lines(r"acme_eab:warn\] .*\d+ lines of the agent were left out")


def test_the_process_between_holds_nothing_and_may_be_killed(scene, world):
    world.expect(r"agent \(pid \d+\) ended unexpectedly \(signal 11, Segmentation fault\)",
                 r"acme_eab:warn\].*brings the lines of keeper and agent.*signal 9, Killed",
                 r"core:error\].*AH00546", r"keeper, standard error")
    httpd, ca = configure(scene)
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    httpd.wait_for_status(NAME, lambda entry: entry["state"] == "valid", "state valid")
    relay, = relays(httpd)
    held = relay.descriptors()
    assert not any(target.startswith("socket:") for target in held.values())
    assert {str(httpd.log.path)} == {target for target in held.values()
                                     if target.startswith(str(world.dir))}
    for worker in httpd.workers():
        assert not set(worker.descriptors().values()) & {held[number] for number in held
                                                         if held[number].startswith("pipe:")}
    keeper, agent = httpd.keeper(), httpd.agent()
    relay.kill()
    write(keeper, b"said in between\n")
    wait_for_line(httpd, "keeper, standard error: said in between", 30)
    assert relays(httpd) != [relay]
    assert (httpd.keeper(), httpd.agent()) == (keeper, agent)
    agent.kill(signal.SIGSEGV)
    wait_for_line(httpd, r"keeper\[\d+\]: The agent .*signal 11, Segmentation fault")
    agent = httpd.wait_for_agent(other_than=agent)
    parent, workers = httpd.parent(), httpd.workers()
    parent.kill()
    assert processes.wait_gone([keeper, agent, *relays(httpd)], 10)
    for worker in workers:
        worker.kill()


def test_notices_are_told_once_for_each_configuration(scene):
    """Every graceful restart reads the configuration: who has read them knows them."""
    told = r":notice\].*the CA asks at port 80, where httpd does not listen"
    httpd, _ = configure(scene, "ACMEChallenge http-01")
    httpd.start()
    assert httpd.log.count(told) == 1
    httpd.graceful()
    httpd.graceful()
    assert httpd.log.count(told) == 1
    configure(scene, "# another line\nACMEChallenge http-01")
    httpd.graceful()
    assert httpd.log.count(told) == 2


def test_one_line_for_many_certificates_of_one_setting(scene):
    httpd, ca = scene
    httpd.configure("ACMEChallenge http-01", httpd.acme(ca), "ACMEManagedDomain a.test.example",
                    "ACMEManagedDomain b.test.example", httpd.site(NAME, managed=True))
    httpd.start()
    assert httpd.log.count(r":notice\].*where httpd does not listen") == 1


def test_a_challenge_is_told_once(scene):
    """The CA asks from several places; the lines of each are for those who debug."""
    httpd, ca = configure(scene)
    httpd.start()
    httpd.wait_for_certificate(NAME, ca)
    assert httpd.log.count(r":info\].*asked this server to prove " + re.escape(NAME)) == 1
    assert httpd.log.count(r":info\].*answered an http-01") == 0
    assert httpd.log.count(r"Ordering a certificate for " + re.escape(NAME)) == 1
