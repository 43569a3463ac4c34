# SPDX-License-Identifier: Apache-2.0
"""Whatever happens at whichever step: in the end there is one account, no order was made twice, all
that was issued is collected and the best is served, and nobody had to lend a hand."""


def test_accident(runs, case):
    complaints = runs.outcome(case)
    assert not complaints, f"{case}\n" + "\n".join(complaints)
