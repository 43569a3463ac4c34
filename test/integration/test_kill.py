# SPDX-License-Identifier: Apache-2.0
"""kill -9 of any of our processes, at any moment of an issuance: afterwards there is one account,
one certificate, and nothing left behind."""

import pytest

from harness import ca as authority
from harness import processes
from harness.waiting import wait_until

NAME = "www.test.example"


def on_disk(pattern):
    """A moment: when a file of the store appears."""
    def wait(httpd, ca):
        wait_until(lambda: list(httpd.store.dir.glob(pattern)), 20, pattern, pause=0.001)
    return wait


def at_ca(text):
    """A moment: when the CA has logged this."""
    def wait(httpd, ca):
        ca.wait_for(text, seconds=20)
    return wait


POINTS = {
    "account key made": on_disk("accounts/*/key.pem"),
    "newAccount arrived": at_ca(authority.REGISTER),
    "account made": at_ca("accounts in memory"),
    "order signed": on_disk("pending/*/order.json"),
    "order made": at_ca("orders in the db"),
    "challenge answered": at_ca(authority.CHALLENGE),
    "name validated": at_ca("set VALID"),
    "finalize arrived": at_ca(authority.FINALIZE),
    "certificate issued": at_ca(authority.ISSUED),
    "certificate live": on_disk("live/*"),
}

@pytest.fixture
def scene(world):
    # A killed child is told of in the log; that is as it should be.
    world.expect(r"acme_eab:(warn|error)\].*(keeper|agent)", r"core:error\].*AH00546",
                 r"acme_eab:error\].*httpd ended in the graceful restart")
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    return httpd, ca


def judge(httpd, ca):
    httpd.wait_for_certificate(NAME, ca)
    httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "state valid")
    assert ca.accounts() == 1
    assert ca.issued() == 1
    lost = ca.count("set INVALID by invalid authz")  # the CA asked while httpd was killed
    assert ca.orders() == 1 + lost, "one order, also where its URL had not reached us yet"
    assert len(httpd.store.bound_accounts()) == 1
    assert httpd.store.generations(NAME) == [httpd.store.generation(NAME)]
    wait_until(lambda: httpd.store.leftovers() == [], 5, "a store without leftovers")
    keepers = [p for p in httpd.family() if p.name == "acme-eab-keeper"]
    agents = [p for p in httpd.family() if p.name == "acme-eab-agent"]
    assert (len(keepers), len(agents)) == (1, 1)


@pytest.mark.parametrize("point", POINTS)
def test_agent_killed(scene, point):
    httpd, ca = scene
    httpd.start()
    POINTS[point](httpd, ca)
    victim = httpd.wait_for_agent()
    victim.kill()
    httpd.wait_for_agent(other_than=victim)
    judge(httpd, ca)


@pytest.mark.smoke
@pytest.mark.parametrize("point", POINTS)
def test_keeper_killed(scene, point):
    httpd, ca = scene
    httpd.start()
    POINTS[point](httpd, ca)
    keeper, agent = httpd.wait_for_keeper(), httpd.agent()
    keeper.kill()
    assert processes.wait_gone([keeper], 15), "what waits for a disk ends when that has answered"
    if agent is not None:
        assert processes.wait_gone([agent], 5), "the agent ends with its keeper"
    httpd.wait_for_keeper(other_than=keeper)
    judge(httpd, ca)


@pytest.mark.parametrize("point", POINTS)
def test_parent_killed(scene, point):
    httpd, ca = scene
    httpd.start()
    POINTS[point](httpd, ca)
    ca.pause()  # or, mostly, it finds nobody at home when it validates, and the order is lost
    parent, keeper, agent = httpd.parent(), httpd.keeper(), httpd.agent()
    parent.kill()
    ours = [process for process in (keeper, agent) if process is not None]
    assert processes.wait_gone(ours, 10), "keeper and agent end with their httpd"
    for process in httpd.family():  # workers outlive their parent, as httpd's do
        if process.name == "apache2":
            process.kill()
    processes.wait_gone(httpd.family(), 5)
    assert httpd.family() == []
    httpd.start()
    ca.resume()
    judge(httpd, ca)
