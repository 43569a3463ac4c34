# SPDX-License-Identifier: Apache-2.0
"""Something else lies where a file of ours should: a link, a FIFO, a socket, a device, a directory, a
file of gigabytes. Nothing waits for it, nothing behind it is read or changed, and a sentence names it."""

import errno
import os
import pwd
import shutil
import socket
import stat
import time

import pytest

from harness.waiting import wait_until

NAME = "www.test.example"
JSON = "/acme-status?format=json"
SECRET = "nobody but root may know this"


def make_socket(path):
    """Paths of sockets are short, so by way of the directory."""
    with socket.socket(socket.AF_UNIX) as sock:
        fd = os.open(path.parent, os.O_RDONLY)
        sock.bind(f"/proc/self/fd/{fd}/{path.name}")
        os.close(fd)


def make_directory(path):
    path.mkdir()
    (path / "below").mkdir()


def make_huge(path):
    with open(path, "wb") as file:
        file.truncate(5 << 30)


SPOIL = {
    "fifo": os.mkfifo,
    "socket": make_socket,
    "device": lambda path: os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5)),
    "directory": make_directory,
    "huge": make_huge,
    "file": lambda path: path.write_text("a file\n"),
}


class Outside:
    """What is not ours: links lead to it, and it stays as it is."""

    def __init__(self, world):
        self.dir = world.dir / "outside"
        self.dir.mkdir(mode=0o750)
        self.file = self.dir / "file"
        self.file.write_text(SECRET)
        os.chmod(self.file, 0o640)
        shutil.chown(self.dir, group="www-data")
        shutil.chown(self.file, group="www-data")
        self.before = self.look()

    def look(self):
        return [(entry.name, entry.lstat().st_mode, entry.lstat().st_uid, entry.lstat().st_mtime)
                for entry in [self.dir, *sorted(self.dir.rglob("*"))]]

    def spoil(self, path, kind):
        is_directory = path.is_dir() and not path.is_symlink()
        if kind == "link":
            path.symlink_to(self.dir if is_directory else self.file)
        else:
            SPOIL[kind](path)

    def assert_untouched(self):
        assert self.look() == self.before
        assert self.file.read_text() == SECRET


class Spoiled:
    """Paths that are something else for a while."""

    def __init__(self, outside, kind, paths):
        self.outside, self.kind, self.paths = outside, kind, paths

    def __enter__(self):
        for path in self.paths:
            is_directory = path.is_dir() and not path.is_symlink()
            os.rename(path, self.aside(path))
            if self.kind == "link":
                path.symlink_to(self.outside.dir if is_directory else self.outside.file)
            else:
                SPOIL[self.kind](path)

    def __exit__(self, *_):
        for path in self.paths:
            self.put_back(path)

    def put_back(self, path):
        """Keeper and agent may put something there themselves in any moment."""
        gone = path.parent / f"{path.name}.gone"
        while True:
            try:
                os.rename(path, gone)
            except FileNotFoundError:
                pass
            else:
                shutil.rmtree(gone) if gone.is_dir() and not gone.is_symlink() else gone.unlink()
            try:
                os.rename(self.aside(path), path)
                return
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.EISDIR, errno.ENOTDIR):
                    raise

    @staticmethod
    def aside(path):
        return path.parent / f"{path.name}.aside"


def one(paths):
    [path] = paths
    return path


def store_files(store):
    """The files of a store with one certificate, in the order in which one hides another."""
    account = one(store.dir.glob("accounts/*"))
    generation = store.dir / "archive" / NAME / store.generation(NAME)
    return [
        [account / "account.json", generation / "fullchain.pem",
         *store.dir.glob("reload.json")],
        [account / "key.pem", generation / "privkey.pem", generation / "meta.json",
         store.dir / "lock"],
    ]


def store_directories(store):
    account = one(store.dir.glob("accounts/*"))
    return [
        [store.dir / "accounts", store.dir / "archive"],
        [store.dir / "live", store.dir / "pending", store.dir / "failures", store.dir / "dns",
         account],
        [store.dir / "archive" / NAME],
        [store.dir / "archive" / NAME / store.generation(NAME)],
    ]


#: What is said of these; the others are of no use to a server that serves, or are mended.
TOLD = ("account.json", "key.pem", "fullchain.pem", "privkey.pem", "accounts", "archive")


