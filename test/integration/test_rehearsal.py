# SPDX-License-Identifier: Apache-2.0
"""A restart for a certificate is rehearsed: what would end httpd there, though `httpd -t` passes, keeps
the restart from happening, and the certificate goes live once it is mended."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from harness import certificates
from harness.httpd import APACHE, MODULES
from harness.waiting import wait_until
from test_logs import syslog  # noqa: F401, a fixture

NAME = "www.test.example"
OTHER = "other.test.example"

# Nobody listens there: the agent has nothing to do with these tests.
NOBODY = "https://127.0.0.1:1/directory"


def pair(names):
    return certificates.make_self_signed(names)


def write_pair(httpd, stem, names):
    certificate, key = pair(names)
    (httpd.dir / f"{stem}.crt").write_bytes(certificate)
    (httpd.dir / f"{stem}.key").write_bytes(key)


def pair_lines(httpd, stem):
    return (f'SSLCertificateFile "{httpd.dir}/{stem}.crt"\n'
            f'SSLCertificateKeyFile "{httpd.dir}/{stem}.key"')


def seed(httpd, name, number="000001"):
    """Put a certificate into the store as if the CA had just issued it. Returns it."""
    certificate, key = pair([name])
    directory = httpd.store.dir / "archive" / name / number
    directory.mkdir(parents=True, mode=0o700)
    (directory / "privkey.pem").write_bytes(key)
    (directory / "fullchain.pem").write_bytes(certificate)
    for path in (directory / "privkey.pem", directory / "fullchain.pem"):
        os.chmod(path, 0o600)
    live = httpd.store.dir / "live" / name
    live.parent.mkdir(mode=0o700, exist_ok=True)
    live.unlink(missing_ok=True)
    live.symlink_to(f"../archive/{name}/{number}")
    return certificates.load(certificate)


class Stage:
    """An httpd with a managed site that waits for its certificate, and another with its own."""

    def __init__(self, httpd, modules=(), before=""):
        self.httpd = httpd
        httpd.modules = ["authn_core", *modules]
        write_pair(httpd, "other", [OTHER])
        write_pair(httpd, "foreign", ["foreign.example"])
        self.before = before.format(dir=httpd.dir, http=httpd.http, https=httpd.https)
        self.own = []  # lines of the other site
        self.configure()

    def configure(self, more="", other=""):
        httpd = self.httpd
        self.text = httpd.configure(
            f"ACMEServer {NOBODY}", "ACMETermsOfService accepted", self.before,
            httpd.site(NAME, managed=True),
            httpd.site(OTHER, more="\n".join([pair_lines(httpd, "other"), *self.own, other])),
            more)

    def start(self):
        self.httpd.start()
        self.parent = self.httpd.parent()
        self.httpd.wait_for_agent()  # then the keeper has read its store
        return self

    def issue(self):
        """A certificate arrives, which the next keeper finds at once."""
        self.certificate = seed(self.httpd, NAME)
        self.httpd.wait_for_keeper().kill(signal.SIGKILL)

    def reload(self):
        return self.httpd.status()["reload"]

    def wait_for_refusal(self):
        return wait_until(lambda: self.reload()["state"] == "refused" and self.reload(), 60,
                          "a refused restart")

    def is_live(self):
        try:
            return self.httpd.certificate(NAME).serial_number == self.certificate.serial_number
        except OSError:
            return False

    def wait_until_live(self):
        wait_until(self.is_live, 60, "the certificate to go live")


def lines(more="", other=""):
    """The configuration is changed: lines of the server, and of the other site."""
    def do(stage):
        names = {"dir": stage.httpd.dir, "http": stage.httpd.http, "https": stage.httpd.https}
        stage.configure(more.format(**names), other.format(**names))
        return stage.configure
    return do


def overwrite(name, content):
    """A file is changed, and the configuration is not."""
    def do(stage):
        path = stage.httpd.dir / name
        before = path.read_bytes()
        path.write_bytes(content(stage) if callable(content) else content)
        return lambda: path.write_bytes(before)
    return do


def with_file(name, content, change):
    """A file that is there from the beginning, and then a change."""
    def do(stage):
        (stage.httpd.dir / name).write_bytes(content)
        return change(stage)
    return do


def taken_port(stage):
    """A new Listen, at a port that another program holds."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    holder.listen()
    stage.holder = holder
    stage.configure(f"Listen 127.0.0.1:{holder.getsockname()[1]}")
    return stage.configure


