# SPDX-License-Identifier: MIT
"""The plan of faults: made from a seed alone, before anything runs, so that a seed does the same faults again."""

import random
from dataclasses import asdict, dataclass

# What is dealt, and how long it lasts at least and at most, in seconds. A deck holds each as often as it stands here.
DECK = [
    ("worker-kill", 0, 0), ("worker-kill", 0, 0), ("worker-kill", 0, 0), ("worker-kill", 0, 0),
    ("worker-stop", 3.2, 5), ("worker-stop", 3.2, 5), ("worker-stop", 0.3, 1.5),
    ("worker-cut", 0, 2), ("worker-cut", 0, 0),
    ("worker-silence", 3, 8), ("worker-silence", 0.5, 2), ("worker-deaf", 2, 5), ("worker-mute", 2, 5),
    ("worker-slow", 2, 5),
    ("client-cut", 0, 2), ("client-silence", 1, 4), ("client-silence", 7, 9), ("client-slow", 2, 5),
    ("broker-kill", 0.1, 1.5), ("broker-kill", 0.1, 1.5), ("broker-stop", 0.3, 4),
    ("disk-full", 1, 6), ("poison", 0, 0), ("hog", 0, 0),
]

# After a fault ended, until what was hit counts as well again.
REST = 2.5
# A poisonous payload costs three workers, one after the other.
POISON_TIME = 6.0
# At most so many workers are hit at a time.
WORKERS_HIT = 2


@dataclass
class Fault:
    at: float
    kind: str
    target: str
    lasts: float

    def row(self):
        return asdict(self)


class Planner:
    """Deals the deck again and again, and puts each fault at the first moment at which the service can still stand it:
    a broker is there for everybody, and most workers."""

    BACKLOG = 5.0

    def __init__(self, seed, seconds, workers, brokers, callers, submitters, gap):
        self.random = random.Random(seed)
        self.seconds = seconds
        self.workers, self.brokers = workers, brokers
        self.callers, self.submitters = callers, submitters
        self.gap = gap
        # Until when each worker is hit, and until when somebody may be without one of the brokers.
        self.hit = {name: 0.0 for name in workers}
        self.path_free = 0.0
        self.poison_free = 0.0

    def faults(self):
        faults, now = [], 0.5
        while now < self.seconds:
            deck = DECK[:]
            self.random.shuffle(deck)
            for kind, least, most in deck:
                now += self.random.uniform(0.5, 1.5) * self.gap
                fault = self.place(kind, round(self.random.uniform(least, most), 2), now)
                if fault.at + fault.lasts <= self.seconds:
                    faults.append(fault)
            # What had to wait for its turn holds the next deck up.
            now = max(now, self.path_free - self.BACKLOG)
        return sorted(faults, key=lambda fault: fault.at)

    def place(self, kind, lasts, at):
        if kind in ("poison", "hog"):
            at = max(at, self.poison_free, *self.hit.values())
            self.poison_free = at + POISON_TIME
            return Fault(round(at, 2), kind, self.random.choice(self.callers + self.submitters), 0)
        if kind.startswith("worker"):
            at = max(at, self.poison_free, sorted(self.hit.values())[-WORKERS_HIT])
            target = self.random.choice([name for name in self.workers if self.hit[name] <= at])
            self.hit[target] = at + lasts + REST
            if kind in ("worker-kill", "worker-stop"):
                return Fault(round(at, 2), kind, target, lasts)
            # Of the brokers of this worker one, or all.
            broker = self.random.choice(self.brokers + ["*"])
            return Fault(round(at, 2), kind, f"{target}/{broker}", lasts)
        at = max(at, self.path_free)
        self.path_free = at + lasts + REST
        if kind.startswith("client"):
            client = self.random.choice(self.callers)
            return Fault(round(at, 2), kind, f"{client}/{self.random.choice(self.brokers)}", lasts)
        if kind == "disk-full":
            return Fault(round(at, 2), kind, self.brokers[0], lasts)
        target = self.random.choice(self.brokers)
        # The last broker lives on after a while, so that its memory can be watched for long.
        if kind == "broker-kill" and at > self.seconds / 4:
            target = self.brokers[0]
        return Fault(round(at, 2), kind, target, lasts)
