# SPDX-License-Identifier: Apache-2.0
"""Waiting for something to become true, with a sentence for when it does not."""

import time

# What takes a second on an idle machine may take several on a busy one. Limits say only when to give
# up, so that patience costs nothing where all is well.
PATIENCE = 4


def wait_until(condition, seconds, what, pause=0.05):
    """Call condition() until it returns something true, and return that. What takes long is looked at
    less and less often: looking is work for the machine, too.

    seconds: how long it may take on an idle machine"""
    began = time.monotonic()
    while True:
        value = condition()
        if value:
            return value
        waited = time.monotonic() - began
        if waited > seconds * PATIENCE:
            raise AssertionError(f"waited {seconds * PATIENCE} s in vain for {what}")
        time.sleep(max(pause, min(waited / 10, 0.4)))
