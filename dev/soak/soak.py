# SPDX-License-Identifier: MIT
"""A service under constant faults, and what became of every number that was asked of it."""

import argparse
import asyncio
import collections
import json
import os
import shutil
import sys
import tempfile
import time

from plan import Planner
from service import Service
from tally import Numbers, memory_rows


def arguments():
    parser = argparse.ArgumentParser(prog="dev/soak.sh", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seconds", type=float, help="instead of minutes")
    parser.add_argument("--seed", type=int, default=1, help="of the plan of faults and of the load")
    parser.add_argument("--gap", type=float, default=1.3, help="mean seconds between two faults")
    parser.add_argument("--workers", type=int, default=5)
    parser.add_argument("--rate", type=float, default=60, help="calls a second")
    parser.add_argument("--jobs-rate", type=float, default=16, help="durable jobs a second")
    parser.add_argument("--bin", default=".build/release", help="the folder of the built programs")
    parser.add_argument("--out", help="a folder for ledgers, logs and report.json; without it they are removed")
    parser.add_argument("--namespaces", action="store_true", help="workers in network namespaces, with keys; needs root")
    parser.add_argument("--unprivileged", action="store_true", help="mount nothing and make no control groups, as if not root")
    parser.add_argument("--plan", action="store_true", help="print the plan of faults and do nothing")
    return parser.parse_args()


async def strike(service, plan, start):
    """Does the plan, and returns when each fault was really done."""
    done, running = [], []
    for fault in plan:
        await asyncio.sleep(max(0, start + fault.at - time.monotonic()))
        done.append((time.monotonic(), fault))
        running.append(asyncio.ensure_future(service.apply(fault)))
    if running:
        await asyncio.wait(running)
    return done


async def soak(options, folder):
    seconds = options.seconds or options.minutes * 60
    programs = {"boxwood": os.path.join(options.bin, "boxwood"), "peers": os.path.join(options.bin, "FaultPeers")}
    service = Service(programs, folder, options.seed, options.workers, options.rate, options.jobs_rate,
                      namespaces=options.namespaces, privileged=not options.unprivileged)
    plan = Planner(
        options.seed, seconds - 3, service.worker_names, service.broker_names, service.callers, service.submitters,
        options.gap).faults()
    memory = None
    try:
        await service.start()
        memory = asyncio.ensure_future(service.watch_memory())
        start = time.monotonic()
        say(f"seed {options.seed}: {len(plan)} faults in {seconds:.0f} s; journal of b1 on a small {service.disk.kind}, "
            f"memory of workers capped by {service.cap.kind}")
        done = await strike(service, plan, start)
        service.heal()
        await asyncio.sleep(max(0, start + seconds - time.monotonic()))
        end = time.monotonic()
        memory.cancel()
        await service.finish_load()
        await service.audit()
        await service.stop()
        return report(service, options, plan, done, start, end)
    finally:
        if memory:
            memory.cancel()
        await service.stop()
        service.close()


def report(service, options, plan, done, start, end):
    numbers = Numbers(service)
    hits = [(at, fault.kind, fault.target) for at, fault in done
            if fault.kind == "worker-kill" or (fault.kind == "worker-stop" and fault.lasts > 3)]
    return {
        "seed": options.seed, "seconds": round(end - start, 1),
        "faults": dict(collections.Counter(fault.kind for fault in plan)),
        "disk": service.disk.kind, "memory cap": service.cap.kind,
        "calls": numbers.call_counts(), "jobs": numbers.job_counts(), "workers": numbers.run_counts(),
        "recovery_s": numbers.recoveries(hits), "brokers": numbers.broker_counters(),
        "memory": memory_rows(service.memory, start, end),
        "died by themselves": deaths(service), "journals": service.check_journals(),
        "lives": {name: child.lives for name, child in service.children.items() if len(child.lives) > 1},
        "plan": [fault.row() for fault in plan],
    }


def deaths(service):
    """Processes that ended although nobody had ended them: workers may, by what they were given."""
    found = collections.Counter()
    for name, child in service.children.items():
        for life in child.lives:
            if life["how"] == "itself":
                found[f"{name} status {life['status']}"] += 1
    return dict(found)


def failures(result):
    """What must not be; empty where all is well."""
    found = []
    for what in ("calls", "jobs"):
        counts = result[what]
        for fault in ("lost", "wrong", "late", "duplicate", "changed", "repeated"):
            if counts.get(fault):
                number = counts[fault] if isinstance(counts[fault], int) else len(counts[fault])
                found.append(f"{number} {what} {fault}: {counts[fault] if isinstance(counts[fault], int) else counts[fault][:5]}")
    if result["calls"]["unfinished clients"]:
        found.append("a client did not come to its end")
    if not result["calls"]["unique"] or not result["jobs"]["unique"]:
        found.append("nothing was answered at all")
    for name in result["died by themselves"]:
        if not name.startswith("w") and "audit" not in name:
            found.append(f"died by itself: {name}")
    found += [f"journal of {name}: {text}" for name, text in result["journals"].items() if text != "whole"]
    found += [f"memory of {name} grows: {row}" for name, row in result["memory"].items() if row["flat"] is False]
    return found


def say(text):
    print(f"soak: {text}", flush=True)


def table(result):
    calls, jobs = result["calls"], result["jobs"]
    rows = [
        ("", "calls", "durable jobs"),
        ("asked / acknowledged", calls["asked"], jobs["acknowledged"]),
        ("unique answers", calls["unique"], jobs["unique"]),
        ("duplicate", calls["duplicate"], len(jobs["duplicate"])),
        ("lost", len(calls["lost"]), len(jobs["lost"])),
        ("wrong", len(calls["wrong"]), len(jobs["wrong"])),
        ("late, changed or repeated", len(calls["late"]), len(jobs["changed"]) + len(jobs["repeated"])),
        ("refused with a typed status", sum(calls["refused"].values()), sum(jobs["refused"].values())),
        ("poisonous, of them quarantined", f"{calls['harmful']}, {calls['quarantined']}",
         f"{jobs['harmful']}, {jobs['quarantined']}"),
    ]
    for name, left, right in rows:
        print(f"{name:32} {left!s:>12} {right!s:>14}")
    print(f"\nruns {result['workers']['runs']}, redelivered {result['workers']['redelivered']}, "
          f"late messages dropped {result['brokers'].get('messages_late_total', 0)}, "
          f"messages of lost sessions {result['brokers'].get('worker_strangers_total', 0)}, "
          f"workers lost {result['brokers'].get('workers_lost_total', 0)}")
    print("refusals:", {"calls": calls["refused"], "jobs": jobs["refused"]})
    print("seconds of a call:", calls["seconds"])
    print("seconds until a lost worker's work ran elsewhere:", result["recovery_s"])
    print("faults:", result["faults"])
    print(f"\n{'memory, MiB':16} {'middle third':>12} {'last third':>12} {'most':>8}  flat")
    for name, row in result["memory"].items():
        flat = {None: "-", True: "yes", False: "NO"}[row["flat"]]
        print(f"{name:16} {row['middle_kib'] / 1024:12.1f} {row['last_kib'] / 1024:12.1f} "
              f"{row['most_kib'] / 1024:8.1f}  {flat}")


def main():
    options = arguments()
    if options.plan:
        names = [f"w{index + 1}" for index in range(options.workers)]
        seconds = options.seconds or options.minutes * 60
        for fault in Planner(options.seed, seconds - 3, names, ["b1", "b2"], ["c1", "c2"], ["j1", "j2"],
                             options.gap).faults():
            print(f"{fault.at:8.2f}  {fault.kind:16} {fault.target:8} {fault.lasts:.2f} s")
        return 0
    folder = options.out or tempfile.mkdtemp(prefix="boxwood-soak-")
    if options.out:
        os.makedirs(folder, exist_ok=False)
    result = asyncio.run(soak(options, folder))
    found = failures(result)
    result["failures"] = found
    with open(os.path.join(folder, "report.json"), "w") as file:
        json.dump(result, file, indent=1)
    table(result)
    for failure in found:
        say(f"FAILED: {failure}")
    if found or options.out:
        say(f"ledgers and logs are in {folder}")
    else:
        shutil.rmtree(folder)
    say("no answer lost, none twice, memory flat" if not found else f"{len(found)} failures")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
