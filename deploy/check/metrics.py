# SPDX-License-Identifier: MIT
"""Every metric, and every label of one, that a rule, the dashboard or a ScaledObject names is in docs/metrics.md; and the
dashboard is one. Writes the dashboard's queries as rules, for promtool to read, to the file that is named.

    metrics.py DASHBOARD-RULES.yml
"""

import json
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAME = re.compile(r"\b(?:boxwood|process)_[a-z0-9_]+\b")
SELECTOR = re.compile(r"\b((?:boxwood|process)_[a-z0-9_]+)\{([^}]*)\}")
LABEL = re.compile(r"([a-z_]+)\s*(?:=~|!~|!=|=)")
# What Prometheus itself adds.
OF_TARGETS = {"instance", "job", "namespace", "pod", "le"}


def table():
    """Metrics with their labels and kinds, from the table's rows: | `name` | kind | unit | labels | ..."""
    rows = {}
    for line in (ROOT / "docs/metrics.md").read_text().splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        name = re.fullmatch(r"`((?:boxwood|process)_[a-z0-9_]+)`", cells[0])
        if name and len(cells) >= 4:
            rows[name.group(1)] = (cells[1], set(re.findall(r"`([a-z_]+)`", cells[3])))
    if len(rows) < 20:
        sys.exit(f"metrics: docs/metrics.md has a table of {len(rows)} metrics; its form has changed, or it is missing")
    return rows


def exported(rows):
    """All names of series: a histogram is three."""
    names = {}
    for name, (kind, labels) in rows.items():
        for suffix in ("_bucket", "_sum", "_count") if "histogram" in kind else ("",):
            names[name + suffix] = labels
    return names


def queries():
    """Where each query stands, and the query."""
    rules = yaml.safe_load((ROOT / "deploy/monitoring/boxwood-rules.yml").read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            yield f"rule {rule.get('alert', rule.get('record'))}", rule["expr"]
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            yield f"panel {panel['title']}", target["expr"]
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            yield f"variable {variable['name']}", variable["query"]["query"]
    for path in (ROOT / "deploy/kubernetes").rglob("*.yaml"):
        for document in yaml.safe_load_all(path.read_text()):
            if isinstance(document, dict) and document.get("kind") == "ScaledObject":
                for trigger in document["spec"]["triggers"]:
                    yield f"trigger {trigger['name']}", trigger["metadata"]["query"]


def dashboard():
    return json.loads((ROOT / "deploy/monitoring/boxwood-dashboard.json").read_text())


def check_names(names):
    faults = []
    for where, query in queries():
        for name in NAME.findall(query):
            if name not in names:
                faults.append(f"{where}: {name} is not exported")
        for name, selector in SELECTOR.findall(query):
            for label in set(LABEL.findall(selector)) - OF_TARGETS - names.get(name, set()):
                faults.append(f"{where}: {name} has no label {label}")
    return faults


def check_dashboard():
    board = dashboard()
    faults = []
    ids = [p["id"] for p in board["panels"]]
    if len(ids) != len(set(ids)):
        faults.append("dashboard: two panels have one id")
    taken = {}
    for panel in board["panels"]:
        at = panel["gridPos"]
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                if x > 23 or (x, y) in taken:
                    faults.append(f"dashboard: {panel['title']} overlaps {taken.get((x, y), 'the edge')}")
                    break
                taken[(x, y)] = panel["title"]
        for target in panel.get("targets", []):
            if target["datasource"]["uid"] != "${datasource}":
                faults.append(f"dashboard: {panel['title']} asks one data source only")
    used = set(re.findall(r"\$([a-z]+)\b", " ".join(q for _, q in queries())))
    known = {v["name"] for v in board["templating"]["list"]}
    if used - known:
        faults.append(f"dashboard: variables {sorted(used - known)} are not declared")
    return faults


def write_rules(path):
    """Grafana's variables become what they could stand for; promtool reads the rest."""
    rules = []
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            expr = target["expr"].replace("$__rate_interval", "1m")
            rules.append({"record": f"check:panel{panel['id']}{target['refId']}", "expr": re.sub(r"\$[a-z]+", ".*", expr)})
    pathlib.Path(path).write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))


def every_alert_is_tested():
    rules = yaml.safe_load((ROOT / "deploy/monitoring/boxwood-rules.yml").read_text())
    tests = yaml.safe_load((ROOT / "deploy/monitoring/boxwood-rules.test.yml").read_text())
    alerts = {r["alert"] for g in rules["groups"] for r in g["rules"] if "alert" in r}
    checks = [c for t in tests["tests"] for c in t["alert_rule_test"]]
    fires = {c["alertname"] for c in checks if c["exp_alerts"]}
    rests = {c["alertname"] for c in checks if not c["exp_alerts"]}
    return [f"rule {a} has no test that it goes off, and that it does not" for a in sorted(alerts - (fires & rests))]


if __name__ == "__main__":
    faults = check_names(exported(table())) + check_dashboard() + every_alert_is_tested()
    write_rules(sys.argv[1])
    print("\n".join(faults), end="\n" if faults else "")
    sys.exit(1 if faults else 0)
