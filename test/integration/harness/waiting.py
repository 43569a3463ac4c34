# SPDX-License-Identifier: Apache-2.0
"""Waiting for something to become true, with a sentence for when it does not."""

import time


def wait_until(condition, seconds, what, pause=0.05):
    """Call condition() until it returns something true, and return that."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(pause)
