# SPDX-License-Identifier: Apache-2.0
"""Certificates, vhosts and accounts in all combinations."""

import re

import pytest

from harness import certificates

NAME = "www.test.example"
OTHER = "mail.test.example"


def configured_paths(httpd, name):
    """The paths that mod_ssl said it took for a vhost, last first."""
    lines = httpd.log.lines(rf"AH02568: Certificate and private key {re.escape(name)}:")
    return [line.split("configured from ")[1] for line in reversed(lines)]


def test_two_vhosts_share_one_certificate_and_its_path(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), f"ACMEManagedDomain {NAME} {OTHER}",
                    httpd.site(NAME), httpd.site(OTHER))
    httpd.start()
    first = httpd.wait_for_certificate(NAME, ca)
    second = httpd.wait_for_certificate(OTHER, ca)
    assert first.serial_number == second.serial_number
    assert ca.issued() == 1
    assert configured_paths(httpd, NAME)[0] == configured_paths(httpd, OTHER)[0]


def test_names_meet_regardless_of_case(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), "ACMEManagedDomain Www.Test.Example MAIL.test.example",
                    httpd.site("WWW.test.EXAMPLE", aliases=["Mail.Test.Example"]))
    httpd.start()
    served = httpd.wait_for_certificate(NAME, ca)
    assert sorted(certificates.names_of(served)) == [OTHER, NAME]


def test_a_name_may_end_with_a_dot(world):
    """Also when httpd is restarted by hand, with no rehearsal."""
    world.expect("AH01909: www.test.example.:443:0")  # mod_ssl takes it for another name
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site("other.test.example", managed=True))
    httpd.start()
    httpd.wait_for_certificate("other.test.example", ca)
    httpd.configure(httpd.acme(ca), httpd.site(NAME + ".", aliases=[OTHER + "."], managed=True))
    httpd.graceful()
    assert sorted(certificates.names_of(httpd.wait_for_certificate(NAME, ca))) == [OTHER, NAME]
    # As the only one of its address. httpd itself finds it by none of these names.
    httpd.configure(httpd.acme(ca), httpd.site("other.test.example", managed=True),
                    httpd.site(NAME + ".", aliases=[OTHER + "."], managed=True))
    httpd.graceful()
    for name in (NAME, OTHER):
        assert certificates.names_of(httpd.certificate(name)) == ["other.test.example"]
    for name in (NAME, OTHER):
        assert httpd.log.lines(f"acme_eab:notice.*'{name}.' ends with a dot, .*no request finds")


def test_a_vhost_can_have_its_own_names_managed(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, aliases=[OTHER], managed=True))
    httpd.start()
    served = httpd.wait_for_certificate(NAME, ca)
    assert sorted(certificates.names_of(served)) == [OTHER, NAME]


def test_two_certificates_with_one_account(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True),
                    httpd.site(OTHER, managed=True))
    httpd.start()
    httpd.wait_for_issue(NAME)
    httpd.take_up(OTHER, ca)
    serials = {httpd.certificate(name).serial_number for name in (NAME, OTHER)}
    assert len(serials) == 2
    assert ca.registrations() == 1
    assert (ca.accounts(), ca.orders(), ca.issued()) == (1, 2, 2)
    assert len(httpd.status()["accounts"]) == 1


@pytest.mark.smoke
def test_two_key_ids_are_two_accounts(world):
    httpd = world.httpd()
    ca = world.ca(httpd, kids=("kid-1", "kid-2"))
    second_key = httpd.dir / "second.key"
    second_key.touch(0o600)
    second_key.write_text(ca.keys["kid-2"])
    httpd.configure(
        httpd.acme(ca), httpd.site(NAME, managed=True),
        httpd.site(OTHER, managed=True,
                   more=f'ACMEEABKid kid-2\nACMEEABKey "file:{second_key}"\nACMEKeyType p384'))
    httpd.start()
    httpd.wait_for_issue(NAME)
    served = httpd.take_up(OTHER, ca)
    assert served.public_key().key_size == 384, "the vhost's own key type counts"
    assert (ca.accounts(), ca.registrations(), ca.issued()) == (2, 2, 2)
    for kid in ("kid-1", "kid-2"):
        assert ca.count(f'newAccount Binding with CA using kid "{kid}"') == 1
    accounts = httpd.status()["accounts"]
    assert len({account["kid_sha256"] for account in accounts}) == 2
    assert len({account["url"] for account in accounts}) == 2
    assert len({entry["account"] for entry in httpd.status()["certificates"]}) == 2
    assert len(httpd.store.bound_accounts()) == 2


