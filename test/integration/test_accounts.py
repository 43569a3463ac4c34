# SPDX-License-Identifier: Apache-2.0
"""Named accounts, and managed domains with settings of their own: which certificate goes to which
account, and what httpd -t says about the rest."""

import pytest

from test_config_mistakes import GOOD, NAME, httpd, refused  # noqa: F401

OTHER = "other.test.example"


def account(label, *lines):
    return "\n".join([f"<ACMEAccount {label}>", *(f"    {line}" for line in lines),
                      "</ACMEAccount>"])


def domain(*names, lines=()):
    return "\n".join([f"<ACMEManagedDomain {' '.join(names)}>", *(f"    {line}" for line in lines),
                      "</ACMEManagedDomain>"])


def credentials(httpd, ca, kid):
    """The lines that name one of the CA's EAB keys."""
    path = httpd.dir / f"{kid}.key"
    path.touch(0o600)
    path.write_text(ca.keys[kid] + "\n")
    return [f"ACMEServer {ca.url}", f"ACMEEABKid {kid}", f'ACMEEABKey "file:{path}"']


def common(ca):
    return "\n".join([f'ACMECACertificateFile "{ca.tls_certificate}"', "ACMETermsOfService accepted",
                      "ACMEContact webmaster@test.example"])


@pytest.mark.smoke
def test_each_certificate_goes_to_its_account(world):
    httpd = world.httpd()
    ca = world.ca(httpd, kids=("single", "several", "unnamed"))
    third = "third.test.example"
    httpd.configure(
        common(ca), *credentials(httpd, ca, "unnamed"),
        account("one-name", *credentials(httpd, ca, "single")),
        account("names", *credentials(httpd, ca, "several")),
        domain(NAME, lines=["ACMEUseAccount one-name", "ACMEKeyType p256"]), httpd.site(NAME),
        f"<VirtualHost 127.0.0.1:{httpd.https}>\nServerName {OTHER}\nSSLEngine on\n"
        "ACMEUseAccount names\nACMEManagedDomain\n</VirtualHost>",
        httpd.site(third, managed=True))
    httpd.start()
    for name in (NAME, OTHER, third):
        httpd.wait_for_issue(name)
    entries = {entry["name"]: entry for entry in httpd.status()["certificates"]}
    assert {name: entry["account"] for name, entry in entries.items()} == {
        NAME: "one-name", OTHER: "names", third: "default"}
    assert entries[NAME]["keys"][0]["type"] == "p256"
    assert entries[OTHER]["keys"][0]["type"] == "rsa2048", "a section's settings stay in it"
    assert {entry["label"] for entry in httpd.status()["accounts"]} == {"one-name", "names", "default"}
    assert ca.accounts() == 3


def test_a_section_may_name_a_ca_of_its_own(world):
    httpd = world.httpd()
    ca, second = world.ca(httpd), world.ca(httpd)
    httpd.configure(
        httpd.acme(ca), f"ACMEManagedDomain {NAME}", httpd.site(NAME),
        domain(OTHER, lines=[*credentials(httpd, second, "kid-1"),
                             f'ACMECACertificateFile "{second.tls_certificate}"']),
        httpd.site(OTHER))
    httpd.start()
    httpd.wait_for_issue(NAME)
    httpd.wait_for_issue(OTHER)
    assert httpd.certificate_status(NAME)["account"] == "default"
    assert httpd.certificate_status(OTHER)["account"] == OTHER
    assert (ca.orders(), second.orders()) == (1, 1)


# -- mistakes ---------------------------------------------------------------------------------

def test_unknown_label(httpd):
    refused(httpd, [GOOD.format(key=httpd.key_file),
                    account("first", "ACMEServer https://one.example/d"),
                    account("second", "ACMEServer https://two.example/d"),
                    domain(NAME, lines=["ACMEUseAccount third"]), httpd.site(NAME)],
            "ACMEUseAccount third", "third", "first second")


def test_unknown_label_without_any_account(httpd):
    refused(httpd, [GOOD.format(key=httpd.key_file), httpd.site(
        NAME, managed=True, more="ACMEUseAccount nobody")], "ACMEUseAccount nobody", "nobody")


