# SPDX-License-Identifier: Apache-2.0
"""A simulated certificate authority: strict about what it receives, odd about what it sends."""

from .authority import SimulatedCa
from .switches import BEHAVIOURS, MODES, Switches, mode

__all__ = ["BEHAVIOURS", "MODES", "SimulatedCa", "Switches", "mode"]
