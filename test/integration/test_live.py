# SPDX-License-Identifier: Apache-2.0
"""ACMEReload live: new certificates are served without a restart of httpd."""

import json
import os
import signal
import socket
import ssl
import subprocess

import pytest

from harness import certificates, client
from harness.acmectl import Acmectl
from harness.client import Prober
from harness.http2 import Http2
from harness.segment import Segment
from harness.waiting import wait_until

NAME = "www.test.example"
OTHER = "other.test.example"

SERIAL = 'Header always set X-Serial "%{SSL_SERVER_M_SERIAL}s"'


def start(world, *parts, more="", key_type="p256", sites=(NAME,), site_more="", before=None,
          **ca_options):
    httpd = world.httpd()
    if before is not None:
        before(httpd)
    ca = world.ca(httpd, **ca_options)
    httpd.configure(*parts, httpd.acme(ca, key_type=key_type, more=f"ACMEReload live\n{more}"),
                    *(httpd.site(name, more=site_more, managed=True) for name in sites))
    httpd.start()
    return httpd, ca


def is_live(entry):
    return entry["state"] == "valid" and entry["activation"] == "live"


def wait_for_live(httpd, ca, name=NAME, other_than=None):
    """Where lives are short, a CA may suggest to renew a certificate as soon as it is there."""
    def told():
        certificate = httpd.wait_for_certificate(name, ca, other_than=other_than)
        entry = httpd.wait_for_status(name, is_live, "a live certificate")
        return certificate if certificate.serial_number in serials_of(entry) else None
    return wait_until(told, 30, "a status that tells of the certificate that is served")


def renew(httpd, *names):
    done = Acmectl(httpd)("renew", *names, "--force")
    assert done.code == 0, done.err


def serials_of(entry):
    return [int(key["serial"], 16) for key in entry["keys"]]


def assert_no_restart(httpd, starts=1):
    assert httpd.restarts() == starts
    assert httpd.status()["reload"]["state"] == "idle"
    assert httpd.log.count("Restarting httpd gracefully") == 0


def served_serial(httpd, name=NAME, versions=None, rsa_only=False):
    """The serial of what is served to a client of that kind."""
    context = client.trusting_anyone()
    if versions is not None:
        context.minimum_version = context.maximum_version = versions
    if rsa_only:
        context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(("127.0.0.1", httpd.https), timeout=20) as raw:
        with context.wrap_socket(raw, server_hostname=name) as tls:
            return int(tls_serial(tls), 16)


def tls_serial(tls):
    certificate = certificates.load(ssl.DER_cert_to_PEM_cert(tls.getpeercert(True)).encode())
    return f"{certificate.serial_number:x}"


@pytest.mark.smoke
def test_the_first_certificate_comes_without_a_restart(world):
    httpd, ca = start(world)
    ca.pause()
    assert httpd.get_tls(NAME).status == 503
    assert httpd.certificate_status(NAME)["state"] in ("missing", "ordering")
    ca.resume()
    certificate = httpd.wait_for_certificate(NAME, ca)
    answer = httpd.get_tls(NAME, trust=ca.root())
    assert answer.status == 200 and answer.body == b"hello\n"
    entry = httpd.wait_for_status(NAME, is_live, "a live certificate")
    assert serials_of(entry) == [certificate.serial_number]
    assert "activation_why" not in entry
    assert_no_restart(httpd)
    assert httpd.store.leftovers() == [], "also of the order, without another start"


@pytest.mark.parametrize("mpm", ["event", "worker", "prefork"])
def test_renewals_come_without_a_restart(world, mpm):
    def before(httpd):
        httpd.mpm = mpm
    httpd, ca = start(world, before=before, validity=16)
    first = wait_for_live(httpd, ca)
    with Prober([lambda: httpd.get(NAME), lambda: httpd.get_tls(NAME)]) as prober:
        second = wait_for_live(httpd, ca, other_than=first.serial_number)
        (began, _), (_, ended) = certificates.validity(second), certificates.validity(first)
        assert began < ended, "renewed before it was too late"
    assert prober.failures == []
    assert_no_restart(httpd)


