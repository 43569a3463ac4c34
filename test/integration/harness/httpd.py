# SPDX-License-Identifier: Apache-2.0
"""A scratch httpd: its configuration, its life, its processes, its log."""

import grp
import os
import pwd
import signal
import subprocess
import time

from . import client, processes
from .errorlog import ErrorLog
from .ports import free_port
from .reports import Judge
from .store import Store
from .waiting import PATIENCE, wait_until

APACHE = "/usr/sbin/apache2"
MODULES = "/usr/lib/apache2/modules"
KEEPER = "acme-eab-keeper"
AGENT = "acme-eab-agent"

FRAME = """\
ServerRoot "{dir}"
ServerName localhost
DefaultRuntimeDir "{dir}"
PidFile "{dir}/httpd.pid"
ErrorLog "{dir}/error.log"
LogLevel {log_level}
LoadModule mpm_{mpm}_module {modules}/mod_mpm_{mpm}.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule headers_module {modules}/mod_headers.so
LoadModule socache_shmcb_module {modules}/mod_socache_shmcb.so
LoadModule ssl_module {modules}/mod_ssl.so
{more_modules}
{load}
{more_lines}
{user}
Listen 127.0.0.1:{http}
Listen 127.0.0.1:{https}
SSLSessionCache "shmcb:{dir}/ssl_scache(102400)"
StartServers 1
{workers}
ThreadStackSize 262144
GracefulShutdownTimeout 5
DocumentRoot "{dir}/htdocs"
<Directory "{dir}/htdocs">
    Require all granted
</Directory>
"""

OURS = """\
<Location /acme-status>
    SetHandler acme-status
</Location>
ACMEStoreDir "{dir}/store"
ACMERunDir "{dir}/run"
"""

WORKERS = {
    "event": "ServerLimit 16\nThreadsPerChild 16\nMaxRequestWorkers 128\nMinSpareThreads 8\n"
             "MaxSpareThreads 128",
    "worker": "ServerLimit 16\nThreadsPerChild 16\nMaxRequestWorkers 128\nMinSpareThreads 8\n"
              "MaxSpareThreads 128",
    "prefork": "ServerLimit 32\nMaxRequestWorkers 32",
}


