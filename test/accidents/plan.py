# SPDX-License-Identifier: Apache-2.0
"""Which accident at which step: the steps are those of a run that was watched, none is written down
here."""

import hashlib
import os
import re
import signal
import warnings
from dataclasses import dataclass

from accidents import ACCIDENTS
from disk import can_mount
from interrupted import Interrupted
from scenarios import SCENARIOS


@dataclass(frozen=True)
class Case:
    scenario: str
    step: str
    accident: str

    def __str__(self):
        return f"{self.scenario}: {self.accident}: {self.step}"


def begin_worker():
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    warnings.simplefilter("ignore", DeprecationWarning)
    can_mount()


def _run(*arguments):
    """One run; if it is interrupted, it stops what it has started."""
    def end(*_):
        raise SystemExit
    signal.signal(signal.SIGTERM, end)
    try:
        return Interrupted(*arguments).run()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def record(scenario):
    """The steps of this scenario, in their order, each once."""
    _, complaints, steps = _run(SCENARIOS[scenario])
    return complaints, list(dict.fromkeys(steps))


def strike(case):
    """@return (was the step met, sentences about what was wrong)"""
    met, complaints, _ = _run(SCENARIOS[case.scenario], case.step, ACCIDENTS[case.accident])
    return met, complaints


def every_case(steps):
    return [Case(scenario, step, accident.name)
            for scenario in steps for step in steps[scenario]
            for accident in ACCIDENTS.values()
            if accident.is_for(step) and accident.name not in SCENARIOS[scenario].without]


def seed():
    """Always the same one, unless told: who has changed nothing gets the same result."""
    return int(os.environ.get("EAB_SEED") or 1)


def _lot(case):
    """Each case draws its own: a step that is met in one run and not in the next changes no other choice."""
    return hashlib.sha256(f"{seed()} {case}".encode()).digest()


def choose(cases):
    """EAB_ACCIDENTS: all, or how many; EAB_MATCH: a pattern that their names match."""
    wanted = os.environ.get("EAB_ACCIDENTS", "40")
    pattern = re.compile(os.environ.get("EAB_MATCH", ""))
    cases = [case for case in cases if pattern.search(str(case))]
    if wanted == "all" or int(wanted) >= len(cases):
        return cases
    return sorted(sorted(cases, key=_lot)[:int(wanted)], key=str)
