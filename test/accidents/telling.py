# SPDX-License-Identifier: Apache-2.0
"""The program that is told of events, and whether it was told all of them, in their order."""

import json

# Nothing but what the shell has itself: one runs for each event of each case.
PROGRAM = """\
#!/bin/sh
read -r line
printf '%s\\n' "$line" >>"{told}"
"""


class Program:
    def __init__(self, directory):
        directory.mkdir()
        directory.chmod(0o777)  # it is run as nobody
        self.told = directory / "told"
        self.path = directory.parent / f"{directory.name}-program"
        self.path.write_text(PROGRAM.format(told=self.told))
        self.path.chmod(0o755)

    @property
    def directive(self):
        return f'ACMEEventCommand nobody all "{self.path}"'

    def events(self):
        """(event, serial or None), as they were told; what was told again is there once."""
        text = self.told.read_text() if self.told.exists() else ""
        told = [json.loads(line) for line in text.split("\n")[:-1]]  # the last may be half written
        return list(dict.fromkeys(
            (event["event"], int(event["serial"], 16) if event.get("serial") else None) for event in told))

    def missing(self, wanted):
        """Which of these was not told at all."""
        told = self.events()
        return [event for event in wanted if event not in told]

    def disorder(self, wanted):
        """Those of them that were told before one that stands before them here."""
        told = self.events()
        places = [told.index(event) for event in wanted]
        return [event for event, place, before in zip(wanted[1:], places[1:], places) if place < before]
