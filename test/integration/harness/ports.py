# SPDX-License-Identifier: Apache-2.0
"""Free ports on 127.0.0.1, below the range that outgoing connections take theirs from."""

import random
import socket

_given = set()


def free_port():
    """A port that is free for TCP and UDP and was not given out before."""
    while True:
        port = random.randint(12000, 31999)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port


def _is_free(port):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
