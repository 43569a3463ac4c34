# SPDX-License-Identifier: Apache-2.0
"""acmectl is killed at each thing that it does to the store; asked again, it does what it was asked for, as if
nothing had been."""

import os
import shutil
import subprocess

from harness.acmectl import Acmectl
from harness.board import Board
from harness.waiting import PATIENCE, wait_until

from test_import import NAME, certbot, first_start, serial_of


def begin(httpd, board, words):
    board.watch(httpd.dir, httpd.run_dir)
    board.arm()
    return subprocess.Popen(Acmectl(httpd).command(*words), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            env={**os.environ, **board.environment})


def content(store):
    """What counts, by the paths: keys and certificates as they are, of the rest that it is there."""
    return {str(path.relative_to(store)): path.read_bytes() if path.suffix == ".pem" else None
            for path in store.rglob("*")}


def watch(httpd, directory, words):
    """The steps of a run that nobody disturbs, in their order."""
    board = Board(directory, os.environ["EAB_STEPS"])
    process = begin(httpd, board, words)
    out, _ = process.communicate(timeout=60 * PATIENCE)
    assert process.returncode == 0, out
    return board.steps()


def kill_at(httpd, directory, words, step):
    board = Board(directory, os.environ["EAB_STEPS"])
    board.aim(step)
    process = begin(httpd, board, words)
    wait_until(lambda: board.has_struck() or process.poll() is not None, 30, step)
    assert board.has_struck(), f"{step} was not come to: {process.stdout.read()}"
    process.kill()
    process.communicate()


def killed_at_each_step(httpd, words):
    store = httpd.store.dir
    steps = watch(httpd, httpd.dir / "steps", words)
    whole = content(store)
    assert steps
    for number, step in enumerate(steps):
        shutil.rmtree(store)
        kill_at(httpd, httpd.dir / f"steps-{number}", words, step)
        done = Acmectl(httpd)(*words)
        assert done.code == 0, f"{step}: {done.err}"
        assert content(store) == whole, step
        assert httpd.store.others_can_read() == [], step


def test_import(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    directory = certbot(httpd, ca, [NAME], "--key-type", "ecdsa")
    config = Acmectl(httpd)("import", "certbot", directory, "--dry-run", "--print-config").out
    killed_at_each_step(httpd, ["import", "certbot", str(directory)])
    [serial] = first_start(httpd, ca, config, [NAME])
    assert serial == serial_of(directory / "live" / NAME / "cert.pem")


def test_restore(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    serial = httpd.wait_for_certificate(NAME, ca).serial_number
    httpd.stop()
    file = httpd.dir / "backup.tar"
    assert Acmectl(httpd)("backup", file).code == 0
    shutil.rmtree(httpd.store.dir)
    killed_at_each_step(httpd, ["restore", str(file)])
    httpd.start()
    assert httpd.wait_for_certificate(NAME, ca).serial_number == serial
    assert ca.issued() == 1
