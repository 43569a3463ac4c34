# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the harness's own tests. They need no build of the module."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))


@pytest.fixture
def scratch(tmp_path_factory):
    """A directory that other users can look into."""
    directory = tmp_path_factory.mktemp("harness")
    for path in (directory, *directory.parents[:3]):
        if path.owner() == directory.owner() and str(path) != "/tmp":
            path.chmod(0o755)
    return directory
