# SPDX-License-Identifier: Apache-2.0
"""One run: an httpd and a CA, one accident at one step, and the judgement in the end."""

import http.client
import math
import json
import os
import re
import signal
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from harness import clock, outcomes
from harness.acmectl import Acmectl
from harness.board import Board
from harness.stapled import shake_hands
from harness.waiting import PATIENCE, wait_until
from harness.world import World

from accidents import UNTOLD, Cut, DiskAccident
from disk import Disk, can_mount
from scenarios import NAME
from simulated_ca import jws
from telling import Program

FIRST_LOOK = 0.12  # seconds; a waiting agent is given its time after this
LONG_LOOK = 2.5  # before a day is
LOOK = 0.03
IDLE = 4  # seconds after which ten go by although nobody has said that he waits
OUTAGE = 0.7  # seconds that a disk stays broken, or until the status has said so twice
IN_STORE = re.compile(
    r"format\.json|plan\.json|control|counters\.json|history\.jsonl(\.1)?|blocked\.jsonl"
    r"|demands|acts|revocations|events|told\.jsonl|leftovers\.json|unexported\.json|"
    r"lock|reload\.json|accounts(/[0-9a-f]{32}(\.current|\.deactivated)?(/(key(\.old)?\.pem|(account|directory)\.json))?)?"
    r"|archive(/[^/]+(/(renewal|validations)\.json|/\d{6}(/(privkey\.pem|fullchain\.pem|meta\.json|checked|ocsp\.der))?)?)?|live(/[^/.]+[^/]*)?"
    r"|pending|failures|dns|acts/[0-9a-f]{32}\.json")