def key_of_another(stage):
    return (stage.httpd.dir / "foreign.key").read_bytes()


def encrypted_key(_stage):
    return subprocess.run(
        ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes256",
         "-pass", "pass:secret"], check=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL).stdout


HTML = b"<html><body>503 Service Unavailable</body></html>\n"
HTTPD_ENDS = r"AH000(15|16|20)|no listening sockets"

# name: (what happens, what httpd would have died with, modules, lines that are there before)
WAYS = {
    "the key of another certificate": (
        overwrite("other.key", key_of_another), "AH02565"),
    "a certificate file that a script filled with a page": (
        overwrite("other.crt", HTML), "AH0256[12]"),
    "a key file that a script filled with a page": (
        overwrite("other.key", HTML), "AH0256[45]|AH02561"),
    "a revocation list that a script filled with a page": (
        with_file("list.crl", HTML, lines(other='SSLCARevocationFile "{dir}/list.crl"\n'
                                                'SSLCARevocationCheck chain')), "AH01901"),
    "a file of CA certificates that is none": (
        with_file("ca.pem", HTML, lines(other='SSLCACertificateFile "{dir}/ca.pem"')), "AH0189"),
    "a certificate file that ends in the middle": (
        overwrite("other.crt", lambda stage: (stage.httpd.dir / "other.crt").read_bytes()[:300]),
        "AH0256[12]"),
    "a key with a pass phrase in the place of one without": (
        overwrite("other.key", encrypted_key), "AH0|pass"),
    "revocation is checked, and there is no list": (
        lines(other="SSLCARevocationCheck chain"), "AH01899"),
    "a new https site without a certificate": (
        lines("<VirtualHost 127.0.0.1:{https}>\nServerName new.test.example\nSSLEngine on\n"
              "</VirtualHost>"), "AH0"),
    "ciphers that nobody knows": (
        lines(other="SSLCipherSuite NO-SUCH-CIPHER"), "AH01898"),
    "TLS 1.3 ciphers that nobody knows": (
        lines(other="SSLCipherSuite TLSv1.3 NO-SUCH-CIPHER"), "AH10127"),
    "no protocol at all": (
        lines(other="SSLProtocol -all"), "AH02231"),
    "keys too small for the security level": (
        lines(other="SSLCipherSuite DEFAULT@SECLEVEL=5"), "AH0256[12]"),
    "a curve that nobody knows": (
        lines(other="SSLOpenSSLConfCmd Curves no-such-curve"), "AH02407"),
    "session ticket keys of the wrong size": (
        with_file("ticket.key", b"too short",
                  lines(other='SSLSessionTicketKeyFile "{dir}/ticket.key"')), "AH0228[67]|ticket"),
    "stapling without a cache": (
        lines(other="SSLUseStapling on"), "AH01958|[Ss]tapling"),
    "CA certificates for proxying that are none": (
        with_file("ca.pem", HTML, lines(other='SSLProxyEngine on\n'
                                              'SSLProxyCACertificateFile "{dir}/ca.pem"')),
        "AH0|CA"),
    "a session cache in a directory that is not there": (
        lines('SSLStaplingCache "dbm:{dir}/nowhere/cache"\nSSLUseStapling on'), "AH0",
        ("socache_dbm",)),
    "a new Listen at a port that somebody has": (
        taken_port, "AH00072.*bind"),
    "a new Listen at an address of another machine": (
        lines("Listen 192.0.2.77:8443"), r"AH00072.*192\.0\.2\.77:8443"),
    "a new Listen at a port that httpd itself has at another address": (
        lines("Listen 0.0.0.0:{https}"), "AH00072.*stop and start"),
    "an access log that is a directory": (
        lines(other='CustomLog "{dir}/htdocs" common'), "AH00649"),
    "a forensic log in a directory that is not there": (
        lines(other='ForensicLog "{dir}/nowhere/forensic.log"'), "AH00651", ("log_forensic",)),
    "an error log to a program that is not there": (
        lines(other='ErrorLog "|{dir}/nowhere/program"'), "AH0"),
    "an access log to a program that is not there": (
        lines(other='CustomLog "|{dir}/nowhere/program" common'), "AH0"),
    "a module without another that it needs": (
        lines(f"LoadModule proxy_module {MODULES}/mod_proxy.so\n"
              f"LoadModule proxy_balancer_module {MODULES}/mod_proxy_balancer.so\n"), "AH01177"),
    "encryption of sessions that nobody provides": (
        lines(f"LoadModule session_module {MODULES}/mod_session.so\n"
              f"LoadModule session_crypto_module {MODULES}/mod_session_crypto.so\n"
              "SessionCryptoDriver nobodys"), "AH01848|[Cc]rypto"),
    "a cache of another module in a directory that is not there": (
        lines('AuthnCacheSOCache "dbm:{dir}/nowhere/cache"\nAuthnCacheEnable'), "AH0",
        ("authn_socache", "socache_dbm")),
}