def test_a_vhost_can_use_another_ca(world):
    httpd = world.httpd()
    first, second = world.ca(httpd), world.ca(httpd, kids=("other-kid",))
    second_key = httpd.dir / "second.key"
    second_key.touch(0o600)
    second_key.write_text(second.keys["other-kid"])
    override = (f'ACMEServer {second.url}\nACMECACertificateFile "{second.tls_certificate}"\n'
                f'ACMEEABKid other-kid\nACMEEABKey "file:{second_key}"\n'
                "ACMEContact other@test.example")
    httpd.configure(httpd.acme(first), httpd.site(NAME, managed=True),
                    httpd.site(OTHER, managed=True, more=override))
    httpd.start()
    httpd.wait_for_issue(NAME)
    httpd.take_up(OTHER, second)
    httpd.wait_for_certificate(NAME, first)
    assert (first.issued(), second.issued()) == (1, 1)
    assert (first.accounts(), second.accounts()) == (1, 1)


def test_another_key_id_is_another_account_and_a_new_certificate(world):
    httpd = world.httpd()
    ca = world.ca(httpd, kids=("kid-1", "kid-2"))
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    first = httpd.wait_for_certificate(NAME, ca)
    httpd.configure(httpd.acme(ca, kid="kid-2"), httpd.site(NAME, managed=True))
    httpd.graceful()
    httpd.take_up(NAME, ca, other_than=first.serial_number)
    assert (ca.accounts(), ca.issued()) == (2, 2)


def test_a_name_more_is_a_new_certificate_and_the_old_one_serves_meanwhile(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    httpd.start()
    first = httpd.wait_for_certificate(NAME, ca)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, aliases=[OTHER], managed=True))
    root = ca.root()
    ca.pause()
    httpd.graceful()
    assert httpd.certificate(NAME).serial_number == first.serial_number
    assert httpd.get_tls(NAME, trust=root).status == 200
    ca.resume()
    served = httpd.take_up(NAME, ca, other_than=first.serial_number)
    assert sorted(certificates.names_of(served)) == [OTHER, NAME]
    assert ca.accounts() == 1


# -- servers of one place ------------------------------------------------------------------------

SITE = """\
<VirtualHost 127.0.0.1:${PORT}>
    ServerName ${SITE}
    ServerAlias alias.${SITE}
    SSLEngine ${ENGINE}
    ACMEManagedDomain
</VirtualHost>
"""
SITES = ("one.test.example", "two.test.example", "three.test.example")
OFFLINE = """\
ACMEServer https://ca.test.example/directory
ACMETermsOfService accepted
ACMEContact webmaster@test.example
"""


def define(name, value):
    return f"UnDefine {name}\nDefine {name} {value}"


def write(httpd, name, *lines):
    path = httpd.dir / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def included(httpd):
    """After another Define each time."""
    path = write(httpd, "site.conf", SITE)
    return [f'{define("SITE", site)}\nInclude "{path}"' for site in SITES]


def in_a_folder(httpd):
    """A folder that is included by a pattern several times."""
    write(httpd, "sites/a.conf", "# nothing")
    write(httpd, "sites/b.conf", SITE)
    return [f'{define("SITE", site)}\nInclude "{httpd.dir}/sites/*.conf"' for site in SITES]


def nested(httpd):
    """A file that includes another, with a condition around the section."""
    inner = write(httpd, "inner.conf", "<IfDefine !NOWHERE>", "<IfModule ssl_module>", SITE,
                  "</IfModule>", "</IfDefine>")
    outer = write(httpd, "outer.conf", "# a comment", f'Include "{inner}"')
    return [f'{define("SITE", site)}\nInclude "{outer}"' for site in SITES]


