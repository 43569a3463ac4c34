# SPDX-License-Identifier: Apache-2.0
"""A client that asks for an OCSP response with the handshake."""

import re
import subprocess

from . import certificates


def shake_hands(port, name, version="-tls1_3", asks=True):
    """(serial that is served or None, (serial, status) of the stapled response or None)"""
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", name, version,
         *(["-status"] if asks else []), "-showcerts", "-no-CAfile", "-no-CApath", "-no-CAstore"],
        input=b"", capture_output=True, timeout=60, check=False)
    text = done.stdout.decode(errors="replace")
    leaf = re.search("^Certificate chain.*?(-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----)",
                     text, re.S | re.M)
    shown = re.search(r"OCSP Response Status: successful.*?Serial Number: ([0-9A-F]+).*?"
                      r"Cert Status: (\w+)", text, re.S)
    serial = certificates.load(leaf.group(1).encode()).serial_number if leaf is not None else None
    return serial, (int(shown.group(1), 16), shown.group(2)) if shown else None
