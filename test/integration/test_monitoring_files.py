# SPDX-License-Identifier: Apache-2.0
"""What is in conf/ for Prometheus and Grafana: it fits together, and to what there is to be seen."""

import json
import re
import subprocess
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
RULES = SOURCE / "conf/prometheus/mod_acme_eab.rules.yml"
DASHBOARD = SOURCE / "conf/grafana/mod_acme_eab.json"
METRICS = SOURCE / "mod_acme_eab/report/metrics.c"


def promtool(*words, cwd=RULES.parent):
    told = subprocess.run(["promtool", *map(str, words)], cwd=cwd, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


def families():
    """As they are called in expressions."""
    named = re.findall(r'\{ "(acme_[a-z_]+)", "(\w+)"', METRICS.read_text())
    names = set()
    for name, kind in named:
        names |= {name + "_total"} if kind == "counter" else {name}
        if kind == "histogram":
            names |= {name + suffix for suffix in ("_bucket", "_sum", "_count")}
    assert len(named) > 20
    return names


def names_in(text):
    return set(re.findall(r"\bacme_[a-z_]+", text))


def test_rules_hold_and_tell_what_they_shall():
    assert "10 rules" in promtool("check", "rules", RULES)
    assert "SUCCESS" in promtool("test", "rules", "mod_acme_eab.test.yml")
    expressions = re.sub(r"#.*|summary: .*", "", RULES.read_text())
    assert names_in(expressions) <= families()
    alerts = set(re.findall(r"alert: (\w+)", RULES.read_text()))
    assert alerts == set(re.findall(r"Acme\w+", (RULES.parent / "mod_acme_eab.test.yml").read_text()))
    manual = (SOURCE / "docs/metrics.md").read_text()
    assert alerts == set(re.findall(r"`(Acme\w+)`", manual))


def test_each_family_is_in_the_manual():
    manual = (SOURCE / "docs/metrics.md").read_text()
    assert set(re.findall(r"`(acme_[a-z_]+)`", manual)) == \
        {name for name in families() if not re.search(r"_(bucket|sum|count)$", name)}


def test_each_type_of_our_problems_is_a_word_of_the_metrics():
    header = (SOURCE / "mod_acme_eab/base/result.h").read_text()
    types = set(re.findall(r'EAB_PROBLEM "(\w+)"', header))
    assert len(types) > 20
    assert types <= set(re.findall(r'"(\w+)"', METRICS.read_text()))


def test_the_dashboard_asks_for_what_there_is(tmp_path):
    dashboard = json.loads(DASHBOARD.read_text())
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    assert set().union(*map(names_in, expressions)) <= families()
    rules = {"groups": [{"name": "dashboard", "rules": [
        {"record": f"dashboard:{number}", "expr": expression.replace("$instance", ".*")}
        for number, expression in enumerate(expressions)]}]}
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps(rules))
    assert f"{len(expressions)} rules" in promtool("check", "rules", file)