def macro(httpd):
    httpd.modules = ["macro"]
    return ["<Macro Site $site>", SITE.replace("${SITE}", "$site"), "</Macro>",
            *(f"Use Site {site}" for site in SITES)]


def macro_in_a_file(httpd):
    """The macro is used in one line of a file that is included several times."""
    httpd.modules = ["macro"]
    path = write(httpd, "use.conf", "Use Site ${SITE}")
    return ["<Macro Site $site>", SITE.replace("${SITE}", "$site"), "</Macro>",
            *(f'{define("SITE", site)}\nInclude "{path}"' for site in SITES)]


def macro_in_a_macro(httpd):
    """All sections come from one line of the configuration."""
    httpd.modules = ["macro"]
    return ["<Macro Site $site>", SITE.replace("${SITE}", "$site"), "</Macro>",
            "<Macro All $a $b $c>", "Use Site $a", "Use Site $b", "Use Site $c", "</Macro>",
            "Use All " + " ".join(SITES)]


@pytest.fixture
def httpd(world):
    return world.httpd()


def said(httpd, *parts):
    """What httpd -t says of a configuration in which nothing is wrong."""
    httpd.configure(*parts)
    status, output = httpd.check()
    assert status == 0, output
    return output.removesuffix("Syntax OK\n")


WAYS = [included, in_a_folder, nested, macro, macro_in_a_file, macro_in_a_macro]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_sections_of_one_place_are_servers_of_their_own(httpd, way):
    frame = [OFFLINE, define("PORT", httpd.https)]
    before = httpd.plain_site("plain.test.example")
    sites = way(httpd)
    assert said(httpd, *frame, define("ENGINE", "on"), before, *sites, httpd.site(NAME)) == ""
    if way not in (included, in_a_folder, nested):
        return
    # Each is looked at by itself: the second one lacks TLS.
    sites = [f'{define("ENGINE", engine)}\n{site}'
             for engine, site in zip(("on", "off", "on"), sites)]
    httpd.configure(*frame, before, *sites)
    status, output = httpd.check()
    assert status != 0
    assert f"ACMEManagedDomain for '{SITES[1]}' stands in a <VirtualHost>" in output
    assert SITES[0] not in output and SITES[2] not in output, output


def test_notices_of_one_place_name_the_server(httpd):
    """The same line is told for each of them, and for no other."""
    path = write(httpd, "site.conf", SITE.replace("    ACMEManagedDomain\n", ""))
    output = said(httpd, OFFLINE, define("PORT", httpd.https), define("ENGINE", '"on"'),
                  f"ACMEManagedDomain {SITES[0]} {SITES[1]} {SITES[2]} alias.{SITES[1]}",
                  *(f'{define("SITE", site)}\nInclude "{path}"' for site in SITES))
    assert "browsers will warn" in output
    for site in (SITES[0], SITES[2]):
        assert len(re.findall(rf"site\.conf:1: this <VirtualHost> '{site}' .*: alias\.{site};",
                              output)) == 1, output
    assert f"<VirtualHost> '{SITES[1]}'" not in output


def test_a_chain_file_belongs_to_one_of_them(world):
    """The SSLCertificateChainFile of a certificate of one's own is not sent with a managed one,
    although another section of the same place has none."""
    httpd = world.httpd()
    ca = world.ca(httpd)
    certificate, key = certificates.make_self_signed([NAME])
    foreign, _ = certificates.make_self_signed(["issuer.example"])
    (httpd.dir / "own.pem").write_bytes(certificate + key)
    (httpd.dir / "chain.pem").write_bytes(foreign)
    path = write(httpd, "site.conf", httpd.site("${SITE}", managed=True, more=(
        f'<IfDefine CHAIN>\nSSLCertificateFile "{httpd.dir}/own.pem"\n'
        f'SSLCertificateChainFile "{httpd.dir}/chain.pem"\n</IfDefine>')))
    httpd.configure(httpd.acme(ca), "ACMEKeyType p256", "UnDefine SITE", "Define CHAIN",
                    f'Define SITE {NAME}\nInclude "{path}"', "UnDefine CHAIN",
                    f'Define SITE {OTHER}\nInclude "{path}"')
    httpd.start()
    httpd.wait_for_issue(NAME)
    httpd.take_up(OTHER, ca)
    httpd.wait_for_certificate(NAME, ca)


