# SPDX-License-Identifier: Apache-2.0
"""Every mistake is found by httpd -t: where it is, what is wrong, what to do, never the key."""

import json
import os
import pwd
import re

import pytest

from harness import ca as authority

NAME = "www.test.example"
KEY = authority.new_hmac_key()

GOOD = """\
ACMEServer https://ca.test.example/directory
ACMEEABKid some-kid
ACMEEABKey "file:{key}"
ACMEContact webmaster@test.example
ACMETermsOfService accepted
"""


@pytest.fixture
def httpd(world):
    httpd = world.httpd()
    httpd.write_key(KEY)
    return httpd


def refused(httpd, parts, at, *words):
    """httpd -t refuses this configuration, at the line that holds the text at, with these words.
    Returns what it said."""
    httpd.configure(*parts)
    status, output = httpd.check()
    assert status != 0, f"httpd -t found nothing wrong: {output}"
    line = httpd.line_of(at)
    conf = re.escape(str(httpd.conf))
    assert re.search(rf"(line {line} of {conf}|{conf}:{line}\b)", output), \
        f"line {line} is not named: {output}"
    for word in words:
        assert re.search(word, output), f"{word!r} is not in: {output}"
    assert KEY not in output
    assert not httpd.store.dir.exists(), "a test has no side effect"
    return output


def good(httpd):
    return GOOD.format(key=httpd.key_file)


def changed(httpd, old, new):
    """The good configuration with one line replaced."""
    text = good(httpd)
    line = next(line for line in text.splitlines() if line.startswith(old))
    return text.replace(line, new)


def site(httpd):
    return httpd.site(NAME, managed=True)


def test_what_was_made_of_it_is_printed(httpd):
    httpd.configure(good(httpd), site(httpd))
    done = httpd._run("-t", "-D", "DUMP_ACME")
    assert done.returncode == 0, done.stdout
    plan = json.loads(done.stdout[done.stdout.index("{"):done.stdout.rindex("}") + 1])
    assert [certificate["names"] for certificate in plan["certificates"]] == [[NAME]]
    assert plan["accounts"][0]["directory"].startswith("https://")
    assert KEY not in done.stdout
    assert "{" not in httpd._run("-t").stdout
    assert not httpd.store.dir.exists()


def test_a_virtual_host_of_any_address_is_told_once(httpd):
    """httpd makes two addresses of "*", one of IPv4 and one of IPv6."""
    httpd.configure(good(httpd), site(httpd).replace(f"127.0.0.1:{httpd.https}", f"*:{httpd.https}"))
    done = httpd._run("-t", "-D", "DUMP_ACME")
    place = f"{httpd.conf}:{httpd.line_of('<VirtualHost *')}"
    assert f'"*:{httpd.https} {NAME} ({place})"' in done.stdout


def test_the_good_configuration_passes_and_leaves_no_trace(httpd):
    httpd.configure(good(httpd), site(httpd))
    before = sorted(os.listdir(httpd.dir))
    assert httpd.check() == (0, "Syntax OK\n")
    assert sorted(os.listdir(httpd.dir)) == before


@pytest.mark.parametrize("preset", [
    "incommon", "sectigo-incommon-rsa", "sectigo-incommon-ecc", "sectigo-ov", "sectigo-dv",
    "sectigo-ev", "sectigo-enterprise", "letsencrypt", "letsencrypt-staging", "zerossl", "google"])
def test_presets_are_known(httpd, preset):
    httpd.configure(changed(httpd, "ACMEServer", f"ACMEServer {preset}"), site(httpd))
    assert httpd.check() == (0, "Syntax OK\n")


WRONG_LINES = [
    ("ACMEServer", "ACMEServer incomon", ["incomon", "incommon"]),
    ("ACMEServer", "ACMEServer http://ca.test.example/directory", ["https"]),
    ("ACMEServer", "ACMEServer https://", ["URL|host"]),
    ("ACMEEABKey", f"ACMEEABKey {KEY}", ["file:"]),
    ("ACMEEABKey", "ACMEEABKey file:relative.key-of-nobody", ["relative.key-of-nobody"]),
    ("ACMEEABKey", "ACMEEABKey file:/nonexistent/eab.key", ["/nonexistent/eab.key"]),
    ("ACMEEABKey", "ACMEEABKey exec:/nonexistent/program", ["/nonexistent/program"]),
    ("ACMEEABKey", "ACMEEABKey credential:eab", ["credential|CREDENTIALS_DIRECTORY"]),
    ("ACMETermsOfService", "ACMETermsOfService yes", ["accepted"]),
    ("ACMEContact", "ACMEContact nobody", ["nobody", "address"]),
    ("ACMEEABKid", 'ACMEEABKid ""', ["ACMEEABKid"]),
]


