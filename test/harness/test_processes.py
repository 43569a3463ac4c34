# SPDX-License-Identifier: Apache-2.0
"""Who may be signalled: what the tests have started, and nobody else."""

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from harness import processes
from harness.httpd import Httpd
from harness.waiting import wait_until

HARMLESS = 0  # a signal that only asks whether one may


@pytest.fixture(autouse=True)
def adopting():
    processes.adopt_orphans()


@pytest.fixture
def child():
    started = subprocess.Popen(["sleep", "60"])
    yield processes.read(started.pid)
    started.kill()
    started.wait()


def daemon(*command):
    """The pid of a process whose parent has ended."""
    text = ("import os, sys\n"
            "pid = os.fork()\n"
            "if pid:\n    print(pid); os._exit(0)\n"
            "os.setsid(); os.dup2(os.open('/dev/null', os.O_WRONLY), 1)\n"
            "os.execvp(sys.argv[1], sys.argv[1:])\n")
    done = subprocess.run([sys.executable, "-c", text, *command], stdout=subprocess.PIPE, check=True)
    return int(done.stdout)


def test_a_process_lives_as_long_as_any_of_its_threads():
    """What it has open, as the port that it listens on, is its until then."""
    text = ("import ctypes, sys, threading\n"
            "threading.Thread(target=sys.stdin.read).start()\n"
            "print(flush=True)\n"
            "ctypes.CDLL(None).pthread_exit(None)\n")
    with subprocess.Popen([sys.executable, "-c", text], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as started:
        started.stdout.readline()
        stat = Path(f"/proc/{started.pid}/stat")
        wait_until(lambda: stat.read_text().rsplit(") ", 1)[1].startswith("Z"), 5, "the first thread to end")
        process = processes.read(started.pid)
        assert process.is_alive()
        assert not processes.wait_gone([process], 0)
        started.stdin.close()
        assert processes.wait_gone([process], 5)


class Stranger:
    """A process that does not descend from this one; it ends when its input does."""

    def __init__(self, *files):
        reading, self._writing = os.pipe()
        libc = ctypes.CDLL(None)
        libc.prctl(processes.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        script = 'exec 3<&0; cat "$@" - <&3 >/dev/null & echo $!'
        done = subprocess.run(["sh", "-c", script, "sh", *files], stdin=reading,
                              stdout=subprocess.PIPE, check=True)
        os.close(reading)
        self.pid = int(done.stdout)
        wait_until(lambda: processes.read(self.pid).name == "cat", 5, "a stranger")
        libc.prctl(processes.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def __enter__(self):
        return processes.read(self.pid)

    def __exit__(self, *_):
        os.close(self._writing)


@pytest.mark.parametrize("pid", [1, 0, -1, -2])
def test_no_signal_below_two(pid):
    with pytest.raises(processes.Foreign):
        processes.Process(pid, 0, "init", 0, False).kill(HARMLESS)


def test_init_is_not_ours():
    init = processes.read(1)
    assert not init.is_ours()
    with pytest.raises(processes.Foreign):
        init.kill(HARMLESS)


def test_our_own_parent_is_not_ours():
    parent = processes.read(os.getppid())
    assert not parent.is_ours()
    if parent.pid > 1:
        with pytest.raises(processes.Foreign):
            parent.kill(HARMLESS)


def test_neither_is_this_process():
    assert not processes.read(os.getpid()).is_ours()


def test_a_stranger_is_left_alone():
    with Stranger() as stranger:
        with pytest.raises(processes.Foreign):
            stranger.kill()
        assert stranger.is_alive()


def test_a_stranger_that_looks_at_our_files_is_left_alone(tmp_path, child):
    """Somebody reads a log, or has its path among his arguments."""
    (tmp_path / "error.log").write_text("")
    ours = daemon("tail", "-f", str(tmp_path / "error.log"))
    with Stranger(str(tmp_path / "error.log")) as stranger:
        assert str(tmp_path).encode() in stranger.arguments()
        found = processes.belonging_to(tmp_path)
        assert [process.pid for process in found] == [ours]
        found[0].kill()
        assert processes.wait_gone(found, 5)
        assert stranger.is_alive()
    found[0].reap()
    assert child.is_alive()


def test_a_child_is_ours(child):
    assert child.is_ours()
    child.kill()
    assert processes.wait_gone([child], 5)
    child.kill()  # nobody is there any more


def test_a_daemon_is_ours_and_is_reaped():
    process = processes.read(daemon("sleep", "60"))
    assert process.is_ours()
    process.kill(signal.SIGTERM)
    assert processes.wait_gone([process], 5)
    process.reap()
    assert processes.read(process.pid) is None


def test_a_number_that_was_used_again_is_left_alone(child):
    before = processes.Process(child.pid, child.ppid, child.name, child.started - 1, False)
    assert not before.is_alive()
    before.kill()
    assert child.is_alive()


@pytest.mark.parametrize("text", ["1", "0", "-1", "", "x", "99999999", "{parent}", "{child}"])
def test_a_pid_file_is_not_believed(tmp_path, child, text):
    """It may hold anything: an accident, another process's number by now."""
    httpd = Httpd(tmp_path / "httpd", None)
    httpd.configure()
    httpd.pid_file.write_text(text.format(parent=os.getppid(), child=child.pid))
    assert httpd.parent() is None
    httpd.stop()
    httpd.kill_all()
    assert child.is_alive()
    with pytest.raises(AssertionError, match="does not run"):
        httpd.graceful()


def test_nothing_signals_by_number():
    """Only harness/processes.py knows how; a process of subprocess or multiprocessing keeps its
    number until it is waited for."""
    here = Path(__file__).resolve()
    for path in here.parents[1].rglob("*"):
        if path.suffix in (".py", "") and path.is_file() and path != here:
            text = path.read_text(errors="replace")
            for call in ("os.kill(", "os.killpg(", "pkill", "killall"):
                assert call not in text, f"{path} uses {call}"
