# SPDX-License-Identifier: Apache-2.0
"""scripts/in-debian, with a system that consists of a shell."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from harness import processes

TREE = Path(__file__).resolve().parents[2]
SCRIPT = TREE / "scripts" / "in-debian"

FAKE_DEBOOTSTRAP = """\
#!/bin/sh
for last; do :; done
echo "$@" >>"$ASKED"
[ "$2" = unknown ] && { echo "E: No such script: unknown"; exit 1; }
cp -a "$SYSTEM/." "$3/"
"""


@pytest.fixture
def system(tmp_path):
    """A directory with sh and what it is linked with."""
    made = tmp_path / "system"
    for name in ("proc", "dev", "sys", "tmp", "etc/apt", "bin"):
        (made / name).mkdir(parents=True)
    shell = Path(shutil.which("sh")).resolve()
    linked = subprocess.run(["ldd", shell], stdout=subprocess.PIPE, text=True, check=True).stdout
    for library in re.findall(r"(/\S+) \(0x", linked):
        (made / library[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, made / library[1:])
    shutil.copy(shell, made / "bin" / "sh")
    return made


@pytest.fixture
def run(tmp_path, system):
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "debootstrap").write_text(FAKE_DEBOOTSTRAP)
    (tools / "debootstrap").chmod(0o755)

    def one(*arguments, start=subprocess.run, **options):
        environment = {**os.environ, "EAB_DEBIAN_DIR": str(tmp_path / "home"),
                       "SYSTEM": str(system), "ASKED": str(tmp_path / "asked"),
                       "PATH": f"{tools}:{os.environ['PATH']}"}
        return start([SCRIPT, *arguments], env=environment, stdout=subprocess.PIPE,
                     stderr=subprocess.STDOUT, text=True, **options)
    return one


def mounts(path):
    return [line for line in Path("/proc/self/mounts").read_text().splitlines() if str(path) in line]


def test_the_command_runs_in_the_tree_and_its_status_comes_back(run, tmp_path):
    done = run("trixie", "sh", "-c", "echo \"$PWD $$\"; exit 7")
    assert done.returncode == 7, done.stdout
    where, pid = done.stdout.splitlines()[-1].split()
    assert where == str(TREE)
    assert int(pid) < 10, "a process name space of its own"
    assert mounts(tmp_path) == []
    run("trixie", "sh", "-c", "exit 0")
    assert len((tmp_path / "asked").read_text().splitlines()) == 1, "it is made once"


def test_the_tree_cannot_be_written_and_the_rest_is_there(run, tmp_path):
    done = run("trixie", "sh", "-c", f"""
        ( : >new-file ) 2>/dev/null && echo written
        read line </proc/self/stat && echo proc
        : >/dev/null && echo dev
        : >/dev/shm/x && echo shm
        : >{tmp_path}/from-inside && echo tmp""")
    assert done.stdout.split()[-4:] == ["proc", "dev", "shm", "tmp"], done.stdout
    assert "written" not in done.stdout
    assert (tmp_path / "from-inside").exists(), "/tmp is this machine's"
    assert not Path("/dev/shm/x").exists()


@pytest.mark.parametrize("trap, said", [("trap 'echo tidied; exit' TERM;", "tidied\n"), ("", "")])
def test_it_can_be_stopped(run, tmp_path, trap, said):
    process = run("trixie", "sh", "-c", trap + "echo begun; while :; do read line; done",
                  start=subprocess.Popen, stdin=subprocess.PIPE)
    while process.stdout.readline() != "begun\n":
        assert process.poll() is None
    started = [one for one in processes.every() if one.is_ours()]
    assert len(started) >= 3
    process.terminate()
    assert process.communicate(timeout=120)[0] == said
    assert process.returncode == 143
    assert mounts(tmp_path) == []
    assert processes.wait_gone(started, 5)


def test_it_has_the_standard_input(run):
    done = run("trixie", "sh", "-c", "read line; echo \"got $line\"", input="a word\n")
    assert done.stdout.splitlines()[-1] == "got a word"


def test_what_cannot_be_made_leaves_nothing(run, tmp_path):
    done = run("unknown", "sh", "-c", "echo here")
    assert done.returncode != 0
    assert "debootstrap could not make unknown" in done.stdout
    assert "here" not in done.stdout
    assert [path.name for path in (tmp_path / "home").iterdir() if path.is_dir()] == []


@pytest.mark.parametrize("arguments", [(), ("trixie",), ("../etc", "true"), ("", "true")])
def test_what_it_is_asked_is_looked_at(run, arguments):
    assert run(*arguments).returncode == 2
