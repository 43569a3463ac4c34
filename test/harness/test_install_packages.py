# SPDX-License-Identifier: Apache-2.0
"""scripts/install-packages.sh, with an apt that is made up: what it installs, what it brings up to
date, and when it asks the network."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "install-packages.sh"

# The state is files of lines "PACKAGE VERSION": what is installed, what the lists know, what the
# archive has. "depends" has a line for each package: its name and what it depends on.
DPKG_QUERY = """\
for package; do :; done
grep -q "^$package " "$STATE/installed" && printf installed
"""
APT_CACHE = """\
what=$1
shift
case $what in
depends)
    for name; do case $name in -*) ;; *)
        grep -q "^$name " "$STATE/installed" || continue
        echo "$name"
        sed -n "s/^$name //p" "$STATE/depends" | tr ' ' '\\n' | sed 's/^/  Depends: /' ;;
    esac; done ;;
policy)
    for name; do
        installed=$(sed -n "s/^$name //p" "$STATE/installed")
        candidate=$(sed -n "s/^$name //p" "$STATE/lists")
        echo "$name:"
        echo "  Installed: ${installed:-(none)}"
        echo "  Candidate: ${candidate:-${installed:-(none)}}"
        echo "  Version table:"
    done ;;
esac
"""
APT_MARK = """\
case $1 in
showauto) shift; for name; do grep -qx "$name" "$STATE/automatic" && echo "$name"; done; true ;;
auto) shift; echo "$@" >>"$STATE/marked" ;;
esac
"""
DPKG = """\
case $1 in
--get-selections) sed 's/$/:amd64 hold/' "$STATE/held" ;;
*) exec /usr/bin/dpkg "$@" ;;
esac
"""
APT_GET = """\
names=
for word; do case $word in -* | *=*) ;; *) names="$names $word" ;; esac; done
set -- $names
echo "$@" >>"$STATE/asked"
"$POLICY" && echo "services may start" >>"$STATE/asked"
[ -e "$STATE/offline" ] && exit 100
case $1 in
update) cp "$STATE/archive" "$STATE/lists" ;;
install)
    shift
    for name in "$@" $(for n; do sed -n "s/^$n //p" "$STATE/depends"; done); do
        grep -q "^$name " "$STATE/installed" && case " $* " in *" $name "*) ;; *) continue ;; esac
        version=$(sed -n "s/^$name //p" "$STATE/lists")
        [ -n "$version" ] || exit 100
        [ -e "$STATE/broken-$name" ] && exit 100
        sed -i "/^$name /d" "$STATE/installed"
        echo "$name $version" >>"$STATE/installed"
    done ;;