# -- a certificate of one's own ------------------------------------------------------------------

def own(httpd, *names, days=30, key=None):
    """An SSLCertificateFile for these names."""
    path = httpd.dir / f"own-{names[0].replace('*', '_')}.pem"
    path.write_bytes(b"".join(certificates.make_self_signed(list(names), days=days, key=key)))
    return f'SSLCertificateFile "{path}"'


def keeps(output, name, covers, domain):
    """True when httpd -t says that this virtual host keeps its certificate."""
    return re.search(rf"this <VirtualHost> '{name}' keeps its SSLCertificateFile, which covers "
                     rf"{covers}: the certificate of the managed domain '{domain}' \(", output)


def test_what_would_be_lost_decides_who_gets_a_certificate(world):
    world.expect("AH01909")  # httpd warns of what is meant here
    httpd = world.httpd()
    ca = world.ca(httpd)
    kept = {
        "host.test.example": own(httpd, "host.test.example"),  # catches what nobody has
        "shop.test.example": own(httpd, "shop.test.example", "www.shop.test.example"),
        "blog.test.example": own(httpd, "blog.test.example"),  # its ServerName
        "off.test.example": own(httpd, "off.test.example") + "\nACMEManagedDomain off",
    }
    taken = {
        "same.test.example": own(httpd, "same.test.example"),
        "old.test.example": own(httpd, "old.test.example", "a.old.test.example", days=-0.5),
        "fake.test.example": own(httpd, "localhost"),
    }
    names = ["mail.test.example", "www.shop.test.example", "a.blog.test.example",
             "off.test.example", "same.test.example", "a.old.test.example", "fake.test.example"]
    aliases = {"shop.test.example": ["www.shop.test.example"],
               "blog.test.example": ["a.blog.test.example"],
               "old.test.example": ["a.old.test.example"]}
    parts = [httpd.site(name, aliases=aliases.get(name, []), more=more)
             for name, more in {**kept, **taken}.items() if name != "host.test.example"]
    httpd.configure(httpd.acme(ca), "ACMEKeyType p256",
                    *(f"ACMEManagedDomain {name}" for name in names), *parts,
                    httpd.site("host.test.example", aliases=["*"], more=kept["host.test.example"]))
    _, output = httpd.check()
    assert keeps(output, "shop.test.example", "shop.test.example", "www.shop.test.example")
    assert keeps(output, "blog.test.example", "blog.test.example", "a.blog.test.example")
    assert re.search("this <VirtualHost> 'host.test.example' keeps its SSLCertificateFile: only a "
                     r"pattern .*'mail.test.example' \(", output)
    assert re.search("'old.test.example' has names that its certificate will not have: "
                     "old.test.example;", output)
    httpd.start()
    for name in names:
        httpd.wait_for_issue(name)
    httpd.graceful()

    def served(name):
        return names_of_issuer(httpd.certificate(name))
    for name in kept:
        assert served(name) == [name], f"{name} has lost its certificate"
    for name in taken:
        assert served(name) not in (["localhost"], [name]), f"{name} has not got a managed one"
    assert served("mail.test.example") == ["host.test.example"], "that name is for another server"


def names_of_issuer(certificate):
    """The common name of the issuer: certificates of one's own are self-signed here."""
    return [attribute.value for attribute in certificate.issuer
            if attribute.oid.dotted_string == "2.5.4.3"]


def test_a_managed_certificate_with_fewer_names_than_ordered(world):
    """What is in the store may lack a name that was refused: the own one covers it, and stays
    until there is a whole one."""
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), f"ACMEManagedDomain {NAME}", httpd.site(NAME))
    httpd.start()
    first = httpd.wait_for_certificate(NAME, ca)
    ca.pause()
    httpd.configure(httpd.acme(ca), f"ACMEManagedDomain {NAME} {OTHER}",
                    httpd.site(NAME, aliases=[OTHER], more=own(httpd, NAME, OTHER)))
    httpd.graceful()
    assert names_of_issuer(httpd.certificate(NAME)) == [NAME]
    assert httpd.log.lines(rf":notice\].*'{NAME}' keeps its SSLCertificateFile.*{OTHER}")
    ca.resume()
    served = httpd.take_up(NAME, ca, other_than=first.serial_number)
    assert sorted(certificates.names_of(served)) == [OTHER, NAME]