@pytest.mark.parametrize("key_type", ["rsa2048", "p384", "rsa2048 p256"])
def test_both_versions_of_tls_and_all_kinds_of_keys(world, key_type):
    httpd, ca = start(world, key_type=None, more=f"ACMEKeyType {key_type}")
    wait_for_live(httpd, ca)

    def all_live():
        entry = httpd.certificate_status(NAME)
        return entry if is_live(entry) and len(entry["keys"]) == len(key_type.split()) else None
    entry = wait_until(all_live, 30, "all certificates")
    by_type = {key["type"]: int(key["serial"], 16) for key in entry["keys"]}
    best = [kind for kind in by_type if kind.startswith("p")] or list(by_type)
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        assert served_serial(httpd, versions=version) == by_type[best[0]]
    if "rsa2048" in by_type:
        assert served_serial(httpd, rsa_only=True) == by_type["rsa2048"]
    else:
        with pytest.raises(ssl.SSLError):  # the placeholder is not served beside it
            served_serial(httpd, rsa_only=True)
    assert_no_restart(httpd)


@pytest.mark.parametrize("own_key", ["rsa", "ec"])
def test_it_takes_the_place_of_a_certificate_of_its_own(world, own_key):
    """Of whichever kind: nothing of it is served beside ours."""
    pem, key = certificates.make_self_signed(
        [NAME], key=certificates.make_rsa_key() if own_key == "rsa" else None)
    path = world.dir / "own.pem"
    path.write_bytes(pem + key)
    own = certificates.load(pem)
    httpd, ca = start(world, site_more=f'SSLCertificateFile "{path}"')
    assert httpd.get_tls(NAME).status == 200
    with Prober([lambda: httpd.get_tls(NAME)]) as prober:
        wait_for_live(httpd, ca)
    assert prober.failures == []
    assert httpd.certificate(NAME).serial_number != own.serial_number
    with pytest.raises(ssl.SSLError):
        served_serial(httpd, rsa_only=True)
    assert_no_restart(httpd)


def test_without_and_with_an_unknown_server_name_it_is_the_first_virtual_host(world):
    httpd, ca = start(world, sites=(NAME, OTHER))
    certificate, other = wait_for_live(httpd, ca), wait_for_live(httpd, ca, OTHER)
    assert httpd.certificate(None).serial_number == certificate.serial_number
    assert httpd.certificate("unknown.test.example").serial_number == certificate.serial_number
    assert httpd.certificate(OTHER).serial_number == other.serial_number


