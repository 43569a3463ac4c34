# SPDX-License-Identifier: Apache-2.0
"""What can happen at a step: how it begins, how it ends, and what may be said of it."""

import errno

from scenarios import DAY

KILLED = (r"core:error\].*AH00546",
          r"the keeper \(process \d+\) ended without being asked to \(signal 9, Killed\); it is started again",
          r"The agent \(pid \d+\) (ended unexpectedly \(signal 9, Killed\)|closed its connection and was "
          r"ended); starting it again in \d seconds")
# Nobody could write down that its program had ended, or the time that passes here was too long for it.
UNTOLD = (r"acme_eab:warn\].*Event .* was not told to .* It is tried again at",)
# A keeper starts with an account that acmectl has just ended.
CLOSED = (r"acme_eab:error\].*Account .* cannot be used: The account .* was deactivated with acmectl",)
# httpd was killed in a restart for new certificates.
ENDED = (r"acme_eab:error\].*httpd ended in the graceful restart for new certificates",)
# httpd starts before there is a response for a certificate that came a moment ago.
UNSTAPLED = (r"acme_eab:warn\].*has must-staple and is not served before there is an OCSP response",)
UNREACHABLE = (r"error\].*(Certificate|Account) .*problem:(caUnreachable|caAnswer)\)",)


class Accident:
    """kinds: of steps at which it can happen"""

    name = None
    steps = ("keeper", "agent", "CA asked", "CA answers")
    expected = ()  # lines of the error log that are as they should be
    patience = 30  # seconds of our clock that may pass until all is well
    forgiven = ()  # how complaints begin that are in the nature of it
    may_lose_orders = False  # where the CA has no list of orders
    restarts = 0  # of httpd, that belong to it

    def begin(self, run):
        """At the step."""

    def after(self, run):
        """When the process that stood still at the step goes on."""

    def end(self, run):
        """After a while: what was broken works again."""

    def is_for(self, step):
        return step.startswith(self.steps)


# How long the CA asked to wait was in an answer that was lost, or known to nobody but the process
# that was killed: it is asked a second too early.
TOO_EARLY = ("B-02",)


class Kill(Accident):
    forgiven = TOO_EARLY
    may_lose_orders = True
    expected = KILLED + UNTOLD + CLOSED
    patience = 60  # an agent that was killed said that httpd has half a minute to restart

    def __init__(self, name, *who):
        self.name = name
        self.who = who

    def begin(self, run):
        run.board.kill(*self.who)


class Crash(Kill):
    """All of httpd, which somebody starts again."""

    restarts = 1
    expected = Kill.expected + ENDED + UNSTAPLED

    def __init__(self, name):
        super().__init__(name, "agent", "keeper")

    def begin(self, run):
        run.httpd.crash()
        super().begin(run)

    def after(self, run):
        run.httpd.start()


class Cut(Accident):
    """The connection to the CA; before it has acted, after it has, or within the answer."""

    expected = UNREACHABLE
    forgiven = TOO_EARLY
    patience = 300
    may_lose_orders = True

    def __init__(self, name, when, step):
        self.name = name
        self.when = when
        self.steps = (step,)


class Clock(Accident):
    """It stays so."""

    patience = 120
    expected = (r"warn\].*clock", *UNTOLD)

    def __init__(self, name, seconds):
        self.name = name
        self.seconds = seconds

    def begin(self, run):
        run.board.set_clock(self.seconds)


class DiskAccident(Accident):
    patience = 300

    def __init__(self, name, number, words):
        self.name = name
        self.number = number
        self.words = words
        # Each line names the place and the cause.
        self.expected = (rf"acme_eab:(error|warn)\].*/(store|run)\b.*[:(] ?{words}", *UNTOLD)


class Full(DiskAccident):
    def begin(self, run):
        run.disk_of_step().fill()

    def end(self, run):
        run.disk_of_step().free()


class ReadOnly(DiskAccident):
    def begin(self, run):
        run.disk_of_step().close()

    def end(self, run):
        run.disk_of_step().open()


ACCIDENTS = {accident.name: accident for accident in (
    Kill("kill-agent", "agent"),
    Kill("kill-keeper", "keeper"),
    Kill("kill-both", "agent", "keeper"),
    Crash("kill-httpd"),
    Cut("cut-before", "cut_before", "CA asked"),
    Cut("cut-after", "cut_after", "CA answers"),
    Cut("cut-within", "cut_within", "CA answers"),
    Full("disk-full", errno.ENOSPC, "No space left on device"),
    ReadOnly("read-only", errno.EROFS, "Read-only file system"),
    Clock("clock-forward", DAY),
    Clock("clock-back", -DAY),
)}
