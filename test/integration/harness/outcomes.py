# SPDX-License-Identifier: Apache-2.0
"""What became of each test, for the summary of a run that consists of several: scripts/summary.sh
says what the files look like.

EAB_LOGS  a directory of this run of pytest. Without it nothing is written."""

import os
import re
import shutil
from pathlib import Path

LONGEST = 120  # characters of a name


def directory():
    """Where logs are kept, or None."""
    name = os.environ.get("EAB_LOGS")
    return Path(name) if name else None


def folder(name):
    """The directory for all that is kept of one test; None when nothing is."""
    if directory() is None:
        return None
    found = directory() / re.sub(r"[^\w.,=-]+", "_", name)[-LONGEST:].strip("_")
    found.mkdir(parents=True, exist_ok=True)
    return found


def keep_logs(name, source):
    """Keep the logs and configurations of a scratch directory, but no keys. Returns where."""
    kept = folder(name)
    if kept is not None:
        for pattern in ("**/*.log", "**/*.conf", "httpd*/run/status.json"):
            for path in Path(source).glob(pattern):
                if path.is_file() and not path.is_symlink():
                    copy = kept / path.relative_to(source)
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(path, copy)
    return kept


def note(name, lines):
    """Write lines to a file for the summary."""
    if directory() is not None:
        directory().mkdir(parents=True, exist_ok=True)
        (directory() / name).write_text("".join(f"{line}\n" for line in lines))


class Outcomes:
    """A plug-in of pytest. A test counts once: a failure in any phase of it makes it a failed one."""

    def __init__(self, logs):
        self.logs = logs
        self.of = {}  # {name of the test: "passed", "failed" or "skipped"}

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self._failed(report)
        elif report.skipped:
            self.of.setdefault(report.nodeid, "skipped")
        elif report.when == "call":
            self.of.setdefault(report.nodeid, "passed")

    def pytest_collectreport(self, report):
        if report.failed:
            self._failed(report)

    def pytest_sessionfinish(self):
        kinds = list(self.of.values())
        self.logs.mkdir(parents=True, exist_ok=True)
        (self.logs / "counts").write_text(" ".join(
            str(kinds.count(kind)) for kind in ("passed", "failed", "skipped")) + "\n")

    def _failed(self, report):
        text = folder(report.nodeid) / "failure.txt"
        with text.open("a") as file:
            file.write(f"{report.nodeid}\n\n{report.longreprtext}\n")
            for title, content in report.sections:
                file.write(f"\n--- {title}\n{content}\n")
        if self.of.get(report.nodeid) != "failed":
            self.of[report.nodeid] = "failed"
            with (self.logs / "failures").open("a") as file:
                file.write("\t".join((report.nodeid, _reason(report), str(text))) + "\n")


def _reason(report):
    """The beginning, in one line without tabs."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash:
        lines = crash.message.splitlines()
    else:
        lines = [line[1:] for line in report.longreprtext.splitlines() if line.startswith("E ")][-1:]
    return " ".join(" ".join(lines[:2]).split()) or "no reason is told"


def pytest_configure(config):
    if directory() is not None:
        config.pluginmanager.register(Outcomes(directory()), "outcomes")