def walk(stage, change, words):
    """One way, from the change to the end of an httpd without rehearsals. Returns what is wrong."""
    httpd = stage.start().httpd
    mend = change(stage)
    status, said = httpd.check()
    if status != 0:
        return f"httpd -t finds it already: {said}"
    stage.issue()
    why = stage.wait_for_refusal()["why"]
    if not re.search(words, why):
        return f"the reason does not tell: {why}"
    if httpd.parent() != stage.parent or httpd.get_tls(OTHER).status != 200:
        return "the server did not live on"
    mend()
    stage.wait_until_live()
    if httpd.parent() != stage.parent:
        return "it was another httpd that the certificate went live in"
    change(stage)
    stage.parent.kill(signal.SIGUSR1)
    wait_until(lambda: not stage.parent.is_alive(), 30, "httpd to die of it, unrehearsed")
    return None


# Most of the time of each is spent waiting, so that several go side by side.
def walk_all(world, ways, make_stage):
    """@return how many were walked; EAB_WAY chooses among them"""
    world.expect(r"acme_eab:(warn|error)\]", r":emerg\]", r"AH0", r"SSL Library Error", HTTPD_ENDS)
    wrong = {}

    def one(name):
        change, words, *rest = ways[name]
        stage = make_stage(httpds[name], *rest)
        try:
            found = walk(stage, change, words)
        except AssertionError as error:
            found = f"{error}\n{httpds[name].log.tail(12)}"
        stage.configure()  # httpd must be able to read it, to be stopped
        if found:
            wrong[name] = found

    only = os.environ.get("EAB_WAY")
    names = [name for name in ways if only is None or only in name]
    httpds = {name: world.httpd() for name in names}
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(one, names))
    assert not wrong, "\n".join(f"{name}: {found}" for name, found in wrong.items())
    return len(names)


def test_what_would_end_httpd_at_a_restart_is_found_before(world):
    walked = walk_all(world, WAYS, Stage)
    assert walked >= 25 or os.environ.get("EAB_WAY")


def snapshot(httpd):
    """What a server has made of files, and where it listens."""
    files = {}
    for path in sorted(httpd.dir.rglob("*")):
        if path.parts[len(httpd.dir.parts)] in ("store", "run", "error.log"):
            continue
        info = path.lstat()
        files[str(path)] = (info.st_ino, info.st_mtime_ns, info.st_ctime_ns, info.st_size)
    return files, listeners(httpd)


def listeners(httpd):
    """The sockets that its parent listens at, by their inodes."""
    directory = f"/proc/{httpd.parent().pid}/fd"
    held = {os.readlink(f"{directory}/{fd}") for fd in os.listdir(directory)}
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return sorted(row[9] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in held)