@pytest.fixture
def served(world):
    """An httpd that serves a certificate, which is in the store. The CA lists orders: one whose URL is
    not on disk yet when httpd is restarted is found again."""
    httpd = world.httpd()
    ca = world.simulated_ca(httpd, orders_list=2)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True), httpd.plain_site("localhost"))
    httpd.start()
    httpd.take_up(NAME, ca)
    return httpd, ca


def restart(httpd):
    """Stop and start, which ends or hangs where something is waited for."""
    httpd.stop()
    httpd.start()


def assert_round(httpd, outside, kind, paths, begin):
    httpd.wait_for_agent()  # the keeper of a restart before has read what there is
    with Spoiled(outside, kind, paths):
        mark = httpd.log.path.stat().st_size
        status, output = httpd.check()
        begun = time.monotonic()
        begin(httpd)
        assert time.monotonic() - begun < 20, (kind, paths)
        keeper = httpd.wait_for_keeper()
        assert httpd.get("localhost").status == 200
        told = [path for path in paths if path.name in TOLD]
        said = []

        def all_told():
            with open(httpd.log.path, "rb") as file:
                file.seek(mark)
                said[:] = [output + file.read().decode(errors="replace")]
            return all(str(path) in said[0] for path in told)
        wait_until(all_told, 15, f"{told} as {kind} to be named in {said}")
        assert httpd.keeper() == keeper, "it does not begin again and again"
        assert SECRET not in said[0]
    outside.assert_untouched()


def settle(httpd, ca):
    """What was ordered because of the round comes first, so that the next has the files of now."""
    httpd.graceful()
    httpd.wait_for_agent()
    httpd.take_up(NAME, ca)
    wait_until(lambda: not list(httpd.store.dir.glob("pending/*/order.json")), 30,
               "no order to be in flight")
    httpd.take_up(NAME, ca)


@pytest.mark.parametrize("kind", ["link", "fifo", "socket", "device", "directory", "huge"])
def test_something_else_in_the_place_of_a_file_of_the_store(world, served, kind):
    world.expect(r"acme_eab:(error|warn)\]")
    httpd, ca = served
    outside = Outside(world)
    begins = [type(httpd).graceful, restart]
    for i, begin in enumerate(begins):
        assert_round(httpd, outside, kind, store_files(httpd.store)[i], begin)
        settle(httpd, ca)
    assert httpd.status()["certificates"][0]["problem"] is None
    assert ca.counts.accounts == 1


@pytest.mark.parametrize("kind", ["link", "fifo", "file"])
def test_something_else_in_the_place_of_a_directory_of_the_store(world, served, kind):
    world.expect(r"acme_eab:(error|warn)\]")
    httpd, ca = served
    outside = Outside(world)
    begins = [type(httpd).graceful, restart, type(httpd).graceful, restart]
    for i, begin in enumerate(begins):
        assert_round(httpd, outside, kind, store_directories(httpd.store)[i], begin)
        settle(httpd, ca)
    assert ca.counts.accounts == 1


def passing_files(store):
    """Files that are there only while something is ordered or has failed, in the order in which one
    hides another."""
    account = one(store.dir.glob("accounts/*"))
    pending = store.dir / "pending" / NAME
    return [[pending / "order.json", account / "directory.json"],
            [pending / "privkey.pem", store.dir / "failures" / f"{NAME}.json",
             store.dir / "dns" / f"{NAME}.json"]]


@pytest.mark.parametrize("kind", ["link", "fifo", "directory", "huge"])
def test_something_else_in_the_place_of_a_passing_file(world, served, kind):
    """Found at a start, it makes way or is passed by, and a renewal gets through."""
    world.expect(r"acme_eab:(error|warn)\]")
    httpd, ca = served
    outside = Outside(world)
    for paths, key_type in zip(passing_files(httpd.store), ("p384", "p256")):
        serial = httpd.certificate(NAME).serial_number
        httpd.stop()
        for path in paths:
            path.parent.mkdir(exist_ok=True)
            path.unlink(missing_ok=True)
            outside.spoil(path, kind)
        httpd.configure(httpd.acme(ca, key_type=key_type), httpd.site(NAME, managed=True),
                        httpd.plain_site("localhost"))
        begun = time.monotonic()
        httpd.start()
        assert time.monotonic() - begun < 20, paths
        assert httpd.certificate(NAME).serial_number == serial, paths
        httpd.take_up(NAME, ca, other_than=serial)
        outside.assert_untouched()
        assert SECRET not in httpd.log.text()
    assert ca.counts.accounts == 1