@pytest.mark.parametrize("directive,line,words", WRONG_LINES,
                         ids=[line.replace(KEY, "KEY") for _, line, _ in WRONG_LINES])
def test_wrong_value(httpd, directive, line, words):
    refused(httpd, [changed(httpd, directive, line), site(httpd)], line, directive, *words)


MORE_LINES = [
    ("ACMEEABAlg HS1024", ["HS256"]),
    ("ACMEChallenge http-02", ["http-02", "http-01"]),
    ("ACMEChallenge none http-01", ["none"]),
    ("ACMEChallenge tls-alpn-01 http-01 http-01", ["twice"]),
    ("ACMEChallenge dns-01", ["ACMEDNSCommand"]),
    ("ACMEDNSCommand bin/hook", ["whole path"]),
    ("ACMEDNSCommand /nonexistent/hook", ["/nonexistent/hook"]),
    ("ACMEDNSCommand /etc/passwd", ["/etc/passwd", "chmod"]),
    ('ACMEDNSCommand /bin/true "two words"', ["spaces"]),
    ("ACMEProfile short requird", ["required"]),
    ('ACMEProfile ""', ["empty"]),
    ('ACMEPreferredChain ""', ["issuer"]),
    ("ACMEKeyType rsa1024", ["rsa1024", "rsa2048"]),
    ("ACMERenewBefore soon", ["soon", "d|%"]),
    ("ACMERenewBefore 120%", ["120"]),
    ("ACMEAllowSubsetOfNames maybe", ["on or off"]),
    ("ACMEAllowSubsetOfNames", ["argument is missing"]),
    ("ACMEAllowSubsetOfNames on off", ["takes one argument"]),
    ("ACMEReload perhaps", ["graceful", "off"]),
    ("ACMEReload graceful 2-5", ["'2-5'", "02:00-05:00"]),
    ("ACMEReload graceful 02:00-24:00", ["02:00-24:00", "00 to 23"]),
    ("ACMEReload graceful 03:00-03:00", ["03:00-03:00", "never comes"]),
    ("ACMEReload graceful 02:00 - 05:00", ["without spaces"]),
    ("ACMEReload off 02:00-05:00", ["off takes no time"]),
    ("ACMEProxy nonsense", ["http"]),
    ("ACMEProxy http://proxy.example:3128 user", ["file:PATH"]),
    ("ACMECACertificateFile /nonexistent/ca.pem", ["/nonexistent/ca.pem"]),
    ("ACMEMaxParallel 0", ["ACMEMaxParallel", "auto or a number from 1 to 100"]),
    ("ACMEUser no-such-user", ["no-such-user"]),
    ("ACMEManagedDomain under_score.example", ["under_score"]),
    ("ACMEManagedDomain 192.0.2.256", ["192.0.2.256"]),
    ("ACMEManagedDomain a..example", ["a..example"]),
]


@pytest.mark.parametrize("line,words", MORE_LINES, ids=[line for line, _ in MORE_LINES])
def test_wrong_line_beside_good_ones(httpd, line, words):
    refused(httpd, [good(httpd), line, site(httpd)], line, line.split()[0], *words)


def test_further_settings_are_fine(httpd):
    httpd.configure(good(httpd), "ACMEChallenge dns-01 tls-alpn-01 http-01",
                    "ACMEDNSCommand /bin/true add-and-remove --fast", "ACMEProfile tls required",
                    'ACMEPreferredChain "Some Root"', site(httpd))
    assert httpd.check() == (0, "Syntax OK\n")


PROXY_FILES = {
    "missing": (None, 0, "cannot be read"),
    "readable by others": ("user:secret-word", 0o644, "chmod"),
    "no password": ("secret-word", 0o600, "user:password"),
}


@pytest.mark.parametrize("what", PROXY_FILES)
def test_proxy_credentials(httpd, what):
    text, mode, word = PROXY_FILES[what]
    path = httpd.dir / "proxy.txt"
    if text is not None:
        path.write_text(text + "\n")
        path.chmod(mode)
    output = refused(httpd, [good(httpd), f"ACMEProxy http://proxy.example:3128 file:{path}",
                             site(httpd)], "ACMEProxy", "ACMEProxy", str(path), word)
    assert "secret-word" not in output