class Session:
    """A connection with TLS that stays, or a session that is taken up again."""

    def __init__(self, httpd, version, session=None, context=None, more=None):
        self.context = context or client.trusting_anyone()
        if more is not None:
            more(self.context)
        self.context.minimum_version = self.context.maximum_version = version
        raw = socket.create_connection(("127.0.0.1", httpd.https), timeout=40)
        self.tls = self.context.wrap_socket(raw, server_hostname=NAME, session=session)
        self.file = self.tls.makefile("rb")

    def get(self, path="/index.html"):
        """(status, X-Serial) of one request."""
        self.tls.sendall(f"GET {path} HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
        status = int(self.file.readline().split()[1])
        headers = {}
        while (line := self.file.readline().strip()):
            key, value = line.decode().split(": ", 1)
            headers[key.lower()] = value
        self.file.read(int(headers.get("content-length", 0)))
        self.headers = headers
        serial = headers.get("x-serial")
        return status, int(serial, 16) if serial and serial != "(null)" else None

    def close(self):
        self.tls.close()


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_connection_keeps_its_certificate_and_a_session_tells_the_new_one(world, version):
    httpd, ca = start(world, SERIAL, "KeepAliveTimeout 60")
    first = wait_for_live(httpd, ca)
    old = Session(httpd, version)
    assert old.get() == (200, first.serial_number)
    renew(httpd, NAME)
    second = wait_for_live(httpd, ca, other_than=first.serial_number)
    assert old.get() == (200, first.serial_number)
    again = Session(httpd, version, session=old.tls.session, context=old.context)
    assert again.tls.session_reused
    assert again.get() == (200, second.serial_number)
    full = Session(httpd, version)
    assert not full.tls.session_reused
    assert full.get() == (200, second.serial_number)
    for session in (old, again, full):
        session.close()


def test_a_session_that_began_before_the_first_certificate_goes_on_with_it(world):
    httpd, ca = start(world, SERIAL)
    ca.pause()
    early = Session(httpd, ssl.TLSVersion.TLSv1_2)
    assert early.get()[0] == 503
    assert early.headers["connection"] == "close", "the next one may have a certificate"
    session = early.tls.session
    ca.resume()
    certificate = wait_for_live(httpd, ca)
    again = Session(httpd, ssl.TLSVersion.TLSv1_2, session=session, context=early.context)
    assert again.get() == (200, certificate.serial_number)
    early.close()
    again.close()


@pytest.mark.parametrize("restarted", [False, True], ids=["", "the first swap"])
@pytest.mark.parametrize("version", VERSIONS)
def test_who_is_asked_for_a_certificate_later_keeps_the_servers(world, version, restarted):
    """After the swap, for a location: TLS 1.2 is negotiated anew, TLS 1.3 asks after the handshake. After a restart
    mod_ssl has the first one itself, and nothing is in memory yet."""
    httpd = world.httpd()
    httpd.modules = ["alias"]
    ca = world.ca(httpd)
    pem, key = certificates.make_self_signed(["client.test.example"])
    (world.dir / "client.pem").write_bytes(pem + key)
    httpd.configure(SERIAL, "KeepAliveTimeout 60",
                    httpd.acme(ca, more="ACMEReload live"),
                    httpd.site(NAME, managed=True, more=f"""
                        SSLCACertificateFile "{world.dir}/client.pem"
                        Alias /private "{httpd.htdocs}"
                        Header always set X-Client "%{{SSL_CLIENT_S_DN_CN}}s"
                        <Location /private>
                            SSLVerifyClient require
                            Require all granted
                        </Location>"""))
    httpd.start()

    def have_a_certificate(context):
        context.load_cert_chain(world.dir / "client.pem")
        context.post_handshake_auth = True
    first = wait_for_live(httpd, ca)
    if restarted:
        httpd.graceful()
        httpd.wait_for_status(NAME, lambda entry: entry["grade"] == "ok", "the status after the restart")
    session = Session(httpd, version, more=have_a_certificate)
    assert session.get() == (200, first.serial_number)
    assert session.headers["x-client"] == "(null)"
    renew(httpd, NAME)
    wait_for_live(httpd, ca, other_than=first.serial_number)
    assert session.get("/private/index.html") == (200, first.serial_number)
    assert session.headers["x-client"] == "client.test.example"
    session.close()


@pytest.mark.parametrize("version", VERSIONS)
def test_many_requests_at_once_on_a_session_that_is_taken_up_again(world, version):
    """With HTTP/2 each has a thread of its own in the worker; what they say of the certificate is one thing."""
    httpd = world.httpd()
    httpd.modules = ["http2"]
    ca = world.ca(httpd)
    httpd.configure(SERIAL, "Protocols h2 http/1.1", "H2MinWorkers 16", "KeepAliveTimeout 60",
                    httpd.acme(ca, key_type="p256", more="ACMEReload live"), httpd.site(NAME, managed=True))
    httpd.start()
    wait_for_live(httpd, ca)
    workers = httpd.workers()
    context = client.trusting_anyone()
    context.minimum_version = context.maximum_version = version
    first = Http2(httpd.https, NAME, context)
    assert first.get(NAME) == 200
    for _ in range(60):
        again = Http2(httpd.https, NAME, context, session=first.tls.session)
        assert again.tls.session_reused
        assert again.get_at_once(NAME, 16) == [200] * 16
        again.close()
    first.close()
    assert set(workers) <= set(httpd.workers()), "none has died"


def test_the_placeholder_goes_with_the_first_of_two_certificates(world):
    """The other one may never come, and clients would rather have the placeholder, for its kind of key."""
    httpd = world.httpd()
    world.expect(r"acme_eab:(warn|error)\]")
    httpd.configure("ACMEServer https://127.0.0.1:1/directory", "ACMETermsOfService accepted", "ACMEReload live",
                    "ACMEKeyType rsa2048 p256", httpd.site(NAME, managed=True))
    httpd.start()
    httpd.wait_for_agent()
    pem, key = certificates.make_self_signed([NAME], key=certificates.make_rsa_key())
    directory = httpd.store.dir / "archive" / NAME / "000001"
    directory.mkdir(parents=True, mode=0o700)
    for name, content in (("privkey.pem", key), ("fullchain.pem", pem)):
        (directory / name).write_bytes(content)
        (directory / name).chmod(0o600)
    (httpd.store.dir / "live").mkdir(mode=0o700, exist_ok=True)
    (httpd.store.dir / "live" / NAME).symlink_to(f"../archive/{NAME}/000001")
    httpd.wait_for_keeper().kill(signal.SIGKILL)
    serial = certificates.load(pem).serial_number

    def is_served():
        try:
            return served_serial(httpd, rsa_only=True) == serial
        except ssl.SSLError:  # the placeholder has another kind of key
            return False
    wait_until(is_served, 30, "the certificate that there is")
    for version in VERSIONS:
        assert served_serial(httpd, versions=version) == serial
    assert httpd.get_tls(NAME).status == 200
    assert_no_restart(httpd)


def test_a_worker_that_is_born_later_serves_the_new_one(world):
    httpd, ca = start(world, "MaxConnectionsPerChild 4")
    first = wait_for_live(httpd, ca)
    born = {worker.pid for worker in httpd.workers()}
    renew(httpd, NAME)
    second = wait_for_live(httpd, ca, other_than=first.serial_number)

    # Each serves four connections, and some may be given none: more than those of before can serve.
    for _ in range(4 * len(born) + 4):
        assert httpd.certificate(NAME).serial_number != first.serial_number
    wait_until(lambda: {worker.pid for worker in httpd.workers()} - born, 30, "other workers")
    assert httpd.certificate(NAME).serial_number >= 0 and second is not None
    assert_no_restart(httpd)


def test_a_restart_by_somebody_changes_nothing(world):
    httpd, ca = start(world)
    certificate = wait_for_live(httpd, ca)
    with Prober([lambda: httpd.get_tls(NAME, trust=ca.root())]) as prober:
        httpd.graceful()
        assert httpd.certificate(NAME).serial_number == certificate.serial_number
        httpd.graceful()
    assert prober.failures == []
    assert httpd.get_tls(NAME, trust=ca.root()).status == 200
    assert ca.orders() == 1


@pytest.mark.parametrize("who", ["keeper", "agent"])
def test_killed_and_gone_on(world, who):
    httpd, ca = start(world)
    world.expect("ended without being asked", "ended unexpectedly", "agent .*ended")
    first = wait_for_live(httpd, ca)
    process = httpd.keeper() if who == "keeper" else httpd.agent()
    process.kill(signal.SIGKILL)
    assert httpd.get_tls(NAME, trust=ca.root()).status == 200
    renew(httpd, NAME)
    wait_for_live(httpd, ca, other_than=first.serial_number)
    assert_no_restart(httpd)


def test_killed_at_any_moment_of_the_activation(world):
    """The next keeper hands it over, or finds that it was."""
    httpd = world.httpd()
    world.expect("ended without being asked", "agent .*ended")
    ca = world.ca(httpd)
    names = [f"n{i}.test.example" for i in range(6)]
    httpd.configure(httpd.acme(ca, more="ACMEReload live"),
                    *(httpd.site(name, managed=True) for name in names))
    httpd.start()
    for i in range(6):
        wait_until(lambda: ca.issued() > i, 40, "a certificate", pause=0.001)
        keeper = httpd.keeper()
        if keeper is not None:
            keeper.kill(signal.SIGKILL)
    for name in names:
        wait_for_live(httpd, ca, name)
    assert_no_restart(httpd)
    assert ca.orders() == len(names)


def test_the_key_type_that_is_new_needs_no_restart_beyond_that_of_the_configuration(world):
    httpd, ca = start(world, key_type="rsa2048")
    first = wait_for_live(httpd, ca)
    httpd.conf.write_text(httpd.conf.read_text().replace("rsa2048", "p256"))
    httpd.graceful()
    assert httpd.certificate(NAME).serial_number == first.serial_number
    second = wait_for_live(httpd, ca, other_than=first.serial_number)
    assert served_serial(httpd) == second.serial_number
    with pytest.raises(ssl.SSLError):  # the one of the old kind is not served beside it
        served_serial(httpd, rsa_only=True)
    assert_no_restart(httpd, starts=2)


def test_workers_have_the_memory_for_reading_only(world):
    httpd, ca = start(world)
    wait_for_live(httpd, ca)
    for worker in httpd.workers():
        mapped = [line.split()[1] for line in worker.maps() if "acme-eab-live" in line]
        assert mapped == ["r--s"]
        assert not any("acme-eab-live" in target for target in worker.descriptors().values())
    assert any("acme-eab-live" in target for target in httpd.keeper().descriptors().values())
    assert not any("acme-eab-live" in line for line in httpd.agent().maps())


def test_restarted_while_certificates_come(world):
    """Each restart begins with new memory, and mod_ssl loads what is in the store."""
    names = [f"n{i}.test.example" for i in range(5)]
    httpd, ca = start(world, sites=names)
    for i in range(3):
        wait_until(lambda: ca.issued() > i, 40, "a certificate", pause=0.001)
        httpd.graceful()
    for name in names:
        httpd.wait_for_certificate(name, ca)
        httpd.wait_for_status(name, lambda entry: entry["state"] == "valid", "a certificate in use")
    assert ca.orders() == len(names)
    assert httpd.log.count("Restarting httpd gracefully") == 0


def test_served_on_when_the_keeper_is_gone_for_good(world):
    """Its program is, for this httpd: nothing can start another one."""
    def before(httpd):
        httpd.prefix = ["unshare", "--mount"]
    httpd, ca = start(world, before=before)
    world.expect("ended without being asked", "cannot be started", "agent .*ended")
    certificate = wait_for_live(httpd, ca)
    keeper = httpd.keeper()
    program = os.readlink(f"/proc/{keeper.pid}/exe")
    subprocess.run(["nsenter", "-t", str(httpd.parent().pid), "--mount", "mount", "--bind", "/dev/null",
                    program], check=True)
    keeper.kill(signal.SIGKILL)
    wait_until(lambda: httpd.log.count("cannot be started") > 0, 20, "no keeper")
    for _ in range(20):
        assert httpd.certificate(NAME).serial_number == certificate.serial_number
    assert httpd.get_tls(NAME, trust=ca.root()).status == 200


# -- what cannot be live -----------------------------------------------------------------------------

def test_a_module_that_chooses_certificates_itself_is_noticed(world):
    """What is served is looked at, not believed."""
    def before(httpd):
        httpd.more_lines = [f'LoadModule eab_probe_module "{os.environ["EAB_PROBE"]}"',
                            "EABProbeChoose on"]
    world.expect("handed to httpd's workers")
    httpd, ca = start(world, before=before)
    httpd.wait_for_certificate(NAME, ca)
    assert httpd.restarts() == 2
    line = httpd.log.lines("was handed to httpd's workers")
    assert len(line) == 1
    assert f"127.0.0.1:{httpd.https}" in line[0] and NAME in line[0] and "serial" in line[0]


def test_where_nobody_can_look_it_is_live_and_the_status_says_so(world):
    """Connections begin with a line that an ordinary client does not send."""
    httpd = world.httpd()
    httpd.modules = ["remoteip"]
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca, more="ACMEReload live"),
                    httpd.site(NAME, more="RemoteIPProxyProtocol On", managed=True))
    world.expect("RemoteIPProxyProtocol|AH033|remoteip")
    httpd.start()
    entry = httpd.wait_for_status(NAME, is_live, "a live certificate")
    assert f"127.0.0.1:{httpd.https} for {NAME} failed" in entry["activation_why"]
    assert_no_restart(httpd)