class Interrupted:
    def __init__(self, scenario, step=None, accident=None):
        """Without step and accident: a run that is only watched."""
        self.scenario = scenario
        self.step = step
        self.accident = accident
        self.world = World(os.environ["EAB_MODULE"])
        self.httpd = self.world.httpd()
        self.board = Board(self.world.dir / "steps", os.environ["EAB_STEPS"])
        self.disks = []
        self.complaints = []
        self.waited = 0  # seconds by which the clocks were moved since the accident
        self.met = False  # the step was come to
        self.old = None  # the certificate of before
        self._stable = (None, 0.0)
        self._seen = (None, time.monotonic())
        self._strange = []
        self._asked_before = 0
        self.act = None  # what root asks for
        self.beside = None  # what acmectl does meanwhile
        self.program = Program(self.httpd.dir / "told-of-events")
        self._after = False  # what the accident needs afterwards is done

    # -- the run ----------------------------------------------------------------------------------

    def run(self):
        """@return (was the step met, sentences about what was wrong, steps)"""
        try:
            self._prepare()
            self._watch()
            self._until_all_is_well()
            self._judge()
            steps = self._steps()
        except (KeyboardInterrupt, SystemExit):
            self._end()
            raise
        except Exception as error:  # whatever it was, the others go on
            self.complaints.append(f"{type(error).__name__}: {error}")
            steps = []
        self.complaints += self._end()
        return self.met, self.complaints, steps

    def _prepare(self):
        self.ca = self.world.simulated_ca(self.httpd, self.scenario.mode, **self.scenario.changes)
        self.httpd.environment = self.board.environment
        if isinstance(self.accident, DiskAccident) and can_mount():
            self.disks = [Disk(self.httpd.store.dir, 0o700), Disk(self.httpd.run_dir, 0o755)]
        self.httpd.log_level = "info ssl:warn"
        self.board.watch(self.httpd.store.dir, self.httpd.run_dir)
        live = "\nACMEReload live" if self.scenario.live else ""
        if self.scenario.beside:
            self.beside = {"import": Import, "export": Export}[self.scenario.beside](self)
            self.board.watch(self.httpd.store.dir, self.httpd.run_dir, self.beside.out)
        self.httpd.configure(self.httpd.acme(self.ca, more=f"ACMEKeyType p256{live}"),
                             self.program.directive, self.beside.directive if self.beside else "",
                             self.httpd.site(NAME, managed=True))

    def _watch(self):
        if not self.scenario.renewal and not self.scenario.act:
            self._aim()
            self.httpd.start()
            return
        self.httpd.start()
        self.old = self._until_served(lambda certificate: True)
        entry = wait_until(self._renewal, 20, "a plan to renew")
        wait_until(lambda: not self._untold() and not list((self.httpd.store.dir / "events").iterdir()),
                   20, "the events until here")
        if self.scenario.failing:
            self._let_a_renewal_fail()
        old = self._supersede() if self.scenario.superseded else None
        if self.scenario.act:
            self.act = Act(self, [old if word == "OLD" else word for word in self.scenario.act])
            self._aim()
            return
        self._aim()
        self._let_pass(clock.parse(entry["next"]["at"]) - self._now())
        self.waited = 0

    def _let_a_renewal_fail(self):
        """It is not tried again for a day, though the CA would take it now."""
        self.ca.accidents.problem("new-order", "rejectedIdentifier")
        self.world.expect(r"rejectedIdentifier")
        done = Acmectl(self.httpd)("renew", NAME, "--force")
        assert done.code == 0, done.err
        wait_until(lambda: (self._entry() or {}).get("problem"), 20, "a failure")
        wait_until(lambda: not self.program.missing([("failing", self.ca.certificates[0].serial)])
                   and not list((self.httpd.store.dir / "events").iterdir()), 20, "its event")

    def _supersede(self):
        """@return the id of the account that is not used any more"""
        old = next((self.httpd.store.dir / "accounts").glob("*/account.json")).parent.name
        done = Acmectl(self.httpd)("account", "rollover", "default", "--new-account", "--wait")
        assert done.code == 0, done.err
        wait_until(self._renewal, 20, "a plan to renew, with the other account")
        return old

    def _aim(self):
        """From here on steps count."""
        self._asked_before = len(self.ca.counts.log)
        if self.step is not None and self.step.startswith("CA"):
            self._aim_at_ca()
        elif self.step is not None:
            self.board.aim(self.step)
        self.board.arm()

    def _aim_at_ca(self):
        _, verb, kind, number = self.step.split(" ")
        number = int(number[1:])
        if isinstance(self.accident, Cut):
            self.ca.accidents.meanwhile(kind, self._strike_cut, at=number)
            getattr(self.ca.accidents, self.accident.when)(kind, at=number)
            return
        self.ca.accidents.meanwhile(kind, self._strike, at=number, after=verb == "answers")

    def _strike_cut(self):
        self.met = True

    def _strike(self):
        self.accident.begin(self)
        self.met = True

    def disk_of_step(self):
        """The run directory's where the step is there, else the store's."""
        if not self.disks:
            return Denial(self.board, self.accident.number)
        return self.disks[" run/" in self.step]

    # -- time -------------------------------------------------------------------------------------

    def _now(self):
        """By the clock of httpd."""
        return time.time() + self.board.ahead()

    def _let_pass(self, seconds):
        seconds = math.ceil(seconds)
        self.board.let_pass(seconds)
        self.ca.clock.advance(seconds)
        self.waited += seconds

    def _status(self):
        """Of this run of httpd, or None."""
        try:
            report = self.httpd.get("localhost", "/acme-status?format=json").json()
        except (OSError, ValueError, http.client.HTTPException):
            return None
        return None if "notice" in report else report

    def _entry(self):
        status = self._status()
        return status["certificates"][0] if status and status["certificates"] else None

    def _planned(self, what):
        entry = self._entry()
        return entry if entry and entry["next"]["what"] == what \
            and entry["state"] == "valid" else None

    def _renewal(self):
        """The plan to renew, once the CA was asked for its suggestion, where it has one."""
        entry = self._planned("renew")
        return entry if entry and (entry["suggestion"] or not self.ca.switches.renewal_info) else None

    def _pump(self):
        """What httpd waits for comes now, as if the time had passed."""
        entry = self._entry()
        now = time.monotonic()
        if entry != self._seen[0]:
            self._seen = (entry, now)
        elif now - self._seen[1] > IDLE:
            self._seen = (entry, now)
            self._let_pass(10)
        at = (entry or {}).get("next", {}).get("at")
        if not at or (entry["next"]["what"] == "renew" and not self._is_early()):
            return
        wait = clock.parse(at) - self._now()
        if self._stable[0] != at:
            self._stable = (at, now)
        elif now - self._stable[1] > (LONG_LOOK if wait > 3600 or self._deactivates() else FIRST_LOOK) \
                and wait > 0 and not (wait > 3600 and self.act is not None and not self.act.taken):
            self._let_pass(wait + 0.1)
            if entry["next"]["what"] == "renew":
                self.waited = 0

    def _deactivates(self):
        """What its certificate waits for then is nothing that this run waits for."""
        return self.scenario.act[:2] == ("account", "deactivate") and not self.scenario.superseded

    def _is_early(self):
        """The clock was put back, and the renewal is not due any more: not before a day has gone."""
        return self.scenario.renewal and self.met and self.accident.name == "clock-back" \
            and self.ca.issued() < self.scenario.certificates

    # -- until all is well --------------------------------------------------------------------------

    def _until_all_is_well(self, seconds=40):
        broken_since, end = None, time.monotonic() + seconds * PATIENCE
        last_look = 0.0
        while True:
            if self.board.has_struck() and not self.met:
                self._strike()
                self.board.release()
            if self.met and not self._after:
                self._after = True
                self.accident.after(self)
            if self.met and broken_since is None:
                broken_since = time.monotonic()
            if isinstance(self.accident, DiskAccident) and broken_since \
                    and not self._is_lifted(broken_since):
                time.sleep(0.005)
                continue
            if time.monotonic() - last_look > LOOK:
                last_look = time.monotonic()
                if self.scenario.stapled:
                    self._judge_staple()
                if self.act is not None:
                    self.act.press()
                if self.beside is not None:
                    self.beside.press()
                if self._all_is_well():
                    return
                self._pump()
            if time.monotonic() > end:
                raise AssertionError(f"it is not well after {seconds * PATIENCE} s and {self.waited} s of its "
                                     f"clock: {self._entry()}, {self._strange}, not told: {self._untold()}")
            time.sleep(0.002)

    _lifted = False

    def _is_lifted(self, since):
        if self._lifted:
            return True
        self._look_at_old()
        problem = (self._entry() or {}).get("problem") or {}
        if problem.get("attempts", 0) < 2 and time.monotonic() - since < OUTAGE:
            if problem:
                self._pump()
            return False
        self._judge_words(problem)
        self.accident.end(self)
        self._lifted = True
        self.waited = 0
        return True

    def _judge_words(self, problem):
        """If it was noticed, it was said plainly: what, and where. What root has asked for is no accident, and what
        failed before none either."""
        if "was deactivated with acmectl" in problem.get("detail", "") \
                or (self.scenario.failing and "rejectedIdentifier" in problem.get("type", "")):
            return
        if problem and self.accident.words not in problem.get("detail", ""):
            self.complaints.append(f"the status does not say it plainly: {problem}")
        if problem and not self.httpd.log.count(self.accident.expected[0]):
            self.complaints.append("the log does not say it plainly")

    def _all_is_well(self):
        if self.ca.issued() < self.scenario.certificates:
            self._look_at_old()
            return False
        if self.act is not None and not self.act.is_done():
            return False
        if self._untold():
            return False
        if self._deactivates():
            self._strange = self._strange_files()
            return not self._strange
        entry = self._planned("renew")
        newest = self.ca.certificates[-1].serial
        if entry is None or int(entry["keys"][0]["serial"], 16) != newest or entry["problem"]:
            self._look_at_old()
            return False
        if clock.parse(entry["next"]["at"]) < self._now() or not entry["served"]:
            return False
        self._strange = self._strange_files()
        if self._strange:
            return False
        served = self._served()
        return served is not None and served.serial_number == newest \
            and (self.beside is None or self.beside.is_done(newest))

    def _wanted(self):
        """The events of what has happened so far, in their order: those of the account, and of its name."""
        serials = [certificate.serial for certificate in self.ca.certificates]
        act = self.act.words if self.act is not None else ()
        of_name = []
        for serial in serials:
            of_name += [("issued", serial), ("deployed", serial)]
        if self.scenario.failing and self.act is not None:
            of_name.insert(2, ("failing", serials[0]))
            of_name[4:4] = [("recovered", serial) for serial in serials[1:]]
        if "compromised" in act:
            of_name.insert(2, ("key-blocked", serials[0]))
        if "compromised" in act or "revoke" in act:
            of_name.append(("revoked", serials[0]))
        return [("account-registered", None)] * (1 if self.act is None else self.scenario.accounts) \
            + [("account-deactivated", None)] * ("deactivate" in act), of_name

    def _untold(self):
        return self.program.missing(sum(self._wanted(), []))

    def _served(self):
        try:
            return self.httpd.certificate(NAME)
        except OSError:
            return None

    def _judge_staple(self):
        """A client that asks is never served one with must-staple without its response."""
        serial, stapled = shake_hands(self.httpd.https, NAME)
        if serial in [c.serial for c in self.ca.certificates] and stapled != (serial, "good"):
            raise AssertionError(f"{serial:x} was served with {stapled} instead of its response")

    def _until_served(self, condition):
        def served():
            self._pump()
            certificate = self._served()
            known = certificate is not None and certificate.serial_number in [
                c.serial for c in self.ca.certificates]
            return certificate if known and condition(certificate) else None
        return wait_until(served, 30, "a certificate")

    def _look_at_old(self):
        """The one of before serves until there is a new one; or until httpd was started anew, where it must have
        an OCSP response, and the one of before is too old."""
        if self.old is None or (self.scenario.stapled and self.accident is not None and self.accident.restarts):
            return
        served = self._served()
        if served is not None and served.serial_number not in [c.serial for c in self.ca.certificates]:
            raise AssertionError("the old certificate is not served any more")

    def _strange_files(self):
        store, run = self.httpd.store.dir, self.httpd.run_dir
        try:
            found = [path.relative_to(store) for path in store.rglob("*")]
        except FileNotFoundError:
            return ["one that is gone"]  # while it was looked at
        strange = [str(path) for path in found if not IN_STORE.fullmatch(str(path))]
        for directory in ("pending", "failures", "dns", "revocations", "demands", "events"):
            strange += [str(path) for path in (store / directory).glob("*")]
        memory = store / "reload.json"
        if memory.exists() and '"restarting"' in memory.read_text():
            strange.append("reload.json: httpd has not come back")
        return strange + [str(path) for path in run.rglob("*") if path.name.startswith(".tmp")
                          or path.parent.name == "challenges"]

    # -- the judgement ------------------------------------------------------------------------------

    def _may_be_lost(self):
        """An order without an owner: the CA made it, the answer was lost, and the CA has no list
        of the account's orders. It is never finalized and costs nothing."""
        return (self.accident is not None and self.accident.may_lose_orders
                and not self.scenario.lists_orders)

    def _judge(self):
        count = self.scenario.certificates
        accounts, orders, finalizes, issued, collected = self.ca.counted()
        extra = orders - count
        if extra and not (extra == 1 and self._may_be_lost()
                          and sum(order.csr is None for order in self.ca.orders) == 1):
            self._complain(f"{orders} orders")
        else:
            self.ca.expected = {"repeated_orders": extra}
        self.ca.expected["eab_twice"] = self.scenario.accounts > 1
        if accounts != self.scenario.accounts:
            self._complain(f"{accounts} accounts")
        if (finalizes, issued, collected) != (count, count, count):
            self._complain(f"{finalizes} finalizes, {issued} certificates, {collected} collected")
        limit = self.accident.patience if self.accident else 30
        if self.waited > limit:
            self._complain(f"it took {self.waited} s of its clock, more than {limit}")
        restarts = self.httpd.restarts() - 1
        if self.scenario.live and restarts != (self.met and self.accident.restarts):
            self._complain(f"httpd was restarted {restarts} times")
        for wanted in self._wanted():
            if self.program.disorder(wanted):
                self._complain(f"events were not told in their order: {self.program.events()}")
        self._judge_processes()

    def _judge_processes(self):
        names = []

        def there():
            names[:] = sorted(process.name for process in self.httpd.family()
                              if process.name.startswith("acme-eab"))
            return names == ["acme-eab-agent", "acme-eab-keeper", "acme-eab-log"]
        try:
            wait_until(there, 5, "keeper, agent and the relay of their lines")
        except AssertionError:
            self._complain(f"these run: {names}")

    def _complain(self, sentence):
        self.complaints.append(sentence)

    def _steps(self):
        """All that was done, the CA's part last."""
        found, seen = self.board.steps(), {}
        for entry in self.ca.counts.log[self._asked_before :]:
            seen[entry.kind] = seen.get(entry.kind, 0) + 1
            found += [f"CA asked {entry.kind} #{seen[entry.kind]}",
                      f"CA answers {entry.kind} #{seen[entry.kind]}"]
        return found

    def _end(self):
        self.board.release()
        for helper in (self.act, self.beside):
            if helper is not None:
                helper.end()
        self.world.expect(*UNTOLD)  # all were told in the end, see _all_is_well()
        if self.accident is not None and self.met:
            self.world.expect(*self.accident.expected)
            violations = self.ca.rules.violations
            violations[:] = [one for one in violations
                             if not str(one).startswith(self.accident.forgiven)]
        try:
            complaints = self.world.end()
            if complaints or self.complaints:
                complaints.append(self.world.report())
                kept = outcomes.keep_logs(self._name(), self.world.dir)
                complaints += [f"whole logs: {kept}"] if kept else []
        finally:
            for disk in self.disks:
                disk.remove()
            if not os.environ.get("EAB_KEEP"):
                self.world.remove()
        return complaints

    def _name(self):
        accident = f"{self.accident.name}: {self.step}" if self.accident else "no accident"
        return f"{self.scenario.name}: {accident}"