# The rehearsal gets as far as the key of another site, behind everything that modules make before.
def test_a_rehearsal_leaves_the_running_server_as_it_is(world):
    world.expect(r"acme_eab:(warn|error)\]")
    stage = Stage(
        world.httpd(), ("socache_dbm", "authn_socache", "cgid", "rewrite", "slotmem_shm", "proxy",
                        "proxy_balancer", "lbmethod_byrequests", "proxy_http", "auth_digest"),
        'AuthnCacheSOCache "dbm:{dir}/authn_cache"\nAuthnCacheEnable\n'
        'SSLStaplingCache "dbm:{dir}/stapling"\nScriptSock "{dir}/cgid.sock"\n'
        'Mutex file:{dir} default\nRewriteEngine on\n'
        'RewriteMap all "prg:/bin/sh -c \'echo map >> {dir}/programs; exec cat\'"\n'
        '<Proxy balancer://all>\nBalancerMember http://127.0.0.1:1\n</Proxy>\n'
        'CustomLog "|/bin/sh -c \'echo log >> {dir}/programs; exec cat > /dev/null\'" common\n'
        'CustomLog "{dir}/access.log" common\n')
    httpd = stage.start().httpd
    wait_until(lambda: (httpd.dir / "programs").exists(), 20, "its programs to run")
    httpd.get("localhost")
    overwrite("other.key", key_of_another)(stage)
    before = snapshot(httpd)
    lines_before = httpd.log.count(r"\[ssl:emerg\]|AH01887")
    stage.issue()
    assert "AH02565" in stage.wait_for_refusal()["why"]
    after = snapshot(httpd)
    for path in before[0]:  # requests for the status are logged meanwhile
        if not path.endswith("access.log"):
            assert after[0][path] == before[0][path], path
    assert set(after[0]) == set(before[0])
    assert after[1] == before[1] and len(after[1]) == 2
    assert httpd.log.count(r"\[ssl:emerg\]|AH01887") == lines_before, "its lines are in no log"
    assert httpd.get_tls(OTHER).status == 200


# In a container, mostly.
def test_where_there_can_be_no_stage_mod_ssl_and_listeners_are_tried(world):
    world.expect(r"acme_eab:(warn|error)\]")
    stage = Stage(world.httpd())
    httpd = stage.httpd
    httpd.without = "sys_admin"
    stage.start()
    mend = overwrite("other.key", key_of_another)(stage)
    stage.issue()
    assert "AH02565" in stage.wait_for_refusal()["why"]
    cache = httpd.dir / "ssl_scache"
    assert not cache.exists() or cache.stat().st_size > 0
    mend()
    taken_port(stage)
    wait_until(lambda: "AH00072" in stage.reload().get("why", ""), 60, "the taken port to be told")
    assert httpd.parent() == stage.parent
    stage.configure()
    stage.wait_until_live()
    assert httpd.parent() == stage.parent
    assert httpd.log.count("only mod_ssl and the listeners") == 1


def test_many_words_hide_nothing(world):
    """Five hundred notices of the configuration test are no reason to refuse."""
    world.expect(r"acme_eab:(warn|error)\]")
    stage = Stage(world.httpd())
    httpd = stage.httpd
    httpd.without = "sys_admin"
    stage.start()
    stage.configure("\n".join(f"ACMEManagedDomain n{i}.orphaned-without-any-host.test.example"
                              for i in range(500)))
    assert len(httpd.check()[1]) > 60000
    stage.issue()
    stage.wait_until_live()
    assert httpd.parent() == stage.parent


def test_a_program_that_was_replaced_and_a_directory_that_is_gone(world):
    """A package update replaces the executable of a running server; it goes on with the old one."""
    world.expect(r"acme_eab:(warn|error)\]")
    stage = Stage(world.httpd())
    httpd = stage.httpd
    httpd.program = httpd.dir / "apache2"
    shutil.copy(APACHE, httpd.program)
    httpd.cwd = httpd.dir / "gone"
    httpd.cwd.mkdir()
    stage.start()
    httpd.program.unlink()
    httpd.program.write_text("#!/bin/sh\nexit 1\n")
    httpd.program.chmod(0o755)
    httpd.cwd.rmdir()
    httpd.cwd = "/"
    stage.issue()
    stage.wait_until_live()
    httpd.program = APACHE
    assert httpd.parent() == stage.parent


def test_a_file_system_that_the_kernel_has_made_read_only(world):
    """As one whose disk fails: the mount itself takes what is written."""
    world.expect(r"acme_eab:(warn|error)\]")
    stage = Stage(world.httpd())
    httpd = stage.httpd
    logs = httpd.dir / "logs"
    logs.mkdir()
    httpd.prefix = ["unshare", "--mount", "sh", "-ec",
                    'mount -t tmpfs -o size=1m logs "$0"; mount -o remount,ro "$0"; mount -o remount,bind,rw "$0"\n'
                    'exec "$@"', str(logs)]
    stage.start()
    stage.configure(f'CustomLog "{logs}/new.log" common')
    stage.issue()
    assert "new.log" in stage.wait_for_refusal()["why"]
    assert httpd.parent() == stage.parent
    stage.configure()
    stage.wait_until_live()