def test_a_wildcard_is_looked_for_at_the_names_of_its_virtual_host(world):
    httpd = world.httpd()
    ca = world.ca(httpd, environment={"PEBBLE_VA_ALWAYS_VALID": "1"})
    httpd.configure(
        httpd.acme(ca, more='ACMEReload live\nACMEManagedDomain "*.test.example"\n'
                            "ACMEChallenge http-01 dns-01\nACMEDNSCommand /bin/true"),
        httpd.site(NAME), httpd.site(OTHER))
    httpd.start()
    first = httpd.wait_for_certificate(NAME, ca)
    assert httpd.certificate(OTHER).serial_number == first.serial_number
    httpd.wait_for_status("*.test.example", is_live, "a live certificate")
    assert_no_restart(httpd)


@pytest.mark.parametrize("version", VERSIONS)
def test_sessions_of_a_key_that_others_may_know_end(world, version):
    """They would go on with it, whatever is served to others; so there is a restart."""
    httpd = world.httpd()
    ca = world.simulated_ca(httpd, "certinext", rsa_only=False, renewal_info=True)
    httpd.configure(SERIAL, httpd.acme(ca, more="ACMEReload live"), httpd.site(NAME, managed=True))
    httpd.start()
    wait_for_live(httpd, ca)
    old = Session(httpd, version)
    assert old.get()[0] == 200
    session = old.tls.session
    again = Session(httpd, version, session=session, context=old.context)
    assert again.tls.session_reused
    old.close()
    again.close()
    done = Acmectl(httpd)("compromised", NAME, "--yes", "--wait")
    assert done.code == 0, done.err
    after = Session(httpd, version, session=session, context=old.context)
    assert not after.tls.session_reused
    assert after.get() == (200, ca.certificates[-1].serial)
    after.close()
    assert httpd.restarts() == 2
    assert len(httpd.log.lines("without a restart of httpd: others may know the key")) == 1


