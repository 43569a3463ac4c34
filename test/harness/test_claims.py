# SPDX-License-Identifier: Apache-2.0
"""Tests that several runs share."""

import os
import re
import subprocess
import sys
from pathlib import Path

from harness import claims

TEST = Path(__file__).resolve().parents[1]

CASES = """\
import os, pytest, time

@pytest.fixture
def ground():
    yield
    with open(os.environ["DONE"], "a") as file:
        file.write("down\\n")

@pytest.mark.parametrize("n", range(20))
def test_it(ground, n):
    with open(os.environ["DONE"], "a") as file:
        file.write(f"{__name__} {n}\\n")
    time.sleep(0.02)
    assert n != 7
"""


def test_the_first_takes_it(tmp_path):
    assert claims.take(tmp_path, "a::b[/../c]")
    assert not claims.take(tmp_path, "a::b[/../c]")
    assert claims.take(tmp_path, "a::b[/../d]")


def test_each_test_is_done_once(tmp_path):
    cases, done, shared = tmp_path / "cases", tmp_path / "done", tmp_path / "claims"
    cases.mkdir()
    shared.mkdir()
    for name in ("test_one.py", "test_two.py"):
        (cases / name).write_text(CASES)
    environment = {**os.environ, "EAB_CLAIMS": str(shared), "DONE": str(done),
                   "PYTHONPATH": str(TEST / "integration")}
    environment.pop("EAB_LOGS", None)
    runs = [subprocess.Popen([sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider",
                              "-p", "harness.claims", "."], cwd=cases, env=environment,
                             stdout=subprocess.PIPE, text=True) for _ in range(3)]
    ends = [run.communicate()[0].splitlines()[-1] for run in runs]
    lines = done.read_text().splitlines()
    tests = [line for line in lines if line != "down"]
    assert sorted(tests) == sorted(f"{name} {n}" for name in ("test_one", "test_two")
                                   for n in range(20))
    assert lines.count("down") == 40
    passed = sum(int(n) for end in ends for n in re.findall(r"(\d+) passed", end))
    failed = sum(int(n) for end in ends for n in re.findall(r"(\d+) failed", end))
    assert (passed, failed) == (38, 2)
    assert sum(run.returncode for run in runs) >= 1
