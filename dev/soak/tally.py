# SPDX-License-Identifier: MIT
"""What became of every number: counted from the ledgers that clients and workers kept."""

import collections
import json
import os
import statistics

# A call's deadline, and how late its end may be noted on a busy machine.
CALL_SECONDS = 30.0
NOTED_LATE = 1.5
# What a broker or a worker may say of a call under faults; anything else that is not OK is a lost call.
TYPED = {"UNAVAILABLE", "RESOURCE_EXHAUSTED"}


def read(path):
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


class Numbers:
    """The ledgers of one run."""

    def __init__(self, service):
        self.service = service
        self.calls = [line for name in service.callers for line in read(service.ledger(name))]
        self.jobs = [line for name in service.submitters for line in read(service.ledger(name))]
        self.kept = [line for name in service.broker_names for line in read(service.ledger(f"{name}-audit"))]
        self.runs = []
        for name in service.worker_names:
            for line in read(service.ledger(name)):
                self.runs.append(line | {"w": name})
        self.runs.sort(key=lambda line: line["t"])

    # Calls

    def call_counts(self):
        asked = {line["n"]: line for line in self.calls if line["e"] == "ask"}
        answers = collections.defaultdict(list)
        for line in self.calls:
            if line["e"] == "answer":
                answers[line["n"]].append(line)
        strays = sum(line["strays"] for line in self.calls if line["e"] == "done")
        finished = sum(1 for line in self.calls if line["e"] == "done")
        wrong, lost, refused, poisoned, late, times = [], [], collections.Counter(), 0, [], []
        unique = 0
        for number, question in asked.items():
            ends = answers[number]
            if not ends:
                lost.append(f"{number}: no end")
                continue
            end = ends[0]
            took = end["t"] - question["t"]
            if took > CALL_SECONDS + NOTED_LATE:
                late.append(f"{number}: {took:.1f} s")
            if end["s"] == "OK":
                times.append(took)
                unique += 1
                if not end["ok"]:
                    wrong.append(number)
            elif question["k"] != "work" and end["s"] == "DATA_LOSS" and end["r"] == "POISON_JOB":
                poisoned += 1
            elif end["s"] in TYPED:
                refused[f"{end['s']} {end['r']}".strip()] += 1
            else:
                lost.append(f"{number}: {end['s']} {end['r']} {end['m']}")
        return {
            "asked": len(asked), "unique": unique, "duplicate": strays + sum(len(a) - 1 for a in answers.values() if a),
            "lost": lost, "wrong": wrong, "late": late, "refused": dict(refused), "quarantined": poisoned,
            "harmful": sum(1 for line in asked.values() if line["k"] != "work"),
            "unfinished clients": len(self.service.callers) - finished, "seconds": spread(times),
        }

    # Jobs

    def job_counts(self):
        submitted = {line["n"]: line for line in self.jobs if line["e"] == "submit"}
        acknowledged = collections.defaultdict(set)
        settled = collections.defaultdict(list)
        refusals = collections.Counter()
        for line in self.jobs:
            if line["e"] == "acknowledged":
                acknowledged[line["n"]].add(line["id"])
            elif line["e"] == "settled":
                settled[line["n"]].append(line)
            elif line["e"] == "refused":
                refusals[f"{line['s']} {line['r']}".strip()] += 1
        kept = collections.defaultdict(list)
        for line in self.kept:
            kept[line["n"]].append(line)
        lost, wrong, changed, quarantined = [], [], [], 0
        for number, ids in acknowledged.items():
            there = [line for line in kept[number] if line["id"] in ids]
            is_work = submitted[number]["k"] == "work"
            if not there or not settled[number]:
                lost.append(f"{number}: {'never settled' if there else 'not kept'}")
                continue
            told, now = settled[number][0], there[0]
            if [told[key] for key in ("state", "settled", "a")] != [now[key] for key in ("state", "settled", "a")]:
                changed.append(number)
            if is_work and ("SUCCEEDED" not in now["state"].upper()):
                lost.append(f"{number}: {now['state']} {now['r']}")
            elif is_work and not (now["ok"] and told["ok"]):
                wrong.append(number)
            elif now["state"].upper() == "QUARANTINED":
                quarantined += 1
        return {
            "submitted": len(submitted), "acknowledged": len(acknowledged),
            "unique": sum(1 for lines in settled.values() if lines), "lost": lost, "wrong": wrong,
            "duplicate": [n for n, lines in kept.items() if len(lines) > 1 or len(acknowledged[n]) > 1],
            "changed": changed, "repeated": self.repeated(settled), "quarantined": quarantined,
            "harmful": sum(1 for line in submitted.values() if line["k"] != "work"),
            "refused": dict(refusals), "interruptions": sum(line["interruptions"] for line in self.kept),
        }

    def repeated(self, settled):
        """Jobs that a broker gave to a worker again after their submitter knew that they were settled.

        A worker that stood still begins, and drops, what it was given before: that is no new attempt. Brokers count their calls, so
        what was made later has a higher number, or an attempt that nobody had begun by then.
        """
        told = {number: lines[0]["t"] for number, lines in settled.items() if lines}
        last, newest = {}, dict.fromkeys(told)
        found = set()
        pending = sorted(told.items(), key=lambda item: item[1])
        at = 0
        for line in self.runs:
            if line["e"] != "start":
                continue
            # What was the newest call of each broker process when each job was known to be settled.
            while at < len(pending) and pending[at][1] < line["t"]:
                newest[pending[at][0]] = dict(last)
                at += 1
            epoch, count = line["call"].rsplit("-", 1)
            number = line["n"]
            before = newest.get(number)
            if before is not None and number in told:
                begun = self.attempts_begun(number, line["call"], told[number])
                if int(count) > before.get(epoch, -1) or (begun and line["a"] > max(begun)):
                    found.add(number)
            last[epoch] = max(last.get(epoch, -1), int(count))
        return sorted(found)

    def attempts_begun(self, number, call, time):
        return [line["a"] for line in self.runs
                if line["e"] == "start" and line["n"] == number and line["call"] == call and line["t"] <= time]

    # Workers

    def run_counts(self):
        starts = [line for line in self.runs if line["e"] == "start"]
        return {
            "runs": len(starts), "numbers": len({line["n"] for line in starts}),
            "redelivered": len(starts) - len({line["n"] for line in starts}),
            "cancelled": sum(1 for line in self.runs if line["e"] == "cancelled"),
        }

    def recoveries(self, hits):
        """How long after each kill or stop of a worker what it was in began elsewhere.

        - hits: (time, kind, worker) of each.
        """
        found = collections.defaultdict(list)
        for time, kind, worker in hits:
            for number in self.open_at(time, worker):
                again = [line["t"] for line in self.runs
                         if line["e"] == "start" and line["n"] == number and line["w"] != worker and line["t"] > time]
                if again:
                    found[kind].append(min(again) - time)
        return {kind: spread(times) for kind, times in found.items()}

    def open_at(self, time, worker):
        is_open = set()
        for line in self.runs:
            if line["t"] > time:
                break
            if line["w"] != worker:
                continue
            if line["e"] == "start":
                is_open.add(line["n"])
            elif line["e"] == "up":
                is_open.clear()
            else:
                is_open.discard(line["n"])
        return is_open

    # Brokers

    def broker_counters(self):
        """The sums over all processes of both brokers, as far as they were asked before they were killed."""
        sums = collections.Counter()
        for name in self.service.broker_names:
            last, before = {}, -1.0
            for line in read(self.service.ledger(f"{name}-counters")):
                if line["e"] != "counters":
                    continue
                if line["up"] < before:
                    sums.update(last)
                last, before = line["counters"], line["up"]
            sums.update(last)
        return {name: int(value) for name, value in sorted(sums.items()) if value}


