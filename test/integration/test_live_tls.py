# SPDX-License-Identifier: Apache-2.0
"""ACMEReload live beside plain mod_ssl in the same situation: which certificate and which answer a client
gets, by the name that it asks with."""

import os
import re
import socket
import ssl
import subprocess

import pytest

from harness import certificates, client
from harness.http2 import Http2
from harness.httpd import Httpd
from test_live import NAME, OTHER, Session, assert_no_restart, renew, wait_for_live

SHOP = "shop.test.example"  # in the certificate of NAME
UNKNOWN = "unknown.test.example"


def hosts_of(httpd, own=None):
    """Three virtual hosts; own: certificate files by name."""
    return [httpd.site(name, more=f'SSLCertificateFile "{own[name]}"' if own else "")
            for name in (NAME, SHOP, OTHER)]


def plain(world, *lines, modules=()):
    """The same httpd without the module, with files."""
    httpd = Httpd(world.dir / "plain", None)
    httpd.modules = list(modules)
    world.httpds.append(httpd)
    own = {}
    for names in ((NAME, SHOP), (OTHER,)):
        pem, key = certificates.make_self_signed(names)
        path = world.dir / f"{names[0]}.pem"
        path.write_bytes(pem + key)
        own.update({name: path for name in names})
    httpd.configure(*lines, *hosts_of(httpd, own))
    return httpd.start()


def live(world, *lines, modules=()):
    """Nothing in it was there at the start, and all was replaced once."""
    httpd = world.httpd()
    httpd.modules = list(modules)
    ca = world.ca(httpd)
    httpd.configure(*lines, httpd.acme(ca, more=f"""
        ACMEReload live
        ACMEManagedDomain {NAME} {SHOP}
        ACMEManagedDomain {OTHER}"""), *hosts_of(httpd))
    httpd.start()
    first = {name: wait_for_live(httpd, ca, name) for name in (NAME, OTHER)}
    renew(httpd, NAME, OTHER)
    for name in (NAME, OTHER):
        wait_for_live(httpd, ca, name, other_than=first[name].serial_number)
    return httpd


def names_in(tls):
    certificate = certificates.load(ssl.DER_cert_to_PEM_cert(tls.getpeercert(True)).encode())
    return sorted(certificates.names_of(certificate))


def over_http1(httpd, server_name, hosts):
    """(names in the certificate, status for each host on one connection, or None)"""
    with socket.create_connection(("127.0.0.1", httpd.https), timeout=40) as raw:
        with client.trusting_anyone().wrap_socket(raw, server_hostname=server_name) as tls:
            file, statuses = tls.makefile("rb"), []
            for host in hosts:
                tls.sendall(f"HEAD /index.html HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                line = file.readline().split()
                statuses.append(int(line[1]) if line else None)
                while file.readline().strip():
                    pass
            return names_in(tls), statuses


def over_http2(httpd, server_name, hosts):
    connection = Http2(httpd.https, server_name, client.trusting_anyone())
    found = names_in(connection.tls), [connection.get(host) for host in hosts]
    connection.close()
    return found


def answers(httpd):
    """What each client gets: by protocol, name of the server, and the hosts that it asks for."""
    found = {}
    for server_name in (None, NAME, SHOP, OTHER, UNKNOWN):
        for hosts in ((NAME,), (SHOP,), (OTHER,), (NAME, SHOP, OTHER, NAME)):
            for ask in (over_http1, over_http2):
                try:
                    found[ask.__name__, server_name, hosts] = ask(httpd, server_name, hosts)
                except ssl.SSLError as error:
                    found[ask.__name__, server_name, hosts] = error.reason
    return found


@pytest.mark.parametrize("lines", [
    "", "SSLStrictSNIVHostCheck on", "SSLVHostSNIPolicy strict\nSSLStrictSNIVHostCheck on",
    "SSLVHostSNIPolicy insecure", "EABProbeName on"])
def test_every_name_gets_what_it_gets_from_mod_ssl(world, lines):
    """No name, an unknown one, several hosts on one connection (HTTP/2 coalescing); and when another module
    takes OpenSSL's callback for the name."""
    world.expect("AH02032|AH02033|AH0203|AH10")
    settings = (f'LoadModule eab_probe_module "{os.environ["EAB_PROBE"]}"', lines,
                "Protocols h2 http/1.1")
    wanted = answers(plain(world, *settings, modules=["http2"]))
    httpd = live(world, *settings, modules=["http2"])
    found = answers(httpd)
    assert found == wanted
    assert_no_restart(httpd)
    # The virtual hosts of one certificate share a connection, and those of another are asked for anew.
    both = found["over_http2", NAME, (NAME, SHOP, OTHER, NAME)]
    assert both[0] == sorted([NAME, SHOP])
    if not lines:
        assert both[1] == [200, 200, 421, 200]


def test_the_authorities_that_a_client_certificate_may_be_of_stay(world):
    """SSLVerifyClient: what the server asks for is not the certificate's."""
    pem, _ = certificates.make_self_signed(["client.test.example"])
    (world.dir / "client.pem").write_bytes(pem)
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca, more="ACMEReload live"), httpd.site(NAME, managed=True, more=f"""
        SSLCACertificateFile "{world.dir}/client.pem"
        SSLVerifyClient optional"""))
    httpd.start()
    first = wait_for_live(httpd, ca)
    renew(httpd, NAME)
    wait_for_live(httpd, ca, other_than=first.serial_number)
    for version in ("-tls1_2", "-tls1_3"):
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{httpd.https}",
                               "-servername", NAME, version], input=b"", capture_output=True,
                              timeout=60, check=False)
        named = re.search(rb"Acceptable client certificate CA names\n(.*)\n", done.stdout)
        assert named and b"client.test.example" in named.group(1)