CONFIGURED = {
    "ACMEEABKey": lambda httpd: httpd.key_file,
    "ACMECACertificateFile": lambda httpd: httpd.dir / "trust.pem",
    "ACMEProxy": lambda httpd: httpd.dir / "proxy.txt",
}


@pytest.mark.parametrize("directive", CONFIGURED)
def test_something_else_in_the_place_of_a_configured_file(world, directive):
    httpd = world.httpd()
    httpd.write_key("A" * 43)
    (httpd.dir / "proxy.txt").write_text("user:word\n")
    os.chmod(httpd.dir / "proxy.txt", 0o600)
    (httpd.dir / "trust.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    httpd.configure("ACMEServer https://ca.test.example/directory", "ACMETermsOfService accepted",
                    "ACMEContact webmaster@test.example", "ACMEEABKid kid-1",
                    f'ACMEEABKey "file:{httpd.key_file}"',
                    f'ACMECACertificateFile "{httpd.dir}/trust.pem"',
                    f'ACMEProxy http://127.0.0.1:1/ "file:{httpd.dir}/proxy.txt"',
                    httpd.site(NAME, managed=True))
    path = CONFIGURED[directive](httpd)
    outside = Outside(world)
    assert httpd.check() == (0, "Syntax OK\n")
    for kind in ("fifo", "socket", "device", "directory", "huge"):
        with Spoiled(outside, kind, [path]):
            os.chmod(path, 0o600)
            status, output = httpd.check()
            assert status != 0, kind
            assert str(path) in output and directive in output, output
    real = path.with_suffix(".real")
    os.rename(path, real)
    path.symlink_to(real)
    assert httpd.check() == (0, "Syntax OK\n"), "where root puts a link, root means it"


def own(path, user):
    entry = pwd.getpwnam(user)
    os.lchown(path, entry.pw_uid, entry.pw_gid)


@pytest.fixture
def strangers(world):
    """An httpd whose agent has a user of its own, whom nobody trusts."""
    httpd = world.httpd()
    ca = world.simulated_ca(httpd)
    httpd.configure(httpd.acme(ca, more="ACMEUser nobody"), httpd.site(NAME, managed=True),
                    httpd.plain_site("localhost"))
    httpd.start()
    httpd.take_up(NAME, ca)
    httpd.status()
    return httpd


def replace_entry(path, make):
    """What the owner of the directory can do at any moment."""
    path.unlink(missing_ok=True)
    make(path)
    if path.is_dir() or path.lstat().st_nlink == 1:
        own(path, "nobody")


@pytest.mark.parametrize("kind", ["link", "second name", "fifo", "socket", "directory"])
def test_something_else_in_the_place_of_what_the_agent_writes(world, strangers, kind):
    """Workers neither wait for it nor show it, and it heals without a restart."""
    world.expect(r"acme_eab:(error|warn)\].*(status\.json|challenges|ACMERunDir)")
    httpd = strangers
    outside = Outside(world)
    status, challenges = httpd.run_dir / "status.json", httpd.run_dir / "challenges"
    agent = httpd.wait_for_agent()
    make = {"link": lambda path: path.symlink_to(outside.file),
            "second name": lambda path: os.link(outside.file, path), **SPOIL}[kind]
    agent.kill(19)  # it stands still, or it would mend this at once
    try:
        replace_entry(status, make)
        challenges.rmdir()
        replace_entry(challenges, make)
        for path in (JSON, "/acme-status", "/.well-known/acme-challenge/" + "A" * 43):
            answer = httpd.get("localhost", path)
            assert SECRET.encode() not in answer.body
            assert path != JSON or answer.status == 503
    finally:
        agent.kill(18)
    wait_until(lambda: httpd.get("localhost", JSON).status == 200, 30, "the status again")
    wait_until(challenges.is_dir, 30, "the directory of answers again")
    assert httpd.log.count(f"{status}")
    if kind == "second name":
        assert outside.file.stat().st_nlink == 1 and outside.file.stat().st_mode & 0o777 == 0o640
        return
    outside.assert_untouched()


def deep(levels):
    return b'{"a":' * levels + b"1" + b"}" * levels


