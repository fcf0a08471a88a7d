# SPDX-License-Identifier: MIT
"""Every option that a unit or a pod gives the program is one that its help names.

    command_lines.py PROGRAM FILE.yaml... (built kustomizations)
"""

import pathlib
import re
import shlex
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]


def of_units():
    for path in sorted((ROOT / "deploy/systemd").glob("*.service")):
        text = path.read_text().replace("\\\n", " ")
        for line in re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE):
            yield path.name, shlex.split(line)[1:]


def of_pods(paths):
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for document in yaml.safe_load_all(file):
                template = (document or {}).get("spec", {}).get("template", {}) if isinstance(document, dict) else {}
                for container in template.get("spec", {}).get("containers", []) if isinstance(template, dict) else []:
                    yield f"{pathlib.Path(path).name} {container['name']}", container["args"]


def main(program, paths):
    known, faults, count = {}, [], 0
    for where, (command, *arguments) in [*of_units(), *of_pods(paths)]:
        if command not in known:
            help_text = subprocess.run([program, command, "--help"], capture_output=True, text=True, check=True).stdout
            known[command] = set(re.findall(r"--[a-z][a-z-]*", help_text))
        for option in (a.split("=")[0] for a in arguments if a.startswith("--")):
            count += 1
            if option not in known[command]:
                faults.append(f"{where}: boxwood {command} has no option {option}")
    if count < 20:
        faults.append(f"only {count} options were found; the files have another form")
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