def test_good_proxy_credentials(httpd):
    path = httpd.dir / "proxy.txt"
    path.write_text("user:secret-word\n")
    path.chmod(0o600)
    httpd.configure(good(httpd), f"ACMEProxy http://proxy.example:3128 file:{path}", site(httpd))
    assert httpd.check() == (0, "Syntax OK\n")


def test_server_missing(httpd):
    refused(httpd, [changed(httpd, "ACMEServer", ""), f"ACMEManagedDomain {NAME}",
                    httpd.site(NAME)],
            f"ACMEManagedDomain {NAME}", "ACMEServer")


def test_key_id_without_key(httpd):
    refused(httpd, [changed(httpd, "ACMEEABKey", ""), site(httpd)], "ACMEEABKid",
            "ACMEEABKid", "ACMEEABKey")


def test_key_without_key_id(httpd):
    refused(httpd, [changed(httpd, "ACMEEABKid", ""), site(httpd)], "ACMEEABKey",
            "ACMEEABKid", "ACMEEABKey")


BAD_KEYS = {
    "empty": ("", "empty"),
    "only white space": (" \n\n", "empty"),
    "not base64": ("this is *not* base64 at all, whatever one does with it!", "base64"),
    "mixed alphabets": ("ab+/" * 12 + "ab-_" * 4, "base64"),
    "too short": (authority.new_hmac_key(16), "32|256|short"),
}


@pytest.mark.parametrize("what", BAD_KEYS)
def test_key_file_content(httpd, what):
    content, word = BAD_KEYS[what]
    httpd.key_file.write_text(content)
    output = refused(httpd, [good(httpd), site(httpd)], "ACMEEABKey", str(httpd.key_file), word)
    if content.strip():
        assert content.strip() not in output


def test_key_shorter_than_the_hash_of_the_algorithm(httpd):
    httpd.write_key(authority.new_hmac_key(40))
    refused(httpd, [good(httpd), "ACMEEABAlg HS384", site(httpd)], "ACMEEABKey", "HS384|48|384")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_key_file_that_others_can_read(httpd, mode):
    os.chown(httpd.key_file, 0, pwd.getpwnam("www-data").pw_gid)
    httpd.key_file.chmod(mode)
    refused(httpd, [good(httpd), site(httpd)], "ACMEEABKey", str(httpd.key_file), "chmod|0?600")


def test_key_file_is_a_directory(httpd):
    httpd.key_file.unlink()
    httpd.key_file.mkdir()
    refused(httpd, [good(httpd), site(httpd)], "ACMEEABKey", str(httpd.key_file))


def test_padded_and_standard_alphabet_are_fine(httpd):
    for text in ("ab+/" * 16, "ab-_" * 16, "abcd" * 11 + "YQ==", "abcd" * 11 + "YQ"):
        httpd.write_key(text)
        httpd.configure(good(httpd), site(httpd))
        assert httpd.check() == (0, "Syntax OK\n"), text


def test_one_name_in_two_managed_domains(httpd):
    second = f"ACMEManagedDomain other.test.example {NAME.upper()}"
    refused(httpd, [good(httpd), f"ACMEManagedDomain {NAME}", second, httpd.site(NAME)], second,
            NAME, "two|also|already")


def test_name_that_mod_md_claims_too(httpd):
    httpd.modules = ["md"]
    refused(httpd, [good(httpd), f"MDomain {NAME}", f'MDStoreDir "{httpd.dir}/md"',
                    f"ACMEManagedDomain {NAME}", httpd.site(NAME)],
            f"ACMEManagedDomain {NAME}", NAME, "MDomain|mod_md")


def test_managed_vhost_without_tls(httpd):
    vhost = httpd.site(NAME, managed=True).replace("    SSLEngine on\n", "")
    refused(httpd, [good(httpd), vhost], "    ACMEManagedDomain", "SSLEngine on")


def test_managed_vhost_without_a_name(httpd):
    vhost = httpd.site(NAME, managed=True).replace(f"    ServerName {NAME}\n", "")
    refused(httpd, [good(httpd), vhost], "    ACMEManagedDomain", "ServerName")


def test_plain_http_beside_a_managed_vhost_is_fine(httpd):
    httpd.configure(good(httpd), httpd.plain_site(NAME), site(httpd))
    assert httpd.check() == (0, "Syntax OK\n")
