# SPDX-License-Identifier: Apache-2.0
"""What a run leaves for the summary, and what the summary makes of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from harness import outcomes

TEST = Path(__file__).resolve().parents[1]
SUMMARY = TEST.parent / "scripts" / "summary.sh"

CASES = """\
import pytest

def test_good():
    pass

@pytest.mark.parametrize("n", [1, 2])
def test_bad(n):
    assert n == 3, f"first line of {n}\\nsecond\\tline"

@pytest.fixture
def leaves_something():
    yield
    assert False, "left"

def test_good_but_untidy(leaves_something):
    pass

@pytest.fixture
def cannot_begin():
    raise OSError("no port")

def test_never_begun(cannot_begin):
    pass

@pytest.mark.skip(reason="not here")
def test_skipped():
    pass
"""


@pytest.fixture
def run(tmp_path):
    """Runs pytest on a text, with the plug-in; returns the directory of its logs."""
    def one(text, name="part"):
        cases = tmp_path / name
        cases.mkdir()
        (cases / "test_cases.py").write_text(text)
        logs = tmp_path / "logs" / name
        environment = {**os.environ, "EAB_LOGS": str(logs),
                       "PYTHONPATH": str(TEST / "integration")}
        subprocess.run([sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider",
                        "-p", "harness.outcomes", "test_cases.py"], cwd=cases, env=environment,
                       stdout=subprocess.DEVNULL, check=False)
        return logs
    return one


def summary(directory):
    done = subprocess.run(["sh", SUMMARY, directory], stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout.splitlines()


def part(directory, name, counts, failures=(), machine=()):
    (directory / name).mkdir(parents=True)
    (directory / name / "counts").write_text(counts + "\n")
    if failures:
        (directory / name / "failures").write_text("".join("\t".join(f) + "\n" for f in failures))
    if machine:
        (directory / name / "machine").write_text("\n".join(machine) + "\n")


def test_each_test_counts_once(run):
    logs = run(CASES)
    assert (logs / "counts").read_text() == "1 4 1\n"
    failures = [line.split("\t") for line in (logs / "failures").read_text().splitlines()]
    assert [(name.split("::")[1], reason) for name, reason, _ in failures] == [
        ("test_bad[1]", "AssertionError: first line of 1 second line"),
        ("test_bad[2]", "AssertionError: first line of 2 second line"),
        ("test_good_but_untidy", "AssertionError: left assert False"),
        ("test_never_begun", "OSError: no port")]
    texts = [Path(log).read_text() for *_, log in failures]
    assert "second\tline" in texts[0] and "second\tline" in texts[1]


def test_a_file_that_cannot_be_read_is_a_failure(run):
    logs = run("import nothing_of_that_name\n")
    assert (logs / "counts").read_text() == "0 1 0\n"
    assert "nothing_of_that_name" in (logs / "failures").read_text()


def test_logs_are_kept_and_keys_are_not(tmp_path, monkeypatch):
    monkeypatch.setenv("EAB_LOGS", str(tmp_path / "logs"))
    world = tmp_path / "world"
    for name in ("httpd0/error.log", "httpd0/httpd.conf", "ca0/pebble.log", "ca0/tls.key",
                 "httpd0/eab.key", "httpd0/store/accounts/1/key.pem", "httpd0/run/status.json"):
        (world / name).parent.mkdir(parents=True, exist_ok=True)
        (world / name).write_text(name)
    (world / "link.log").symlink_to("/etc/passwd")
    os.mkfifo(world / "fifo.log")
    kept = outcomes.keep_logs("integration/test_a.py::test_b[x: y/z]", world)
    assert kept.parent == tmp_path / "logs"
    assert sorted(str(p.relative_to(kept)) for p in kept.rglob("*") if p.is_file()) == [
        "ca0/pebble.log", "httpd0/error.log", "httpd0/httpd.conf", "httpd0/run/status.json"]


def test_nothing_is_kept_unless_told(tmp_path, monkeypatch):
    monkeypatch.delenv("EAB_LOGS", raising=False)
    assert outcomes.keep_logs("a", tmp_path) is None


def test_counts_of_all_parts_add_up(tmp_path):
    part(tmp_path, "one", "10 0 0")
    part(tmp_path, "two", "5 0 2", machine=["AH01882: old"])
    part(tmp_path, "three", "1 0 0", machine=["AH01882: old"])
    code, lines = summary(tmp_path)
    assert code == 0
    assert lines[-1] == "16 passed, 0 failed, 2 skipped"
    assert sum("AH01882" in line for line in lines) == 1


def test_a_failing_run_ends_with_a_short_summary(tmp_path):
    failures = [(f"test_x.py::test[{n}]", "AssertionError: " + "long " * 100, f"/tmp/logs/{n}")
                for n in range(200)]
    part(tmp_path, "one", "3 150 0", failures[:150], [f"machine {n}" for n in range(30)])
    part(tmp_path, "two", "4 50 0", failures[150:])
    code, lines = summary(tmp_path)
    assert code != 0
    assert len(lines) <= 60
    assert lines[-1] == "7 passed, 200 failed"
    assert "and 175 more" in lines[-2]
    assert all(len(line) <= 200 for line in lines)
    assert "/tmp/logs/0" in " ".join(lines)


def test_few_failures_are_all_named(tmp_path):
    part(tmp_path, "one", "3 1 0", [("test_x.py::test_y", "AssertionError: why", "/tmp/l")])
    code, lines = summary(tmp_path)
    assert (code, lines) == (1, ["FAILED test_x.py::test_y: AssertionError: why", "       /tmp/l",
                                 "3 passed, 1 failed"])


def test_a_run_without_tests_is_no_success(tmp_path):
    code, lines = summary(tmp_path)
    assert (code, lines) == (1, ["0 passed, 0 failed"])