# A filter of system calls as systemd makes one for SystemCallFilter=, and httpd in it: the call of that number,
# with these bits in its first argument (0: any), is answered like that.
FILTERED = """\
import ctypes, os, struct, sys
number, bits, answer = map(int, sys.argv[1:4])
statements = [(0x20, 0, 0, 0), (0x15, 0, 4 if bits else 1, number), (0x20, 0, 0, 16), (0x54, 0, 0, bits),
              (0x15, 1, 0, 0), (0x06, 0, 0, answer), (0x06, 0, 0, 0x7FFF0000)]
if not bits:
    del statements[2:5]
program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in statements))
class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("program", ctypes.c_void_p)]
libc = ctypes.CDLL(None, use_errno=True)
filter = Filter(len(statements), ctypes.addressof(program))
assert libc.prctl(22, 2, ctypes.byref(filter)) == 0, os.strerror(ctypes.get_errno())
os.execv(sys.argv[4], sys.argv[4:])
"""
MOUNT, UNSHARE = (40, 97) if os.uname().machine == "aarch64" else (165, 272)
KILL, REFUSE, NEW_NETWORK = 0x80000000, 0x00050001, 0x40000000


@pytest.mark.parametrize("number, bits, answer", [(MOUNT, 0, KILL), (UNSHARE, 0, KILL), (UNSHARE, NEW_NETWORK, REFUSE),
                                                  (UNSHARE, NEW_NETWORK, KILL)],
                         ids=["mount", "unshare", "no network", "network"])
def test_a_filter_of_system_calls_keeps_no_certificate_back(world, number, bits, answer):
    """Without a stage the parts that can do no harm are tried, and that is said."""
    world.expect(r"acme_eab:(warn|error)\]")
    stage = Stage(world.httpd())
    httpd = stage.httpd
    script = httpd.dir / "filter.py"
    script.write_text(FILTERED)
    httpd.prefix = ["/usr/bin/python3", str(script), str(number), str(bits), str(answer)]
    stage.start().issue()
    stage.wait_until_live()
    assert httpd.parent() == stage.parent
    assert httpd.log.lines("Before a restart of httpd only mod_ssl and the listeners are tried")


class PassPhraseStage(Stage):
    """The other site has two keys with a pass phrase. Who said it when httpd was started is gone."""

    def __init__(self, httpd, second=None):
        super().__init__(httpd)
        self.encrypt("second", second or certificates.make_rsa_key())
        for name in "other", "foreign":
            self.encrypt(name, certificates.load_key((httpd.dir / f"{name}.key").read_bytes()))
        self.own = [pair_lines(httpd, "second")]
        self.program = httpd.dir / "phrase"
        self.before = f'SSLPassPhraseDialog "exec:{self.program}"'
        self.configure()

    def encrypt(self, name, key):
        directory = self.httpd.dir
        (directory / f"{name}.key").write_bytes(certificates.encrypted_pem_of(key, b"secret"))
        if not (directory / f"{name}.crt").exists():
            (directory / f"{name}.crt").write_bytes(
                certificates.make_self_signed([OTHER], key=key)[0])

    def say(self, phrase):
        self.program.write_text(f"#!/bin/sh\necho {phrase}\n" if phrase else "#!/bin/sh\nexit 1\n")
        self.program.chmod(0o755)

    def start(self):
        self.say("secret")
        super().start()
        self.say(None)
        return self


def replace(before, after):
    """Words of the configuration are replaced."""
    def do(stage):
        conf = stage.httpd.conf
        text = conf.read_text()
        assert before in text
        conf.write_text(text.replace(before, after))
        return stage.configure
    return do


def another_pair(stage):
    """The new key is as old as the one that it takes the place of."""
    key, certificate = stage.httpd.dir / "other.key", stage.httpd.dir / "other.crt"
    before, date = (key.read_bytes(), certificate.read_bytes()), key.stat().st_mtime_ns
    for path, name in (key, "foreign.key"), (certificate, "foreign.crt"):
        path.write_bytes((stage.httpd.dir / name).read_bytes())
        os.utime(path, ns=(date, date))

    def undo():
        for path, content in zip((key, certificate), before):
            path.write_bytes(content)
            os.utime(path, ns=(date, date))
    return undo