class Act:
    """What root asks for with acmectl, until it was taken: as a person does who is told that it was not."""

    def __init__(self, run, words):
        self.run = run
        self.account = run.ca.accounts[0]
        self.thumbprint = self.account.thumbprint
        self.acmectl = Acmectl(run.httpd)
        self.words = words
        self.process = None
        self.taken = False

    def press(self):
        if self.process is None:
            self.process = self.acmectl.begin(*self.words)
        elif not self.taken and self.process.poll() is not None:
            self.process.communicate()
            self.taken = self.process.returncode == 0
            if not self.taken and not self.is_done():
                self.process = None

    def is_done(self):
        """At the CA, and here."""
        return {"revoke": self._is_revoked, "renew": lambda: self.taken, "retry": lambda: self.taken,
                "compromised": self._is_revoked_and_gone,
                "rollover": self._is_another if "--new-account" in self.words else self._has_another_key, "deactivate": self._is_closed}[
                    next(word for word in self.words if word != "account")]()

    def _is_revoked(self):
        first, *others = self.run.ca.certificates
        return first.revoked and not any(other.revoked for other in others)

    def _is_revoked_and_gone(self):
        store = self.run.httpd.store
        return self._is_revoked() and self.run.ca.certificates[0].reason == 1 \
            and not (store.dir / "archive" / NAME / "000001" / "privkey.pem").exists() \
            and (store.dir / "blocked.jsonl").exists()

    def _has_another_key(self):
        folder = next((self.run.httpd.store.dir / "accounts").glob("*/key.pem")).parent
        return self.account.thumbprint != self.thumbprint \
            and not (folder / "key.next.pem").exists() \
            and thumbprint_of((folder / "key.pem").read_bytes()) == self.account.thumbprint

    def _is_another(self):
        """It is used, and the one before is there, whole."""
        accounts = self.run.httpd.store.dir / "accounts"
        current = [json.loads(path.read_text()) for path in accounts.glob("*.current")]
        if len(self.run.ca.accounts) != 2 or not current:
            return False
        return all(
            json.loads((accounts / name / "account.json").read_text()).get("url") == account.url
            and thumbprint_of((accounts / name / "key.pem").read_bytes()) == account.thumbprint
            for name, account in zip([*current[0]["before"], current[0]["id"]], self.run.ca.accounts))

    def _is_closed(self):
        accounts = self.run.httpd.store.dir / "accounts"
        try:
            return self.account.status == "deactivated" \
                and len(list(accounts.glob("*/key*.pem"))) == self.run.scenario.superseded \
                and len(list(accounts.glob("*.deactivated/account.json"))) == 1
        except FileNotFoundError:
            return False  # the directory was given its new name while it was looked at

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


