# SPDX-License-Identifier: Apache-2.0
"""Which lines of an error log fail a test."""

import subprocess

import pytest
from harness import machine
from harness.errorlog import ErrorLog, shape
from harness.httpd import Httpd

WHEN = "[Sun Nov 29 22:10:11.123456 2026]"
LATER = "[Mon Nov 30 01:02:03.654321 2026]"
OLDER = "AH01882: Init: this version of mod_ssl was compiled against a newer library (OpenSSL 3.0.22, version " \
    "currently loaded is OpenSSL 3.0.19)"

# A library that claims to be an old OpenSSL.
OLD_OPENSSL = "unsigned long OpenSSL_version_num(void) { return 0x30000000L; }\n"


def log_of(directory, *lines):
    log = ErrorLog(directory / "error.log")
    log.path.write_text("\n".join(lines) + "\n")
    return log


def of_the_machine(*lines):
    return {shape(line, "/tmp/other/httpd") for line in lines}


def test_what_the_machine_says_anyway_fails_nothing(tmp_path):
    log = log_of(tmp_path, f"{LATER} [ssl:warn] [pid 77:tid 88] {OLDER}")
    assert len(log.unexpected(())) == 1
    assert log.unexpected((), of_the_machine(f"{WHEN} [ssl:warn] [pid 1:tid 2] {OLDER}")) == []


def test_a_child_that_is_stopped_may_miss_its_connections(tmp_path):
    said = "{} [mpm_event:error] [pid 1:tid 2] ({}: AH03092: process_lingering_close: apr_pollset_add failure"
    log = log_of(tmp_path, said.format(WHEN, "9)Bad file descriptor"))
    assert log.unexpected(()) == []
    log = log_of(tmp_path, said.format(WHEN, "12)Cannot allocate memory"))
    assert len(log.unexpected(())) == 1


@pytest.mark.parametrize("line", [
    # Said of a site, of a client, of httpd's own directory.
    "[ssl:warn] [pid {}:tid 2] AH09999: {}:443:0 the curve is old",
    "[ssl:warn] [pid 1:tid 2] [client 127.0.0.1:{}] AH09999: curve {}",
    "a library that writes to standard error ({}) {}",
])
def test_numbers_and_servers_make_no_difference(tmp_path, line):
    known = of_the_machine(f"{WHEN} {line.format(1, 7)}")
    log = log_of(tmp_path, f"{LATER} {line.format(234, 56)}")
    assert log.unexpected((), known) == []


def test_the_directory_makes_no_difference(tmp_path):
    known = of_the_machine(f"{WHEN} [core:warn] [pid 1:tid 2] AH00098: pid file /tmp/other/httpd/httpd.pid")
    log = log_of(tmp_path, f"{WHEN} [core:warn] [pid 3:tid 4] AH00098: pid file {tmp_path}/httpd.pid")
    assert log.unexpected((), known) == []


@pytest.mark.parametrize("line", [
    "[ssl:warn] [pid 1:tid 2] AH01883: Init: this version of mod_ssl",  # another number
    "[ssl:error] [pid 1:tid 2] " + OLDER,  # worse
    "[core:warn] [pid 1:tid 2] " + OLDER,  # of another module
    "[ssl:emerg] [pid 1:tid 2] AH02562: Failed to configure certificate /x/httpd0/store/live/a/fullchain.pem",
    "Segmentation fault",
])
def test_anything_else_fails(tmp_path, line):
    known = of_the_machine(f"{WHEN} [ssl:warn] [pid 1:tid 2] {OLDER}")
    line = f"{WHEN} {line}" if line.startswith("[") else line
    assert log_of(tmp_path, line).unexpected((), known) == [line]


@pytest.mark.parametrize("line", [
    "[acme_eab:warn] [pid 1:tid 2] Account incommon: the disk is full",
    "[core:warn] [pid 1:tid 2] acme-eab-keeper ended",
    "[core:warn] [pid 1:tid 2] AH00526: ACMEStoreDir",
])
def test_lines_of_the_module_are_never_the_machines(tmp_path, line):
    line = f"{WHEN} {line}"
    assert log_of(tmp_path, line).unexpected((), of_the_machine(line)) == [line]


def test_notices_are_fine_and_so_is_what_a_test_expects(tmp_path):
    log = log_of(tmp_path, f"{WHEN} [core:notice] [pid 1:tid 2] AH00094: Command line",
                 f"{WHEN} [acme_eab:error] [pid 1:tid 2] refused")
    assert log.unexpected((r"refused",)) == []


def test_the_machine_is_heard(scratch):
    """A libssl that is older than the one that mod_ssl was compiled against."""
    source = scratch / "old.c"
    source.write_text(OLD_OPENSSL)
    library = scratch / "old.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    httpd = Httpd(scratch / "httpd", None)
    httpd.environment = {"LD_PRELOAD": str(library)}
    found = machine.record(httpd)
    assert any("AH01882" in line for line in found), found
    assert httpd.parent() is None

    # Another httpd, another time: the same shape.
    again = Httpd(scratch / "again", None)
    again.environment = httpd.environment
    assert set(machine.record(again)) == set(found)
    assert again.log.unexpected((), found) == []
    assert again.log.unexpected(()) != []
