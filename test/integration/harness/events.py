# SPDX-License-Identifier: Apache-2.0
"""A program that is told of events and writes down what it is told."""

import json

from .waiting import wait_until

PROGRAM = """\
#!/bin/sh
exec 2>>"{dir}/errors"
{before}
cat >"{dir}/stdin.$$"
env >"{dir}/env.$ACME_EVENT_ID"
{{ id -u; id -G; pwd; umask; ls /proc/self/fd | wc -l; grep NoNewPrivs /proc/self/status
}} >"{dir}/as.$ACME_EVENT_ID"
mv "{dir}/stdin.$$" "{dir}/told.$ACME_EVENT_ID.$ACME_ATTEMPT"
echo "$ACME_EVENT_ID $ACME_EVENT $ACME_NAME" >>"{dir}/told"
{after}
"""


class Receiver:
    """One ACMEEventCommand, and what it was told."""

    def __init__(self, directory, user="nobody", events="all"):
        self.dir = directory
        self.dir.mkdir()
        self.dir.chmod(0o777)
        self.program = directory.parent / f"{directory.name}-program"
        self.user, self.events = user, events
        self.write()

    def write(self, before="", after=""):
        """Shell lines before and after it writes down what it was told."""
        self.program.write_text(PROGRAM.format(dir=self.dir, before=before, after=after))
        self.program.chmod(0o755)

    @property
    def directive(self):
        return f'ACMEEventCommand {self.user} {self.events} "{self.program}"'

    def told(self):
        """(event, name) in the order in which they were told to the end."""
        path = self.dir / "told"
        return [tuple(line.split(" ")[1:3]) for line in path.read_text().splitlines()] \
            if path.exists() else []

    def ids(self):
        return [line.split(" ")[0] for line in (self.dir / "told").read_text().splitlines()]

    def event(self, kind, number=0):
        """What was told, as JSON."""
        found = [event for event in map(json.loads, (path.read_text() for path in sorted(
            self.dir.glob("told.*")))) if event["event"] == kind]
        return found[number] if found else None

    def environment(self, event_id):
        lines = (self.dir / f"env.{event_id}").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def circumstances(self, event_id):
        """As whom and where it ran: uid, groups, directory, umask, descriptors, NoNewPrivs."""
        return (self.dir / f"as.{event_id}").read_text().splitlines()

    def wait_for(self, kind, name=None, seconds=30):
        wait_until(lambda: any(event == kind and name in (None, of) for event, of in self.told()),
                   seconds, f"the event {kind}; told were {self.told()}")
        return self.event(kind)