class Beside:
    """What acmectl does over and over, beside all that happens."""

    out = ""  # a directory that it writes to, where that is no place of the module's
    directive = ""

    def __init__(self, run):
        self.run = run
        self.acmectl = Acmectl(run.httpd)
        self.process = None
        self.ends = 0  # how often it has ended

    def press(self):
        if self.process is None:
            self.process = self.acmectl.begin(*self.command())
        elif self.process.poll() is not None:
            out, err = self.process.communicate()
            if self.process.returncode != -signal.SIGKILL:  # with httpd
                self.judge(self.process.returncode, out, err)
            self.ends += 1
            self.process = None

    def end(self):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()


class Import(Beside):
    """The certificate that is to be replaced. While httpd has the store, that is said; where nobody has it, it
    is there already, and does not take the place of its successor."""

    def command(self):
        bundle = self.run.httpd.dir / "bundle.pem"
        if not bundle.exists():
            first = self.run.httpd.store.dir / "archive" / NAME / "000001"
            bundle.write_bytes((first / "fullchain.pem").read_bytes() + (first / "privkey.pem").read_bytes())
            bundle.chmod(0o600)
        return "import", "pem", bundle

    def judge(self, code, out, err):
        if not (code == 0 and "kept" in out) and "in use by a running httpd" not in err:
            raise AssertionError(f"acmectl import ended with {code}: {out} {err}")

    def is_done(self, _):
        return self.ends > 0