def cut(segment, value):
    segment.write(value[: len(value) // 2], digest=False)


def flip(segment, value):
    at = len(value) // 2
    segment.write(value[:at] + bytes([value[at] ^ 4]) + value[at + 1 :], digest=False)


def spoil_the_certificate(segment, value):
    segment.write(value.replace(b"BEGIN CERTIFICATE-----\nMII", b"BEGIN CERTIFICATE-----\nNII", 1))


def spoil_the_issuer(segment, value):
    before, mark, after = value.rpartition(b"BEGIN CERTIFICATE-----\nMII")
    segment.write(before + mark[:-3] + b"NII" + after)


@pytest.mark.parametrize("spoil", [cut, flip, spoil_the_certificate, spoil_the_issuer])
@pytest.mark.parametrize("which", ["the first", "a renewal"])
def test_what_is_damaged_in_memory_is_not_served(world, spoil, which):
    """Workers go on with what they had, one line of each says so, and httpd is restarted."""
    httpd = world.httpd()
    ca = world.simulated_ca(httpd, "certinext", rsa_only=False, order_latency=1)
    world.expect("cannot be used by this process", "handed to httpd's workers")
    httpd.configure(httpd.acme(ca, more="ACMEReload live"), httpd.site(NAME, managed=True))
    httpd.start()
    first = None
    if which == "a renewal":
        first = wait_for_live(httpd, ca).serial_number
    segment = Segment(httpd)
    before = segment.current()
    with Prober([lambda: httpd.get_tls(NAME)]) as prober:
        if first is not None:
            assert Acmectl(httpd)("renew", NAME, "--force").code == 0
        workers = httpd.workers()
        for worker in workers:  # nobody sees it whole
            worker.kill(signal.SIGSTOP)
        try:
            wait_until(lambda: segment.current() != before, 30, "a new value", pause=0.001)
            spoil(segment, segment.value())
        finally:
            for worker in workers:
                worker.kill(signal.SIGCONT)
        httpd.wait_for_certificate(NAME, ca, other_than=first)
    assert prober.failures == []
    assert httpd.restarts() == 2
    assert len(httpd.log.lines("was handed to httpd's workers, and ")) == 1
    told = [line.split("[pid ")[1].split(":")[0] for line in
            httpd.log.lines("cannot be used by this process, which goes on with the one before")]
    assert told and len(told) == len(set(told)), "once in each process"
    entry = httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "a certificate in use")
    assert entry["activation"] == "restart"


WITHOUT_SEALS = """\
import ctypes, errno, os, struct, sys
MEMFD_CREATE = {"x86_64": 319, "aarch64": 279}[os.uname().machine]
SEALED = 3
rules = [(0x20, 0, 0, 0), (0x15, 0, 3, MEMFD_CREATE), (0x20, 0, 0, 24), (0x15, 0, 1, SEALED),
         (0x06, 0, 0, 0x50000 | errno.EINVAL), (0x06, 0, 0, 0x7fff0000)]
if sys.argv.pop(1) == "none":
    rules = [(0x20, 0, 0, 0), (0x15, 0, 1, MEMFD_CREATE), (0x06, 0, 0, 0x50000 | errno.ENOSYS),
             (0x06, 0, 0, 0x7fff0000)]
text = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(rules), ctypes.addressof(text)))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, program, 0, 0) == 0, ctypes.get_errno()
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.parametrize("memory", ["unsealed", "none"])
def test_a_system_that_gives_no_sealed_memory(world, memory):
    """As an old kernel, or a filter around httpd."""
    script = world.dir / "without.py"
    script.write_text(WITHOUT_SEALS)

    def before(httpd):
        httpd.prefix = ["/usr/bin/python3", str(script), memory]
    world.expect("no memory that can be shared")
    httpd, ca = start(world, before=before)
    httpd.wait_for_certificate(NAME, ca)
    assert httpd.restarts() == 2
    entry = httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "a certificate in use")
    assert entry["activation"] == "restart" and "no memory" in entry["activation_why"]
    lines = httpd.log.lines("ACMEReload live: .*no memory that can be shared")
    assert len(lines) == 2, "at the start and at the restart"


# -- validations -------------------------------------------------------------------------------------

@pytest.mark.parametrize("tls", ["", "SSLProtocol TLSv1.2"])
def test_validations_by_tls_alpn_go_before_it(world, tls):
    httpd = world.httpd()
    ca = world.ca(httpd, tls_port=httpd.https)
    httpd.configure(tls, httpd.acme(ca, more="ACMEReload live\nACMEChallenge tls-alpn-01"),
                    httpd.site(NAME, managed=True))
    httpd.start()
    first = wait_for_live(httpd, ca)
    renew(httpd, NAME)
    wait_for_live(httpd, ca, other_than=first.serial_number)
    assert_no_restart(httpd)


# -- again and again ---------------------------------------------------------------------------------

@pytest.mark.parametrize("mpm, version, key_type", [
    ("event", "1.3", "p256"), ("worker", "1.2", "rsa2048"), ("prefork", "1.3", "rsa2048")])
def test_no_handshake_fails_while_certificates_are_replaced(world, mpm, version, key_type):
    """A short form of test/bench/live."""
    def before(httpd):
        httpd.mpm = mpm
        httpd.log_level = "warn"
    httpd, ca = start(world, before=before)
    wait_for_live(httpd, ca)
    done = subprocess.run(
        [os.environ["EAB_HANDSHAKES"], str(httpd.https), NAME, str(httpd.keeper().pid), "1", "600",
         "60", "8", version, key_type], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=300, check=False)
    assert done.returncode == 0, done.stdout
    counted = json.loads(done.stdout)
    assert counted["handshakes"] == 600 and counted["swaps"] == 60
    assert counted["failed"] == 0 and counted["stale"] == 0
