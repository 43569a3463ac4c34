# SPDX-License-Identifier: Apache-2.0
"""Free ports on 127.0.0.1, below the range that outgoing connections take theirs from."""

import random
import socket

_reservations = []  # sockets, held as long as this process lives


def free_port():
    """A port that is free for TCP and UDP, and that no other run of the tests has been given."""
    while True:
        port = random.randint(12000, 31999)
        if _reserve(port) and _is_free(port):
            return port


def has_ipv6():
    """Does this machine have ::1?"""
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
        return True
    except OSError:
        return False


def _reserve(port):
    """A name among the abstract sockets can be had once on a machine, and ends with its process."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        sock.bind(f"\0mod_acme_eab-test-port-{port}")
    except OSError:
        sock.close()
        return False
    _reservations.append(sock)
    return True


def _is_free(port):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
