# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the simulated CA's own tests."""

import pytest
from simulated_ca import SimulatedCa, Switches
from tinyclient import Client


@pytest.fixture
def make_ca():
    """A running CA that validates without looking, with these switches changed."""
    made = []

    def make(switches=None, **changes):
        if switches is None:
            switches = Switches(challenge_fate="valid")
        made.append(SimulatedCa(switches.but(**changes)).start())
        return made[-1]
    yield make
    for ca in made:
        ca.stop()


@pytest.fixture
def ca(make_ca):
    return make_ca()


@pytest.fixture
def stranger(ca):
    """A client that has directory and nonce, and no account."""
    return Client(ca).open()


@pytest.fixture
def client(stranger):
    """A client with an account."""
    assert stranger.register().status == 201
    return stranger