def another_key_of_the_same_second(stage):
    """Somebody is there to say its phrase."""
    key = stage.httpd.dir / "other.key"
    before, date = key.read_bytes(), key.stat().st_mtime_ns
    second, rest = divmod(date, 10 ** 9)
    later = second * 10 ** 9 + (rest + 5 * 10 ** 8) % 10 ** 9
    key.write_bytes((stage.httpd.dir / "foreign.key").read_bytes())
    os.utime(key, ns=(later, later))
    stage.say("secret")

    def undo():
        key.write_bytes(before)
        os.utime(key, ns=(date, date))
        stage.say(None)
    return undo


def one_more(name, stem):
    """Another virtual host with a pair that is there already."""
    def do(stage):
        stage.configure(stage.httpd.site(name, more=pair_lines(stage.httpd, stem)))
        return stage.configure
    return do


def another_order(stage):
    conf = stage.httpd.conf
    conf.write_text(re.sub(r"(other|second)(?=\.(crt|key))",
                           lambda stem: {"other": "second", "second": "other"}[stem[0]],
                           conf.read_text()))
    return stage.configure


def third_type(stage):
    stage.encrypt("third", ed25519.Ed25519PrivateKey.generate())
    stage.configure(other=pair_lines(stage.httpd, "third"))
    return stage.configure


def another_rsa_certificate(_stage):
    return certificates.make_self_signed([OTHER], key=certificates.make_rsa_key())[0]


