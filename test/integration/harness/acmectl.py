# SPDX-License-Identifier: Apache-2.0
"""The command line tool, for the store and the run directory of one httpd."""

import json
import os
import pathlib
import subprocess


class Answer:
    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def json(self):
        return json.loads(self.out)

    def rows(self):
        """--plain: lists of fields."""
        return [line.split("\t") for line in self.out.splitlines()]


class Acmectl:
    def __init__(self, httpd):
        self.httpd = httpd
        self.program = program()

    def command(self, *arguments):
        return [str(self.program), "--store", str(self.httpd.dir / "store"), "--run",
                str(self.httpd.run_dir), *map(str, arguments)]

    def __call__(self, *arguments, **options):
        return Answer(self.start(*arguments, **options), )

    def start(self, *arguments, user=None, environment=None, seconds=120):
        return subprocess.run(self.command(*arguments), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=seconds, user=user, check=False,
                              env={**os.environ, **(environment or {})})

    def begin(self, *arguments):
        """Let it run; a Popen."""
        return subprocess.Popen(self.command(*arguments), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def program():
    """Installed beside the module under test."""
    return pathlib.Path(os.environ["EAB_MODULE"]).parent.parent / "sbin" / "acmectl"
