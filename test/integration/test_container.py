# SPDX-License-Identifier: Apache-2.0
"""httpd as it is in a container, without an engine for one: process 1 of its own numbers of processes, on a root that is
read-only but for store and run directory, with the capabilities that conf/container names, its log a pipe."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness import processes
from harness.httpd import APACHE
from harness.waiting import wait_until

NAME = "www.test.example"
CONTAINERFILE = Path(__file__).resolve().parents[2] / "conf/container/Containerfile"
# Everything is mounted once more below a directory, read-only, and becomes the root.
ENTER = r"""
set -eu
dir=$1 capabilities=$2
shift 2
mount -t tmpfs tmpfs "$dir/root"
mkdir "$dir/root/new"
mount --rbind / "$dir/root/new"
cd "$dir/root/new"
for place in store run var; do
    mount --bind "$dir/$place" ".$dir/$place"
done
sed -n "s|^[^ ]* [^ ]* [^ ]* [^ ]* \($dir/root/new[^ ]*\) .*|\1|p" /proc/self/mountinfo | while read -r place; do
    case $place in
    */new/proc* | */new/dev* | */new/sys* | */store | */run | */var) ;;
    *) [ ! -e "$place" ] || mount -o remount,bind,ro "$place" ;; # another mount may hide it
    esac
done
mount -t proc proc proc
exec chroot . setpriv --bounding-set="-all$capabilities" --inh-caps="-all$capabilities" "$@"
"""


def capabilities():
    """Those that the page names, as arguments of setpriv."""
    names = [line.split("=")[1].split()[0] for line in CONTAINERFILE.read_text().splitlines()
             if "--cap-add=" in line]
    assert len(names) > 3
    return "".join(f",+{name.lower()}" for name in names)


class Container:
    def __init__(self, httpd):
        self.httpd = httpd
        for name in ("root", "store", "run", "var"):
            (httpd.dir / name).mkdir(0o700 if name == "store" else 0o755)
        text = httpd.conf.read_text()
        for line in text.splitlines():
            for word, value in (("PidFile", httpd.dir / "var/container.pid"), ("ErrorLog", "/proc/self/fd/2"),
                                ("DefaultRuntimeDir", httpd.dir / "var")):
                if line.startswith(word):
                    text = text.replace(line, f'{word} "{value}"')
        httpd.conf.write_text(text)
        with open(httpd.dir / "error.log", "ab") as log:
            self.cat = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=log)
        self.unshare = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--",
             "sh", "-c", ENTER, "container", httpd.dir, capabilities(),
             APACHE, "-f", httpd.conf, "-DFOREGROUND"],
            stdin=subprocess.DEVNULL, stdout=self.cat.stdin, stderr=self.cat.stdin)
        self.cat.stdin.close()

    @property
    def first(self):
        """Process 1, by its number out here."""
        [found] = processes.children(self.unshare.pid)
        return found

    def number(self, process):
        """Of a process, in there."""
        return int(process.status("NSpid").split()[-1])

    def named(self, name):
        found = [process for process in processes.descendants() if process.name == name]
        return found[0] if len(found) == 1 else None

    def end(self):
        if self.unshare.poll() is None:
            self.first.kill(signal.SIGTERM)
        status = self.unshare.wait(20)
        self.cat.wait(20)
        return status


def test_process_1_on_a_root_that_is_read_only(world):
    httpd = world.httpd()
    ca = world.ca(httpd)
    httpd.configure(httpd.acme(ca), httpd.site(NAME, managed=True))
    # A program that outlives the keeper that has started it is given to process 1, which wonders.
    world.expect(r"AH00167", r"acme_eab:notice", r"AH00488: long lost child came home")
    container = Container(httpd)
    try:
        first = httpd.wait_for_certificate(NAME, ca).serial_number
        parent = container.first
        assert container.number(parent) == 1
        with pytest.raises(OSError):
            Path(f"/proc/{parent.pid}/root{httpd.dir}/x").write_text("")
        assert parent.status("CapBnd") == parent.status("CapPrm") != "000001ffffffffff"
        httpd.wait_for_status(NAME, lambda e: e["state"] == "valid", "taken up")
        keeper = wait_until(lambda: container.named("acme-eab-keeper"), 10, "a keeper")
        before = httpd.restarts()
        parent.kill(signal.SIGUSR1)
        wait_until(lambda: httpd.restarts() > before, 15, "a graceful restart")
        wait_until(lambda: container.named("acme-eab-keeper") not in (None, keeper), 15, "another keeper")
        assert httpd.certificate(NAME).serial_number == first
        assert container.first == parent and ca.orders() == 1
    finally:
        status = container.end()
    assert status == 0