# As in WAYS. mod_ssl keeps a key by the virtual host's name and port and by its place, for as long as the
# file has its date; the certificate is read anew.
PASS_PHRASE_WAYS = {
    "another name": (replace(f"ServerName {OTHER}\n", "ServerName renamed.example\n"), "AH0256"),
    "another port": (replace(f"ServerName {OTHER}\n", f"ServerName {OTHER}:8443\n"), "AH0256"),
    "the certificate of another key": (
        overwrite("other.crt", lambda stage: (stage.httpd.dir / "foreign.crt").read_bytes()),
        "AH0256"),
    "the second certificate is of another key": (
        overwrite("second.crt", another_rsa_certificate), "AH0256"),
    "a page for a certificate": (overwrite("other.crt", HTML), "AH0256[12]"),
    "a damaged chain": (
        overwrite("other.crt", lambda stage: (stage.httpd.dir / "other.crt").read_bytes()
                  + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        "AH0256[12]"),
    "another pair of the same date": (another_pair, "AH0256"),
    "another key of the same second": (another_key_of_the_same_second, "AH02564.*mismatch"),
    "one more virtual host": (one_more("more.example", "other"), "AH0256"),
    # Of two with the same name the later one's is kept.
    "one more virtual host of the same name": (one_more(OTHER, "foreign"), "AH0256"),
    "one more type of key": (third_type, "AH0256"),
    "another order": (another_order, "AH0256"),
    "a level that the certificate is too weak for": (
        lines(other="SSLCipherSuite DEFAULT@SECLEVEL=3"), "AH0256[12]"),
}


def test_a_key_with_a_pass_phrase_that_a_restart_would_not_find(world):
    walk_all(world, PASS_PHRASE_WAYS, PassPhraseStage)


def test_a_key_with_a_pass_phrase_where_weak_ones_are_refused(world):
    """What takes its place in a rehearsal is strong enough."""
    world.expect(r"acme_eab:(warn|error)\]")
    stage = PassPhraseStage(world.httpd(), ec.generate_private_key(ec.SECP384R1()))
    stage.own = ["SSLCipherSuite DEFAULT@SECLEVEL=4"]
    for path in "other.crt", "other.key":
        (stage.httpd.dir / path).write_bytes(
            (stage.httpd.dir / path.replace("other", "second")).read_bytes())
    stage.configure()
    stage.start()
    stage.issue()
    stage.wait_until_live()
    assert stage.httpd.parent() == stage.parent


def test_a_new_certificate_for_a_key_with_a_pass_phrase(world):
    world.expect(r"acme_eab:(warn|error)\]")
    stage = PassPhraseStage(world.httpd()).start()
    httpd = stage.httpd
    key = certificates.load_key((httpd.dir / "other.key").read_bytes(), b"secret")
    (httpd.dir / "other.crt").write_bytes(certificates.make_self_signed([OTHER], days=60, key=key)[0])
    stage.issue()
    stage.wait_until_live()
    assert httpd.parent() == stage.parent


def test_a_key_with_a_pass_phrase_that_httpd_has(world):
    """httpd asked for the phrase when it was started, and does not ask again."""
    world.expect(r"acme_eab:(warn|error)\]")
    stage = PassPhraseStage(world.httpd()).start()
    httpd = stage.httpd
    stage.issue()
    stage.wait_until_live()
    assert httpd.parent() == stage.parent
    assert httpd.get_tls(OTHER).status == 200


def test_what_else_a_restart_would_bring_is_told(world):
    world.expect(r"acme_eab:(warn|error)\]")
    stage = Stage(world.httpd())
    httpd = stage.start().httpd
    more = httpd.dir / "more.conf"
    more.write_text("")
    stage.configure(f'Header set X-More yes\nInclude "{more}"')
    stage.issue()
    stage.wait_until_live()
    assert httpd.get_tls(OTHER).headers["X-More"] == "yes"
    told = httpd.log.lines("Restarting httpd gracefully")
    assert len(told) == 1 and f"see {httpd.conf}:" in told[0]

    # A comment brings nothing.
    httpd.conf.write_text("# only a comment\n" + httpd.conf.read_text())
    stage.certificate = seed(httpd, NAME, "000002")
    keeper = httpd.wait_for_keeper()
    keeper.kill(signal.SIGKILL)
    wait_until(stage.is_live, 60, "another certificate")
    assert "not as httpd has read it" not in httpd.log.lines("Restarting httpd gracefully")[1]


def test_a_restart_that_ends_httpd_all_the_same_is_told(world):
    """What no rehearsal finds: a part of the configuration that is not for it."""
    world.expect(r"acme_eab:(warn|error)\]", r":emerg\]", "AH0", HTTPD_ENDS)
    stage = Stage(world.httpd())
    httpd = stage.start().httpd
    stage.configure(f'<IfDefine !NO_DETACH>\nCustomLog "|{httpd.dir}/nowhere" common\n</IfDefine>')
    stage.issue()
    wait_until(lambda: not stage.parent.is_alive(), 60, "httpd to end in its restart")
    told = wait_until(lambda: httpd.log.lines("httpd ended in the graceful restart"), 20, "a witness")
    assert len(told) == 1 and f"{NAME} (generation 000001)" in told[0]
    assert "Run its configuration test" in told[0] and "start httpd" in told[0]
    assert httpd.log.text().rstrip().splitlines()[-1] == told[0], "it is the last word"
    memory = json.loads((httpd.store.dir / "reload.json").read_text())
    assert NAME in memory["restarting"]["for"] and "start it" in memory["restarting"]["advice"]
    stage.configure()
    httpd.pid_file.unlink()
    httpd.start()
    stage.wait_until_live()
    wait_until(lambda: "restarting" not in (httpd.store.dir / "reload.json").read_text(), 20,
               "that it is over")
    # Stopped on purpose, it is nobody's fault.
    httpd.stop()
    assert httpd.log.count("httpd ended in the graceful restart") == 1


@pytest.mark.parametrize("error_log", ["syslog:local1:web", "|/bin/sh -c 'exec cat >> {dir}/piped.log'"],
                         ids=["syslog", "a program"])
def test_it_is_told_to_syslog_where_the_error_log_is_no_file(world, syslog, error_log):  # noqa: F811
    """A program ends with httpd, and with syslog the standard error of httpd is nothing."""
    log, command = syslog
    stage = Stage(world.httpd(), before=f'ErrorLog "{error_log}"')
    stage.httpd.prefix = command
    httpd = stage.start().httpd
    stage.configure(f'<IfDefine !NO_DETACH>\nCustomLog "|{httpd.dir}/nowhere" common\n</IfDefine>')
    stage.issue()
    wait_until(lambda: not stage.parent.is_alive(), 60, "httpd to end in its restart")
    told = wait_until(lambda: log.find("httpd ended in the graceful restart"), 20, "a witness")
    daemon_error = 3 * 8 + 3
    assert len(told) == 1 and re.match(rf"<{daemon_error}>.* acme-eab-keeper\[\d+\]: ", told[0])
    assert f"{NAME} (generation 000001)" in told[0] and "start httpd" in told[0]
    stage.configure()
    httpd.pid_file.unlink()