def spread(values):
    if not values:
        return {}
    values = sorted(values)
    return {
        "count": len(values), "median": round(statistics.median(values), 3),
        "p99": round(values[min(len(values) - 1, int(len(values) * 0.99))], 3), "most": round(values[-1], 3),
    }


# Memory is flat when what a process has in the last third of the run is at most this much above the middle third's.
FLAT_SHARE, FLAT_KIB = 1.15, 8192
# Before so long, a process is still filling what it may keep.
FLAT_SECONDS = 180


def memory_rows(samples, start, end):
    """For each process: what it had in the middle and in the last third, the most, and whether that is flat."""
    rows = {}
    by_name = collections.defaultdict(list)
    for time, name, _, resident in samples:
        by_name[name].append((time, resident))
    third = (end - start) / 3
    for name, values in sorted(by_name.items()):
        middle = [r for t, r in values if start + third <= t < start + 2 * third]
        last = [r for t, r in values if start + 2 * third <= t <= end]
        if not middle or not last:
            continue
        a, b = statistics.median(middle), statistics.median(last)
        is_flat = None if end - start < FLAT_SECONDS else b <= a * FLAT_SHARE + FLAT_KIB
        rows[name] = {"middle_kib": int(a), "last_kib": int(b), "most_kib": max(r for _, r in values), "flat": is_flat}
    return rows