def test_many_ways_to_cover_more(httpd):
    domain = f"ACMEManagedDomain {NAME}"

    def for_site(*names, aliases=(), more="", days=30):
        return said(httpd, OFFLINE, domain,
                    httpd.site(NAME, aliases=aliases, more=own(httpd, *names, days=days) + more))
    assert keeps(for_site("*.test.example", aliases=[OTHER]), NAME, OTHER, NAME)
    # What a pattern catches is among its names.
    assert keeps(for_site(NAME, "a.b.example", aliases=["*.b.example"]), NAME, "a.b.example", NAME)
    assert keeps(for_site(NAME, "127.0.0.1"), NAME, "127.0.0.1", NAME)
    second = own(httpd, OTHER, key=certificates.make_rsa_key())
    assert keeps(for_site(NAME, aliases=[OTHER], more="\n" + second), NAME, OTHER, NAME)
    # Over, or of no use to this one.
    lost = "has names that its certificate will not have"
    for names, days in (((NAME, OTHER), -0.5), (("other.example",), 30), (("localhost",), 30)):
        output = for_site(*names, aliases=[OTHER], days=days)
        assert f"{lost}: {OTHER};" in output and "keeps" not in output
    # Relative to ServerRoot, quoted or not, and inherited.
    own(httpd, NAME, OTHER)
    for line in (f"SSLCertificateFile own-{NAME}.pem", f'SSLCertificateFile "own-{NAME}.pem"'):
        site = httpd.site(NAME, aliases=[OTHER])
        assert keeps(said(httpd, OFFLINE, domain, line, site), NAME, OTHER, NAME)
        assert keeps(said(httpd, OFFLINE, domain, site, line), NAME, OTHER, NAME)


def test_the_managed_domain_that_costs_nothing_is_used(httpd):
    """Of two that meet a virtual host."""
    site = httpd.site(NAME, aliases=[OTHER, "c.test.example"], more=own(httpd, NAME, OTHER))
    output = said(httpd, OFFLINE, "ACMEManagedDomain c.test.example",
                  f"ACMEManagedDomain {NAME} {OTHER}", site)
    assert "keeps" not in output
    assert f"'{NAME}' has names of two managed domains" in output
    assert re.search(r"warn: c\.test\.example; they belong to 'c\.test\.example'", output)


def test_what_others_lose_is_told(httpd):
    """Clients without SNI, names behind a pattern that are not counted, and RSA."""
    more = own(httpd, NAME, "b.example", "c.example", key=certificates.make_rsa_key())
    first, second = httpd.site(NAME, more=more), httpd.site("b.example", more=more)
    domain = f"ACMEManagedDomain {NAME}"
    lost = f"'{NAME}' is the first at its address, and clients .* covers b.example c.example; "
    output = said(httpd, OFFLINE, domain, first, second)
    assert re.search(lost, output) and "RSA" not in output
    output = said(httpd, OFFLINE, domain, "ACMEKeyType p256", second, first)
    assert not re.search(lost, output), "it is not the default of its address"
    assert re.search(f"'{NAME}' has an RSA key in its SSLCertificateFile.*rsa2048", output)
    assert "RSA" not in said(httpd, OFFLINE, domain, "ACMEKeyType p256 rsa2048", second, first)


