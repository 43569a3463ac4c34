# SPDX-License-Identifier: Apache-2.0
"""Several cases run side by side, since they mostly wait. `run` says what the environment means."""

import multiprocessing
import os
import signal
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

import plan  # noqa: E402
from harness import machine  # noqa: E402

VERBS = {"create", "write", "fsync", "rename", "symlink", "mkdir", "unlink", "says", "hears", "starts",
         "signals", "asked", "answers"}
WORKERS_LIVE = 100  # cases; each keeps two ports
PATIENCE = 300


class Runs:
    def __init__(self):
        self.pool = multiprocessing.get_context("fork").Pool(
            int(os.environ.get("EAB_JOBS") or 4), plan.begin_worker, maxtasksperchild=WORKERS_LIVE)
        self.steps = {}
        self.outcomes = {}
        self.met = 0

    def record(self):
        scenarios = list(plan.SCENARIOS)
        for scenario, (complaints, steps) in zip(scenarios, self.pool.map(plan.record, scenarios, 1)):
            if complaints:
                pytest.exit(f"{scenario}, without any accident: " + "\n".join(complaints), 2)
            self.steps[scenario] = steps
        seen = {step.split(" ")[1] for steps in self.steps.values() for step in steps}
        if not VERBS <= seen:
            pytest.exit(f"No scenario has a step of {', '.join(sorted(VERBS - seen))}: steps.c and steps.map "
                        "do not watch the functions that the programs call.", 2)

    def submit(self, cases):
        self.outcomes = {case: self.pool.apply_async(plan.strike, (case,)) for case in cases}

    def outcome(self, case):
        met, complaints = self.outcomes[case].get(PATIENCE + 30 * len(self.outcomes))
        self.met += met
        return complaints

    def end(self):
        self.pool.terminate()
        self.pool.join()

    def summary(self):
        steps = sum(map(len, self.steps.values()))
        every = len(plan.every_case(self.steps))
        return (f"accidents: {steps} steps of {len(self.steps)} scenarios, {every} cases of steps x "
                f"accidents; {len(self.outcomes)} were run (seed {plan.seed()}), and in {self.met} "
                "of them the step was come to")


def pytest_configure(config):
    for variable in ("EAB_MODULE", "EAB_STEPS"):
        if not os.path.isfile(os.environ.get(variable, "")):
            pytest.exit(f"{variable} names no file; test/accidents/run says what it is.", 2)
    if os.geteuid() != 0:
        pytest.exit("The tests start httpd as root: run them as root.", 2)


def pytest_sessionstart(session):
    def interrupt(*_):
        raise KeyboardInterrupt
    machine.lines()  # before the pool, whose processes share it
    session.config.runs = Runs()
    signal.signal(signal.SIGTERM, interrupt)
    session.config.runs.record()


def pytest_generate_tests(metafunc):
    if "case" in metafunc.fixturenames:
        cases = plan.choose(plan.every_case(metafunc.config.runs.steps))
        metafunc.parametrize("case", cases, ids=str)
        if not metafunc.config.option.collectonly:
            metafunc.config.runs.submit(cases)


def pytest_sessionfinish(session):
    if hasattr(session.config, "runs"):
        session.config.runs.end()


def pytest_terminal_summary(terminalreporter, config):
    if hasattr(config, "runs"):
        terminalreporter.write_line(config.runs.summary())
    machine.tell(terminalreporter)


@pytest.fixture(scope="session")
def runs(request):
    return request.config.runs
