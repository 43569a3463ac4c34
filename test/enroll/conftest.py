# SPDX-License-Identifier: Apache-2.0
"""acme-eab-enroll against simulated managers. They need the installed program and nothing else.

EAB_MODULE  the installed module; the program is in ../bin from its directory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness.certificates import make_issued, make_issuer, pem_of  # noqa: E402
import simulated_manager as sim  # noqa: E402


@pytest.fixture(scope="session")
def program():
    return Path(os.environ["EAB_MODULE"]).resolve().parents[1] / "bin" / "acme-eab-enroll"


@pytest.fixture(scope="session")
def trust(tmp_path_factory):
    """A CA for the simulated managers, and a certificate of "localhost"."""
    directory = tmp_path_factory.mktemp("trust")
    issuer, issuer_key = make_issuer("Test issuer of managers")
    chain, key = make_issued(["localhost"], issuer, issuer_key)
    (directory / "ca.pem").write_bytes(pem_of(issuer))
    (directory / "server.pem").write_bytes(chain)
    (directory / "server.key").write_bytes(key)
    return directory


@pytest.fixture(scope="session")
def running_server(trust):
    running = sim.Server(trust / "server.pem", trust / "server.key")
    yield running
    running.shutdown()
    running.server_close()


@pytest.fixture
def server(running_server):
    """The server, where nothing has happened yet."""
    running_server.manager = sim.Manager()
    return running_server


@pytest.fixture
def manager(server):
    return server.manager


class Desk:
    """Who runs the program: with a directory of his own, and secrets in files."""

    def __init__(self, program, server, trust, directory):
        self.program, self.server, self.directory = program, server, directory
        self.state = directory / "state"
        self.key = directory / "eab.key"
        self.common = ["--ca-file", str(trust / "ca.pem"), "--state-dir", str(self.state)]

    def secret(self, name, value, mode=0o600):
        path = self.directory / name
        path.write_text(value + "\n")
        path.chmod(mode)
        return str(path)

    def arguments(self, manager, *options):
        ways = {
            "sectigo": ["--api", f"{self.server.url}/oauth/api", "--token-url", f"{self.server.url}/token",
                        "--client-id", sim.CLIENT_ID,
                        "--client-secret-file", self.secret("client-secret", sim.CLIENT_SECRET)],
            "sectigo-old": ["--api", f"{self.server.url}/api", "--login", sim.LOGIN,
                            "--customer-uri", sim.CUSTOMER,
                            "--password-file", self.secret("password", sim.PASSWORD)],
            "zerossl": ["--api", f"{self.server.url}/zerossl"],
            "digicert": ["--api", f"{self.server.url}/digicert",
                         "--api-key-file", self.secret("api-key", sim.API_KEY)],
            "certinext": ["--api", f"{self.server.url}/certinext", "--account-number", sim.ACCOUNT_NUMBER,
                          "--client-secret-file", self.secret("client-secret", sim.CLIENT_SECRET)],
        }
        return [str(self.program), manager.split("-")[0], *ways[manager], *self.common, *options]

    def start(self, manager, *options, **more):
        return subprocess.Popen(self.arguments(manager, *options), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                start_new_session=True, **more)

    def run(self, manager, *options, **more):
        """(exit status, standard output, standard error)"""
        return self.run_as_it_is(self.arguments(manager, *options), **more)

    def run_as_it_is(self, arguments, **more):
        done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, start_new_session=True, **more)
        assert sim.KEY not in done.stderr
        return done.returncode, done.stdout, done.stderr

    def create(self, *more, way="sectigo", name="www1-httpd", **also):
        return self.run(way, "--organization", "1823", "--server", "https://acme.example/v2/OV",
                        "--name", name, "--out-key", str(self.key), *more, **also)


@pytest.fixture
def desk(program, server, trust, tmp_path):
    return Desk(program, server, trust, tmp_path)