def test_a_pattern_takes_one_that_has_no_certificate(httpd):
    domain = "ACMEManagedDomain mail.test.example"
    assert said(httpd, OFFLINE, domain, httpd.site(NAME, aliases=["*"])).count("will not have") == 1
    for more in (own(httpd, "b.example"), own(httpd, NAME)):
        output = said(httpd, OFFLINE, domain, httpd.site(NAME, aliases=["*"], more=more))
        assert f"'{NAME}' keeps its SSLCertificateFile: only a pattern" in output
        assert "answer to 'mail.test.example' keep the certificates" in output
    # What a distribution makes so that mod_ssl starts is none.
    output = said(httpd, OFFLINE, domain, httpd.site(NAME, aliases=["*"], more=own(httpd, "localhost")))
    assert "keeps" not in output
    # Another one has it by its name: nothing to tell of the one that catches the rest.
    assert said(httpd, OFFLINE, domain, httpd.site("mail.test.example"),
                httpd.site(NAME, aliases=["*"], more=own(httpd, NAME))) == ""
    # Nor of one without TLS, at whatever port.
    plain = httpd.site(NAME, aliases=["*"]).replace("    SSLEngine on\n", "").replace(
        str(httpd.https), "443")
    assert "kept in the store" in said(httpd, OFFLINE, domain, plain)


# -- off -----------------------------------------------------------------------------------------

def test_off_leaves_a_virtual_host_alone(httpd):
    off = httpd.site(NAME, more=own(httpd, NAME) + "\nACMEManagedDomain Off")
    output = said(httpd, OFFLINE, f"ACMEManagedDomain {NAME} {OTHER}", httpd.site(OTHER), off)
    assert output == ""
    assert f"answer to '{NAME}' keep the certificates that they have" in said(
        httpd, OFFLINE, f"ACMEManagedDomain {NAME}", off)
    # Without a certificate mod_ssl ends httpd.
    assert "no SSLCertificateFile" in said(
        httpd, OFFLINE, f"ACMEManagedDomain {NAME}", httpd.site(NAME, more="ACMEManagedDomain off"))
    # One without TLS and with a certificate looks as if SSLEngine had been forgotten; not this one.
    assert "<VirtualHost>" not in said(httpd, OFFLINE, f"ACMEManagedDomain {NAME}",
                                       off.replace("    SSLEngine on\n", ""))
    assert said(httpd, OFFLINE, off) == "", "it needs no other ACMEManagedDomain"


@pytest.mark.parametrize("line,inside,word", [
    ("ACMEManagedDomain off", False, "off is for a <VirtualHost>"),
    (f"ACMEManagedDomain off {NAME}", True, "off stands alone"),
    ("<ACMEManagedDomain off>\n</ACMEManagedDomain>", True, "off has no settings"),
    ("ACMEManagedDomain\nACMEManagedDomain off", True, "take one of them out"),
])
def test_off_where_it_means_nothing(httpd, line, inside, word):
    httpd.configure(OFFLINE, "" if inside else line, httpd.site(NAME, more=line if inside else ""))
    status, output = httpd.check()
    assert status != 0 and word in output, output
    assert f"{httpd.conf}:{httpd.line_of(line.splitlines()[0])}: ACMEManagedDomain" in output


# -- the same managed domain in several places ---------------------------------------------------

def test_the_same_managed_domain_twice_is_one(world):
    """As tools write them: for each address or port, for a name and its alias."""
    httpd = world.httpd()
    ca = world.ca(httpd)
    one = httpd.site(NAME, aliases=[OTHER], managed=True)
    plain = httpd.plain_site(NAME, more=f"ServerAlias {OTHER}\nACMEManagedDomain")
    turned = httpd.site(OTHER, more=f"ACMEManagedDomain {OTHER} {NAME}")
    httpd.configure(httpd.acme(ca, key_type="rsa2048"), plain, one.replace("127.0.0.1", "127.0.0.2"), one, turned,
                    f"<ACMEManagedDomain {NAME} {OTHER}>\nACMEKeyType rsa2048\n"
                    "</ACMEManagedDomain>")
    assert httpd.check() == (0, "Syntax OK\n")
    httpd.start()
    served = httpd.wait_for_certificate(NAME, ca)
    assert sorted(certificates.names_of(served)) == [OTHER, NAME]
    assert certificates.common_name_of(served) in (None, NAME), "the first one says"
    assert ca.issued() == 1
    assert [entry["name"] for entry in httpd.status()["certificates"]] == [NAME]


