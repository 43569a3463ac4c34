# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the integration tests.

EAB_MODULE  the installed mod_acme_eab.so to test (check.sh sets it)
EAB_PROBE   mod_eab_probe.so, a module that asks ours (make check builds it)
EAB_HANDSHAKES  eab_handshakes, clients that replace certificates (make check builds it)
EAB_CLAIMS  a directory that several runs share, so that side by side they do each test once
EAB_LOGS    a directory for the logs of tests that fail
EAB_KEEP    if set, scratch directories are kept for a look
"""

import os
import signal

import pytest

from harness import machine, outcomes
from harness.stock import Stock
from harness.world import World


FAILED = pytest.StashKey()
STOCK = pytest.StashKey()


def pytest_configure(config):
    config.addinivalue_line("markers", "smoke: the selection for the build with sanitizers")


def _interrupt(*_):
    raise KeyboardInterrupt  # so that fixtures stop what they started


def pytest_sessionstart(session):
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    if os.geteuid() != 0:
        pytest.exit("The integration tests start httpd as root: run them as root.", 2)
    module = os.environ.get("EAB_MODULE")
    if not module:
        pytest.exit("EAB_MODULE is not set. Run ./check.sh, or install the project into a prefix "
                    "and set EAB_MODULE to the path of mod_acme_eab.so in it.", 2)
    if not os.path.isfile(module):
        pytest.exit(f"EAB_MODULE names {module}, which is not a file.", 2)
    machine.lines()
    session.stash[STOCK] = Stock()


def pytest_sessionfinish(session):
    if STOCK in session.stash:
        session.stash[STOCK].end()


def pytest_terminal_summary(terminalreporter):
    machine.tell(terminalreporter)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    world = item.funcargs.get("world") if hasattr(item, "funcargs") else None
    if report.failed and world is not None:
        item.stash[FAILED] = True
        if report.when == "call":
            report.sections.append(("logs", world.report()))


@pytest.fixture
def world(request):
    """A scratch directory with CAs and httpds; afterwards nothing may be left running, and the
    error logs must be free of surprises."""
    stock = request.session.stash[STOCK]
    world = World(os.environ["EAB_MODULE"], stock)
    complaints = []
    try:
        yield world
    finally:
        try:
            complaints = world.end()
        finally:
            if complaints:
                complaints.append(world.report())
            if complaints or FAILED in request.node.stash:
                stock.end()
                outcomes.keep_logs(request.node.nodeid, world.dir)
            if not os.environ.get("EAB_KEEP"):
                world.remove()
    assert not complaints, "\n".join(complaints)
