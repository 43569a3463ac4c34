# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the integration tests.

EAB_MODULE  the installed mod_acme_eab.so to test (check.sh sets it)
EAB_PROBE   mod_eab_probe.so, a module that asks ours (make check builds it)
EAB_KEEP    if set, scratch directories are kept for a look
"""

import os

import pytest

from harness.world import World


def pytest_configure(config):
    config.addinivalue_line("markers", "smoke: the selection for the build with sanitizers")


def pytest_sessionstart(session):
    if os.geteuid() != 0:
        pytest.exit("The integration tests start httpd as root: run them as root.", 2)
    module = os.environ.get("EAB_MODULE")
    if not module:
        pytest.exit("EAB_MODULE is not set. Run ./check.sh, or install the project into a prefix "
                    "and set EAB_MODULE to the path of mod_acme_eab.so in it.", 2)
    if not os.path.isfile(module):
        pytest.exit(f"EAB_MODULE names {module}, which is not a file.", 2)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    world = item.funcargs.get("world") if hasattr(item, "funcargs") else None
    if report.failed and world is not None:
        report.sections.append(("logs", world.report()))


@pytest.fixture
def world():
    """A scratch directory with CAs and httpds; afterwards nothing may be left running, and the
    error logs must be free of surprises."""
    world = World(os.environ["EAB_MODULE"])
    try:
        yield world
        complaints = world.end()
    except BaseException:
        world.end()
        raise
    finally:
        if not os.environ.get("EAB_KEEP"):
            world.remove()
    assert not complaints, "\n".join(complaints)