def test_a_section_that_is_read_again(httpd):
    """As from a file that is included for each site."""
    path = httpd.dir / "account.conf"
    path.write_text(account("first", "ACMEServer https://one.example/d", "ACMEContact a@b.example"))
    again = account("first", "ACMEServer https://one.example/d", "ACMEContact b@b.example")
    parts = [GOOD.format(key=httpd.key_file), f'Include "{path}"', f'Include "{path}"',
             domain(NAME, lines=["ACMEUseAccount first"]), httpd.site(NAME)]
    httpd.configure(*parts)
    assert httpd.check() == (0, "Syntax OK\n")
    refused(httpd, [*parts, again], "<ACMEAccount first", "already")


MISTAKES = [
    (account("first", "ACMEServer https://one.example/d") + "\n"
     + account("first ", "ACMEServer https://two.example/d"), "<ACMEAccount first >", ["already"]),
    (account("", "ACMEServer https://one.example/d"), "<ACMEAccount >", ["label"]),
    (account("two words", "ACMEServer https://one.example/d"), "<ACMEAccount two", ["one label"]),
    (account("a/b", "ACMEServer https://one.example/d"), "<ACMEAccount a/b", ["a/b", "letters"]),
    (account("default", "ACMEServer https://one.example/d"), "<ACMEAccount def", ["default"]),
    (account("first", "ACMEEABKid k"), "<ACMEAccount first", ["no ACMEServer"]),
    (account("first", "ACMEServer http://one.example/d"), "http://one", ["ACMEServer", "https"]),
    (account("first", "ACMEServer incommon", "ACMEKeyType p256"), "ACMEKeyType p256",
     ["ACMEKeyType", "<ACMEAccount>"]),
    (account("first", "ACMEServer incommon", "DocumentRoot /tmp"), "DocumentRoot /tmp",
     ["DocumentRoot", "<ACMEAccount>"]),
    (domain(OTHER, lines=["ACMEReload off"]), "ACMEReload off",
     ["ACMEReload", "<ACMEManagedDomain>"]),
    (domain(OTHER, lines=["ServerAlias x"]), "ServerAlias x",
     ["ServerAlias", "<ACMEManagedDomain>"]),
    (domain(OTHER, lines=["ACMEKeyType rsa1"]), "ACMEKeyType rsa1", ["rsa1", "rsa2048"]),
    (domain("under_score.example"), "<ACMEManagedDomain under_score", ["under_score"]),
    (domain(OTHER, lines=["ACMEServer incommon", "ACMEUseAccount first"]), "ACMEUseAccount first",
     ["ACMEServer", "same scope"]),
    (domain(OTHER, lines=["ACMEUseAccount first", "ACMEContact a@test.example"]),
     "ACMEContact a@", ["ACMEUseAccount", "same scope"]),
]


@pytest.mark.parametrize("section,at,words", MISTAKES, ids=[text for _, text, _ in MISTAKES])
def test_mistakes_in_sections(httpd, section, at, words):
    refused(httpd, [GOOD.format(key=httpd.key_file), section, httpd.site(NAME, managed=True)], at,
            *words)


def test_two_labels_for_one_account(httpd):
    lines = ["ACMEServer https://one.example/d", "ACMEEABKid same",
             f'ACMEEABKey "file:{httpd.key_file}"']
    refused(httpd, [account("first", *lines), account("second", *lines),
                    "ACMETermsOfService accepted",
                    domain(NAME, lines=["ACMEUseAccount first"]),
                    domain(OTHER, lines=["ACMEUseAccount second"]),
                    httpd.site(NAME), httpd.site(OTHER)],
            "<ACMEAccount second>", "one account", "first")


def test_an_account_never_takes_credentials_from_around_it(httpd):
    httpd.configure(
        GOOD.format(key="/nonexistent/default.key"),
        account("open", "ACMEServer https://ca.test.example/directory"),
        domain(NAME, lines=["ACMEUseAccount open"]), httpd.site(NAME))
    assert httpd.check() == (0, "Syntax OK\n"), "the key of the scope around it is not used"


def test_a_mistake_that_many_inherit_is_told_once(httpd):
    output = refused(httpd, [GOOD.format(key=httpd.key_file), "<VirtualHost *:1>",
                             "ACMEUseAccount nobody", "</VirtualHost>",
                             httpd.site(NAME, managed=True)], "ACMEUseAccount nobody")
    assert output.count("ACMEUseAccount: ") == 1


def test_a_section_in_a_virtual_host_may_take_its_names(httpd):
    vhost = httpd.site(NAME, aliases=["alias.test.example"],
                       more="<ACMEManagedDomain>\n    ACMEKeyType p384\n</ACMEManagedDomain>")
    httpd.configure(GOOD.format(key=httpd.key_file), vhost)
    assert httpd.check() == (0, "Syntax OK\n")
