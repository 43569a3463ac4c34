# SPDX-License-Identifier: Apache-2.0
"""For all tests below."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "integration"))

pytest_plugins = ["harness.claims", "harness.outcomes"]