esac
"""


class Machine:
    def __init__(self, directory):
        self.state = directory / "state"
        self.state.mkdir()
        self.tools = directory / "tools"
        self.tools.mkdir()
        self.policy = directory / "policy-rc.d"
        for name in ("installed", "lists", "archive", "depends", "held", "automatic", "asked", "marked"):
            (self.state / name).write_text("")
        for name, text in (("dpkg-query", DPKG_QUERY), ("dpkg", DPKG), ("apt-cache", APT_CACHE),
                           ("apt-mark", APT_MARK), ("apt-get", APT_GET)):
            tool = self.tools / name
            tool.write_text("#!/bin/sh\n" + text)
            tool.chmod(0o755)

    def has(self, file, **packages):
        with (self.state / file).open("a") as out:
            for name, value in packages.items():
                out.write(f"{name.replace('_', '-')} {value}\n".replace("  ", " "))

    def names(self, file, *names):
        (self.state / file).write_text("".join(f"{name}\n" for name in names))

    def install(self, *packages):
        environment = {**os.environ, "PATH": f"{self.tools}:{os.environ['PATH']}",
                       "STATE": str(self.state), "POLICY": str(self.policy),
                       "EAB_POLICY_RC_D": str(self.policy), "TMPDIR": str(self.state)}
        done = subprocess.run(["sh", SCRIPT, *packages], env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        return done.returncode, done.stdout

    def asked(self):
        return (self.state / "asked").read_text().splitlines()

    def version(self, package):
        for line in (self.state / "installed").read_text().splitlines():
            if line.startswith(f"{package} "):
                return line.split()[1]
        return None


@pytest.fixture
def machine(tmp_path):
    """apache2 is there, of the archive; its library is there, as old as the machine."""
    made = Machine(tmp_path)
    made.has("installed", apache2="2.4.71", libssl3="3.0.19", other="1")
    made.has("archive", apache2="2.4.71", libssl3="3.0.22", pebble="2.3", other="2", libnew="1")
    made.has("lists", apache2="2.4.71", libssl3="3.0.19", other="1")
    made.has("depends", apache2="libssl3 other", pebble="libssl3 libnew")
    return made


def test_nothing_to_do_asks_nobody(machine):
    (machine.state / "offline").touch()
    assert machine.install("apache2") == (0, "")
    assert machine.asked() == []


def test_a_library_that_is_older_than_known(machine):
    machine.has("lists")
    (machine.state / "lists").write_text((machine.state / "archive").read_text())
    code, told = machine.install("apache2")
    assert code == 0, told
    assert "libssl3" in told
    assert machine.version("libssl3") == "3.0.22"
    assert machine.version("other") == "1", "what is no library and was not named"
    assert machine.asked() == ["update", "install libssl3"]
    assert not machine.policy.exists()


def test_what_is_missing_brings_the_libraries_of_all_up_to_date(machine):
    code, told = machine.install("apache2", "pebble")
    assert code == 0, told
    assert machine.version("pebble") == "2.3"
    assert machine.version("libnew") == "1"
    assert machine.version("libssl3") == "3.0.22"
    assert "services may start" not in machine.asked()


def test_a_named_package_that_is_older(machine):
    machine.has("installed", pebble="2.2~1")
    machine.has("lists", pebble="2.2")
    assert machine.install("pebble")[0] == 0
    assert machine.version("pebble") == "2.3"


def test_a_newer_one_of_somebodys_own_stays(machine):
    machine.has("installed", pebble="9.1")
    machine.has("lists", pebble="2.3")
    assert machine.install("pebble") == (0, "")
    assert machine.asked() == []


def test_without_a_network_older_ones_are_good_enough(machine):
    (machine.state / "lists").write_text((machine.state / "archive").read_text())
    (machine.state / "offline").touch()
    code, told = machine.install("apache2")
    assert code == 0
    assert "going on with what is there" in told
    assert machine.version("libssl3") == "3.0.19"
    assert not machine.policy.exists()


def test_without_a_network_a_missing_one_is_said(machine):
    (machine.state / "offline").touch()
    code, told = machine.install("apache2", "pebble")
    assert code == 1
    assert "could not install: pebble" in told


def test_a_library_that_cannot_be_had_does_not_keep_the_missing_away(machine):
    (machine.state / "broken-libssl3").touch()
    code, told = machine.install("apache2", "pebble")
    assert code == 0, told
    assert machine.version("pebble") == "2.3"
    assert machine.version("libssl3") == "3.0.19"


def test_what_is_held_stays(machine):
    (machine.state / "lists").write_text((machine.state / "archive").read_text())
    machine.names("held", "libssl3")
    assert machine.install("apache2") == (0, "")


def test_what_came_as_a_dependency_stays_one(machine):
    (machine.state / "lists").write_text((machine.state / "archive").read_text())
    machine.names("automatic", "libssl3")
    assert machine.install("apache2")[0] == 0
    assert (machine.state / "marked").read_text() == "libssl3\n"


def test_the_administrators_own_word_on_services_comes_back(machine):
    machine.policy.write_text("#!/bin/sh\nexit 104\n")
    machine.policy.chmod(0o755)
    assert machine.install("apache2", "pebble")[0] == 0
    assert machine.policy.read_text() == "#!/bin/sh\nexit 104\n"