@pytest.mark.parametrize("what", ["large", "many", "deep", "broken", "no object"])
def test_a_report_that_no_agent_writes(world, strangers, what):
    httpd = strangers
    content = {"large": b'{"a":"' + b"x" * (30 << 20) + b'"}', "many": b"[" + b"0," * 450_000 + b"0]",
               "deep": deep(100_000), "broken": b'{"a": "' + SECRET.encode(),
               "no object": b'"' + SECRET.encode() + b'"'}[what]
    agent = httpd.wait_for_agent()
    agent.kill(19)
    try:
        path = httpd.run_dir / "status.json"
        path.write_bytes(content)
        own(path, "nobody")
        before = sum(memory_of(worker) for worker in httpd.workers())
        assert httpd.get("localhost", JSON).status == 503
        page = httpd.get("localhost", "/acme-status")
        assert page.status == 200 and str(path).encode() in page.body
        assert SECRET.encode() not in page.body
        assert sum(memory_of(worker) for worker in httpd.workers()) - before < 100 << 20
    finally:
        agent.kill(18)


def memory_of(process):
    """The most that it ever used."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        line = next(line for line in file if line.startswith("VmHWM:"))
    return int(line.split()[1]) << 10


def make_deep(path, levels):
    path.mkdir(exist_ok=True)
    fd = os.open(path, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=fd)
        below = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(fd)


def test_a_change_of_the_agents_user_over_what_the_one_before_left(world, strangers):
    world.expect(r"acme_eab:(error|warn)\].*ACMERunDir")
    httpd = strangers
    outside = Outside(world)
    make_deep(httpd.run_dir / "challenges", 2_000)
    (httpd.run_dir / "challenges" / "link").symlink_to(outside.dir)
    os.link(outside.file, httpd.run_dir / "challenges" / "second")
    stray = httpd.run_dir / "stray"
    os.mkfifo(stray)
    conf = httpd.conf.read_text()
    httpd.conf.write_text(conf.replace("ACMEUser nobody", "ACMEUser www-data"))
    httpd.graceful()
    assert httpd.get("localhost").status == 200
    assert httpd.log.count(r"\(stray\)"), "what is in the way is named"
    stray.unlink()
    wait_until(lambda: httpd.get("localhost", JSON).status == 200, 30, "a status without a restart")
    assert os.stat(httpd.run_dir).st_uid == pwd.getpwnam("www-data").pw_uid
    wait_until(lambda: not list(httpd.run_dir.glob("challenges/*")), 30, "what was left to go")
    assert outside.file.stat().st_nlink == 1
    outside.assert_untouched()


def take_away(directory):
    """Remove it, also when something is written into it or renamed in it at that moment."""
    while True:
        try:
            shutil.rmtree(directory)
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.ENOENT):
                raise


@pytest.mark.parametrize("jail", [False, True], ids=["", "chroot"])
def test_the_run_directory_is_taken_away(world, jail):
    """While the CA validates: the answers come back with it. Workers have the same view of it in a
    root directory of their own."""
    world.expect(r"acme_eab:(error|warn)\].*(ACMERunDir|status cannot be written|agent)")
    httpd = world.httpd()
    if jail:
        (world.dir / "jail").mkdir()
        httpd.mpm = "prefork"  # the end of a thread needs a library in the new root
        httpd.more_lines = [f'ChrootDir "{world.dir}/jail"']
    ca = world.simulated_ca(httpd, prevalidated=False, fetch_after=6.0)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True), httpd.plain_site("localhost"))
    httpd.start()
    httpd.status()
    wait_until(lambda: list(httpd.run_dir.glob(f"challenges/{NAME}/*")), 15, "an answer")
    take_away(httpd.run_dir)
    wait_until(lambda: httpd.run_dir.is_dir(), 15, "the directory to be made again")
    wait_until(lambda: httpd.get("localhost", JSON).status == 200, 15, "a status again")
    httpd.wait_for_issue(NAME)
    assert ca.counts.orders == 1, "the same order goes on"
    assert httpd.log.count(f"ACMERunDir {httpd.run_dir} was gone.*{httpd.run_dir} was not there")
    owner = os.stat(httpd.run_dir)
    assert owner.st_uid == pwd.getpwnam("www-data").pw_uid and owner.st_mode & 0o777 == 0o755