class Httpd:
    def __init__(self, directory, module, user="www-data"):
        """module: the path of ours, or None for an httpd without it"""
        processes.adopt_orphans()
        self.dir = directory
        self.dir.mkdir()
        os.chmod(self.dir, 0o755)
        self.module = module
        self.user = user
        self.runs_as = None  # a user to start httpd as, instead of root
        self.without = None  # a capability that it shall not have
        self.program = APACHE
        self.cwd = "/"
        self.http = free_port()
        self.https = free_port()
        self.mpm = "event"
        self.log_level = "info"
        self.modules = []  # more of httpd's own, by name
        self.more_lines = []  # of the frame
        self.environment = {}
        self.prefix = []  # a command that httpd is started by
        self._foreground = None
        self.conf = self.dir / "httpd.conf"
        self.pid_file = self.dir / "httpd.pid"
        self._console = self.dir / "console.log"  # what it says before its log is open
        self.htdocs = self.dir / "htdocs"
        self.htdocs.mkdir()
        (self.htdocs / "index.html").write_text("hello\n")
        self.key_file = self.dir / "eab.key"
        self.store = Store(self.dir / "store")
        self.run_dir = self.dir / "run"
        self.log = ErrorLog(self.dir / "error.log")
        self._judge = Judge()

    # -- configuration ----------------------------------------------------------------------

    def acme(self, ca, kid="kid-1", key=None, terms=True, more="", key_type="p256"):
        """The directives that name CA and account, as an administrator writes them. Writes the
        key file. key_type: one that is made quickly, unless more names another or the CA takes RSA
        only; None: the default"""
        if getattr(getattr(ca, "switches", None), "rsa_only", False):
            key_type = None
        if kid is not None:
            self.write_key(ca.keys.get(kid, "") if key is None else key)
        lines = [
            f"ACMEServer {ca.url}",
            f'ACMECACertificateFile "{ca.tls_certificate}"',
            "ACMEContact webmaster@test.example",
            "ACMETermsOfService accepted" if terms else "",
            f'ACMEEABKid {kid}\nACMEEABKey "file:{self.key_file}"' if kid is not None else "",
            f"ACMEKeyType {key_type}" if key_type and "ACMEKeyType" not in more else "",
            more,
        ]
        return "\n".join(line for line in lines if line)

    def write_key(self, text):
        self.key_file.touch(0o600)
        self.key_file.write_text(text + "\n")
        os.chmod(self.key_file, 0o600)

    def site(self, name, aliases=(), more="", managed=False):
        """An https vhost; managed: with a certificate for its own names."""
        return "\n".join([
            f"<VirtualHost 127.0.0.1:{self.https}>",
            f"    ServerName {name}",
            *(f"    ServerAlias {alias}" for alias in aliases),
            "    SSLEngine on",
            "    ACMEManagedDomain" if managed else "",
            more,
            "</VirtualHost>",
        ])

    def plain_site(self, name, more=""):
        """An http vhost."""
        return (f"<VirtualHost 127.0.0.1:{self.http}>\n    ServerName {name}\n{more}\n"
                "</VirtualHost>")

    def configure(self, *parts):
        """Write httpd.conf: the frame of all tests and these parts. Returns its text."""
        frame = (FRAME + (OURS if self.module else "")).format(
            dir=self.dir, http=self.http, https=self.https, log_level=self.log_level,
            mpm=self.mpm, modules=MODULES, workers=WORKERS[self.mpm],
            load=f"LoadModule acme_eab_module {self.module}" if self.module else "",
            more_modules="\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so"
                                   for name in self.modules),
            more_lines="\n".join(self.more_lines),
            user=f"User {self.user}\nGroup {self._group()}" if self.runs_as is None else "")
        text = frame + "\n".join(parts) + "\n"
        self.conf.write_text(text)
        return text

    def line_of(self, text):
        """The number of the first line of httpd.conf with text in it."""
        for number, line in enumerate(self.conf.read_text().splitlines(), 1):
            if text in line:
                return number
        raise AssertionError(f"{text!r} is not in {self.conf}")

    # -- life -------------------------------------------------------------------------------

    def check(self):
        """httpd -t: (exit status, what it said)"""
        done = self._run("-t")
        return done.returncode, done.stdout

    def start(self, *arguments):
        before = self.restarts()
        if self.parent() is None:
            self.pid_file.unlink(missing_ok=True)  # a killed one leaves it, and maybe a zombie
        if "LD_PRELOAD" in self.environment:
            self._start_in_foreground()
        else:
            done = self._run(*arguments, "-k", "start")
            assert done.returncode == 0, f"httpd did not start: {done.stdout}\n{self.log.tail()}"
        wait_until(self._accepts, 30, "httpd to accept connections")
        end = time.monotonic() + 5
        while self.restarts() == before and time.monotonic() < end:
            time.sleep(0.01)  # it accepts a moment before it says so, if it does: see restarts()
        return self

    def graceful(self):
        """Restart gracefully, as an administrator does, and wait until it is done."""
        assert self.parent() is not None, f"httpd does not run: {self.log.tail(20)}"
        before = self.restarts()
        done = self._run("-k", "graceful")
        assert done.returncode == 0, done.stdout
        wait_until(lambda: self.restarts() > before, 15, "the graceful restart")

    def restarts(self):
        """How often httpd has resumed operations: starts and graceful restarts."""
        return self.log.count(r"AH00489|AH00163|resuming normal operations")

    def crash(self):
        """kill -9 of the parent and its workers; keeper and agent see for themselves that it is gone."""
        self.parent().kill(signal.SIGSTOP)  # or it has another worker by the time that those are found
        family = [process for process in self.family() if not process.name.startswith("acme-eab")]
        for process in sorted(family, key=lambda process: process.pid):
            process.kill()
        assert processes.wait_gone(family, 10), f"what was killed is still there: {self.living(family)}"

    def stop(self):
        """Stop, and see that nothing is left within seconds."""
        parent = self.parent()
        if parent is None:
            return
        family = self.family()
        for _ in range(30):  # httpd forgets a SIGTERM that comes while it restarts gracefully
            parent.kill(signal.SIGTERM)
            if processes.wait_gone(family, 4, patience=1):
                break
            family = self.family()
        assert not self.living(family), f"httpd did not stop: {self.living(family)}"
        if self._foreground is not None:
            self._foreground.wait(5 * PATIENCE)
            self._foreground = None
        for process in family:
            process.reap()

    def living(self, family):
        return [process for process in family if process.is_alive()]

    def kill_all(self):
        """End what is left of this httpd."""
        family = self.family()
        for process in family:
            process.kill(signal.SIGKILL)
        processes.wait_gone(family, 5)
        for process in family:
            process.reap()

    # -- processes --------------------------------------------------------------------------

    def parent(self):
        """The parent process, or None when it is not running. The pid file is believed only if it
        names a process that the tests have started."""
        try:
            pid = int(self.pid_file.read_text())
        except (OSError, ValueError):
            return None
        process = processes.read(pid)
        if process is None or process.zombie or process.name != "apache2":
            return None
        return process if process.is_ours() else None

    def keeper(self):
        return self._child(self.parent(), KEEPER)

    def agent(self):
        return self._child(self.keeper(), AGENT)

    def workers(self):
        parent = self.parent()
        children = processes.children(parent.pid) if parent else []
        return [child for child in children if child.name == "apache2"]

    def family(self):
        return processes.belonging_to(self.dir)

    def wait_for_agent(self, other_than=None, seconds=20):
        """It begins as root, for the moment that it takes to become somebody else."""
        def found():
            agent = self.agent()
            try:
                there = agent and agent != other_than and 0 not in agent.user_ids()
            except OSError:  # it has ended meanwhile
                return None
            return agent if there else None
        return wait_until(found, seconds, "an agent to run")

    def wait_for_keeper(self, other_than=None, seconds=20):
        def found():
            keeper = self.keeper()
            return keeper if keeper and keeper != other_than else None
        return wait_until(found, seconds, "a keeper to run")

    # -- what it serves ---------------------------------------------------------------------

    def get(self, host, path="/index.html", **options):
        return client.get(self.http, host, path, **options)

    def get_tls(self, host, path="/index.html", trust=None, **options):
        """trust: a root in PEM; anybody is trusted without it."""
        context = client.trusting(trust) if trust else client.trusting_anyone()
        return client.get(self.https, host, path, tls=context, **options)

    def certificate(self, name):
        return client.served_certificate(self.https, name)

    def status(self):
        """The status of this run of httpd, as soon as there is one: right after a start it is what was
        known before. Each one that is read, also of before, is judged by itself."""
        def there():
            try:
                report = self.report()
            except OSError:  # a worker that ends in a restart
                return None
            return None if "notice" in report else report
        return wait_until(there, 15, "a status")

    def report(self):
        """What ?format=json says right now."""
        answer = self.get("localhost", "/acme-status?format=json")
        assert answer.status in (200, 503), f"the status is there at any time, not {answer.status}"
        report = answer.json()
        self._judge.judge(report)
        return report

    def wait_for_report(self, condition, what, seconds=30):
        """Wait until condition(status) holds; return that one report: what is read from two of them
        may have changed between."""
        seen = []

        def matches():
            try:
                seen[:] = [self.status()]
                return seen[0] if condition(seen[0]) else None
            except (AssertionError, OSError):
                return None
        try:
            return wait_until(matches, seconds, f"{what} in the status")
        except AssertionError as error:
            raise AssertionError(f"{error}; it said {seen}") from None

    def certificate_status(self, name):
        for entry in self.status()["certificates"]:
            if entry["name"] == name:
                return entry
        return None

    def wait_for_status(self, name, condition, what, seconds=30):
        """Wait until condition(entry) holds for the status of a certificate; return the entry."""
        seen = []

        def matches():
            try:
                seen[:] = [self.certificate_status(name)]
                return seen[0] if seen[0] and condition(seen[0]) else None
            except (AssertionError, OSError):
                return None
        try:
            return wait_until(matches, seconds, f"{what} in the status of {name}")
        except AssertionError as error:
            raise AssertionError(f"{error}; it said {seen}") from None

    def wait_for_problem(self, name, part, seconds=30):
        """Wait until the status tells of a problem whose type ends in part."""
        return self.wait_for_status(
            name, lambda entry: (entry.get("problem") or {}).get("type", "").endswith(part),
            f"a problem of type {part}", seconds)

    def wait_for_certificate(self, name, ca, seconds=45, other_than=None):
        """Wait until https for that name is served with a certificate of the CA; return it."""
        root = ca.root()

        def served():
            try:
                certificate = self.certificate(name)
                if certificate.issuer == certificate.subject or certificate.serial_number == other_than:
                    return None  # a fallback, or the one before
                answer = self.get_tls(name, trust=root)
            except OSError:
                return None
            return certificate if answer.status != 503 else None
        return wait_until(served, seconds, f"a certificate of the CA for {name}")

    def wait_for_issue(self, name, seconds=30, other_than=None):
        """Wait until a certificate for that name is in the store, live or not yet; return its
        status."""
        def issued(entry):
            if entry["state"] not in ("valid", "waiting-for-reload"):
                return False
            return int(entry["keys"][0]["serial"], 16) != other_than
        return self.wait_for_status(name, issued, "a certificate", seconds)

    def take_up(self, name, ca, other_than=None):
        """Wait for a certificate and restart for it, where a test is not about the restart that
        would come by itself some seconds later. Returns the certificate."""
        self.wait_for_issue(name, other_than=other_than)
        self.graceful()
        return self.wait_for_certificate(name, ca, other_than=other_than)

    # -- the rest ---------------------------------------------------------------------------

    def _group(self):
        return grp.getgrgid(pwd.getpwnam(self.user).pw_gid).gr_name

    def _child(self, parent, name):
        if parent is None:
            return None
        for child in processes.children(parent.pid):
            if child.name == name:
                return child
        return None

    def _accepts(self):
        try:
            self.get("localhost")
            return True
        except OSError:
            if self.parent() is None and self.log.count("AH00016|Configuration Failed|AH00020"):
                raise AssertionError("httpd ended: " + self.log.tail(20)) from None
            if self._foreground is not None and self._foreground.poll() is not None:
                raise AssertionError(f"httpd ended with status {self._foreground.returncode}: "
                                     f"{self._console.read_text()}") from None
            return False

    def _start_in_foreground(self):
        """What libfaketime shares among processes ends with the first of them: that must not be a
        parent that goes away once httpd is in the background."""
        with self._console.open("wb") as console:
            self._foreground = subprocess.Popen(
                [APACHE, "-f", str(self.conf), "-DFOREGROUND"], stdin=subprocess.DEVNULL,
                stdout=console, stderr=subprocess.STDOUT, cwd="/",
                env={**os.environ, **self.environment})

    def _run(self, *arguments):
        command = [*self.prefix, str(self.program), "-f", str(self.conf), *arguments]
        if self.without is not None:
            command = ["setpriv", f"--bounding-set=-{self.without}", *command]
        if self.runs_as is not None:
            user = pwd.getpwnam(self.runs_as)
            command = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}",
                       "--clear-groups", *command]
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=240, cwd=self.cwd,
                              env={**os.environ, **self.environment}, check=False)
