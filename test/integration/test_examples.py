# SPDX-License-Identifier: Apache-2.0
"""The configurations in conf/ and in the documents are such that httpd takes them."""

import re
from pathlib import Path

import pytest

from harness import ca as authority
from harness.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
# These show configurations that are whole as they stand.
WHOLE = ("README.md", "docs/quick-starts.md")
CONFIGURATIONS = sorted(path.name for path in (ROOT / "conf").glob("*.conf"))

# An entry of docs/directives.md shows one directive; these are the others that it needs.
COMPANIONS = """\
ACMEServer https://ca.test.example/directory
ACMETermsOfService accepted
<VirtualHost *:443>
    ServerName companion.test.example
    SSLEngine on
    ACMEManagedDomain
</VirtualHost>
"""


@pytest.fixture
def httpd(world):
    httpd = world.httpd()
    httpd.modules = ["alias", "authz_host"]
    # The longest key that an algorithm asks for.
    httpd.write_key(authority.new_hmac_key(64))
    return httpd


def passes(httpd):
    """httpd -t finds no mistake, and nothing that is worth a notice."""
    assert httpd.check() == (0, "Syntax OK\n")


def test_there_are_examples():
    assert {"incommon.conf", "sectigo.conf", "letsencrypt.conf"} <= set(CONFIGURATIONS)
    assert {"README.md", "docs/quick-starts.md", "docs/directives.md", "docs/events.md", "docs/migrating.md"} <= \
        {place.split(":")[0] for place, _ in blocks()}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_example_file(httpd, name):
    httpd.configure(f'Define EAB_KEY_FILE "{httpd.key_file}"', f'Include "{ROOT}/conf/{name}"')
    passes(httpd)


def test_examples_without_the_define_name_the_file_to_make(httpd):
    for name in ("incommon.conf", "sectigo.conf"):
        httpd.configure(f'Include "{ROOT}/conf/{name}"')
        status, output = httpd.check()
        if Path("/etc/apache2/acme/eab.key").exists():
            assert (status, output) == (0, "Syntax OK\n")
        else:
            assert status != 0
            assert "/etc/apache2/acme/eab.key" in output


def test_status_page_of_the_example(world, httpd):
    world.expect(r"authz_core:error\].*AH01630.*acme-status")
    httpd.configure(f'Include "{ROOT}/conf/status.conf"')
    httpd.start()
    assert httpd.get("localhost", "/acme-status").status == 200
    # The same for somebody from elsewhere.
    text = (ROOT / "conf/status.conf").read_text().replace("Require local", "")
    httpd.configure(text)
    httpd.graceful()
    # A worker of before may still take a connection.
    wait_until(lambda: httpd.get("localhost", "/acme-status").status == 403, 10, "a refusal")


def blocks():
    """The configurations in the documents: (place, text)."""
    found = []
    for document in DOCUMENTS:
        text = (ROOT / document).read_text()
        for match in re.finditer(r"^```apache\n(.*?)^```$", text, re.M | re.S):
            line = text.count("\n", 0, match.start()) + 1
            found.append((f"{document}:{line}", match[1]))
    return found


def at_hand(httpd, text):
    """The same with files, programs and users that a scratch httpd has."""
    certificate = httpd.dir / "ca.pem"
    certificate.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    credential = httpd.dir / "acme-eab"
    credential.write_text(httpd.key_file.read_text())
    password = httpd.dir / "pfx.password"
    password.write_text("a password\n")
    password.chmod(0o600)
    httpd.environment = {"CREDENTIALS_DIRECTORY": str(httpd.dir)}
    for there, here in (("/etc/apache2/acme/eab.key", httpd.key_file),
                        ("/etc/apache2/acme/eab-several.key", httpd.key_file),
                        ("/usr/local/sbin/print-eab-key", "/bin/echo"),
                        ("/etc/apache2/acme/campus-ca.pem", certificate),
                        *((f"/usr/local/share/acme-eab/{program.name}", "/bin/echo")
                          for program in (ROOT / "conf/events").iterdir()),
                        ("/etc/apache2/acme/pfx.password", password),
                        ("root:haproxy", "root:root"),
                        ("acme-agent", "nobody")):
        text = text.replace(there, str(here))
    return text


@pytest.mark.parametrize("place,text", blocks(), ids=[place for place, _ in blocks()])
def test_block_of_a_document(httpd, place, text):
    text = at_hand(httpd, text)
    companions = [COMPANIONS]
    if place.startswith(WHOLE):
        companions = []
    elif "ACMEManagedDomain www.example.edu" in text:
        companions.append(httpd.site("www.example.edu", aliases=["example.edu"]))
    elif "ACMEExport www.example.edu" in text:
        companions.append(httpd.site("www.example.edu", managed=True))
    httpd.configure(*companions, text)
    passes(httpd)