DIFFERENCES = ["ACMEKeyType p256", "ACMEKeyType rsa2048 p256", "ACMEChallenge http-01",
               "ACMEChallenge tls-alpn-01 http-01", "ACMEDNSCommand /bin/true", "ACMEProfile tls",
               'ACMEPreferredChain "A Root"', "ACMECommonName off", "ACMEAllowSubsetOfNames on",
               "ACMERenewBefore 30d", "ACMEServer letsencrypt"]


@pytest.mark.parametrize("line", DIFFERENCES)
def test_the_same_names_with_other_settings_are_a_mistake(httpd, line):
    first = httpd.site(NAME, managed=True)
    second = httpd.site(NAME, managed=True, more=line).replace("127.0.0.1", "127.0.0.2")
    httpd.configure(OFFLINE, first, second)
    status, output = httpd.check()
    assert status != 0
    lines = [number for number, text in enumerate(httpd.conf.read_text().splitlines(), 1)
             if text == "    ACMEManagedDomain"]
    assert f"{httpd.conf}:{lines[1]}: ACMEManagedDomain: '{NAME}' is already in the managed domain " \
           f"at {httpd.conf}:{lines[0]}, with the same names" in output
    assert line.split()[0] in output
    # The same, said in other words or in another place.
    same = second.replace(line, "ACMEKeyType rsa2048\nACMECommonName on")
    assert said(httpd, OFFLINE, first, same) == ""
    assert said(httpd, OFFLINE, line, first, second.replace(line, "")) == said(
        httpd, OFFLINE, line, first)


def test_some_of_the_same_names_are_a_mistake(httpd):
    httpd.configure(OFFLINE, httpd.site(NAME, managed=True),
                    httpd.site(NAME, aliases=[OTHER], managed=True))
    status, output = httpd.check()
    assert status != 0 and f"'{NAME}' is already in the managed domain at" in output


# -- names that no certificate has ---------------------------------------------------------------

UNUSABLE = ["under_score.test.example", "*", "w*.test.example", "a.*.test.example", "www?.b.example",
            "intranet", "-x.test.example", f"{'l' * 64}.test.example", f"{'l.' * 130}example",
            "bücher.example", "www.test.example:443"]


@pytest.mark.parametrize("alias", UNUSABLE, ids=range(len(UNUSABLE)))
def test_an_alias_that_no_certificate_has_is_left_out(httpd, alias):
    output = said(httpd, OFFLINE, httpd.site(NAME, aliases=[alias, OTHER], managed=True))
    place = f"{httpd.conf}:{httpd.line_of('    ACMEManagedDomain')}"
    assert output.count("\n") == 1, output
    assert f"{place}: ACMEManagedDomain: ServerAlias '" in output
    assert f"is left out of the certificate of '{NAME}': it " in output


def test_a_name_that_ends_with_a_dot_is_told(httpd):
    output = said(httpd, OFFLINE, httpd.site(NAME + ".", aliases=[OTHER], managed=True))
    place = f"{httpd.conf}:{httpd.line_of('<VirtualHost')}"
    assert f"{place}: '{NAME}.' ends with a dot, and httpd looks for names without it: no request finds " \
        f"this <VirtualHost> '{NAME}.' by that name; take the dot off" in output
    assert f"no virtual host answers to {NAME}\n" in output
    assert OTHER not in output
    # Of one that nothing is managed for, it is not ours to tell.
    assert "dot" not in said(httpd, OFFLINE, httpd.site(NAME, managed=True), httpd.plain_site(f"{OTHER}."))


def test_a_server_name_that_no_certificate_has_is_a_mistake(httpd):
    for name in ("under_score.test.example", "intranet"):
        httpd.configure(OFFLINE, httpd.site(name, aliases=[OTHER], managed=True))
        status, output = httpd.check()
        assert status != 0 and f"ACMEManagedDomain: '{name}' " in output
    # So is a name that somebody wrote for the certificate.
    httpd.configure(OFFLINE, httpd.site(NAME, more=f"ACMEManagedDomain {NAME} under_score.test.example"))
    assert httpd.check()[0] != 0


def test_names_left_out_are_not_on_the_certificate(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True, aliases=[
        "under_score.test.example", OTHER, "*"]))
    httpd.start()
    served = httpd.wait_for_certificate(NAME, ca)
    assert sorted(certificates.names_of(served)) == [OTHER, NAME]