class Export(Beside):
    """Key and certificate in one file, by ACMEExport and by acmectl: whoever reads it finds a whole pair."""

    def __init__(self, run):
        super().__init__(run)
        self.out = run.httpd.dir / "out"
        self.out.mkdir(mode=0o755)
        self.kept, self.asked = self.out / "kept.pem", self.out / "asked.pem"
        self.directive = f"ACMEExport {NAME} haproxy {self.kept} root:root 0600"

    def command(self):
        return "export", NAME, "--format", "haproxy", "--out", self.asked

    def press(self):
        for path in (self.kept, self.asked):
            self.serial(path)
        super().press()

    def judge(self, code, out, err):
        if code != 0:
            raise AssertionError(f"acmectl export ended with {code}: {out} {err}")

    def serial(self, path):
        """Of a file that is whole, if it is there."""
        try:
            pem = path.read_bytes()
        except FileNotFoundError:
            return None
        certificate = x509.load_pem_x509_certificate(pem)
        key = serialization.load_pem_private_key(pem[pem.index(b"-----BEGIN PRIVATE") :], None)
        if key.public_key().public_numbers() != certificate.public_key().public_numbers():
            raise AssertionError(f"{path.name}: the key of another certificate")
        return certificate.serial_number

    def is_done(self, newest):
        return self.serial(self.kept) == self.serial(self.asked) == newest \
            and sorted(path.name for path in self.out.iterdir()) == ["asked.pem", "kept.pem"]


def thumbprint_of(pem):
    numbers = serialization.load_pem_private_key(pem, None).public_key().public_numbers()
    return jws.thumbprint({"kty": "EC", "crv": "P-256", "x": jws.encode(numbers.x.to_bytes(32, "big")),
                           "y": jws.encode(numbers.y.to_bytes(32, "big"))})


class Denial:
    """Where nothing may be mounted, the calls fail instead of the disk."""

    def __init__(self, board, error):
        self.board = board
        self.error = error

    def fill(self):
        self.board.deny(self.error)

    def free(self):
        self.board.deny(0)

    close, open = fill, free
