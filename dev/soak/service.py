# SPDX-License-Identifier: MIT
"""The service under test: brokers with journals, workers of all of them, clients with numbered payloads, and links between."""

import asyncio
import os
import signal
import subprocess
import time

from children import Child, MemoryCap
from disk import SmallDisk
from link import Link, free_port
from netns import Cable, Namespaces


class Service:
    CAP = 160 << 20

    def __init__(self, programs, folder, seed, workers, rate, jobs_rate, lanes=12, longest=250, links=True,
                 namespaces=False, privileged=True):
        self.programs = programs
        self.folder = folder
        self.seed = seed
        self.rate, self.jobs_rate = rate, jobs_rate
        # Calls that each client has open, how long the longest takes in milliseconds, and whether there is a link that can be
        # disturbed between the processes.
        self.lanes, self.longest, self.has_links = lanes, longest, links
        self.broker_names = ["b1", "b2"]
        self.worker_names = [f"w{index + 1}" for index in range(workers)]
        self.callers = ["c1", "c2"]
        self.submitters = ["j1", "j2"]
        self.children = {}
        self.links = {}
        self.hosts = Namespaces(programs["boxwood"], folder) if namespaces else None
        self.journals = {}
        self.cap = MemoryCap(self.CAP, privileged)
        self.disk = SmallDisk(folder, privileged)
        self.memory = []

    def ledger(self, name):
        return os.path.join(self.folder, f"{name}.ledger")

    async def start(self):
        ports = {}
        for name in self.broker_names:
            ports[name] = (free_port(), free_port())
            place = self.disk.folder if name == "b1" else self.folder
            host = "0.0.0.0" if self.hosts else "127.0.0.1"
            keys = ["--keys", self.hosts.keys] if self.hosts else []
            self.journals[name] = os.path.join(place, f"{name}.db")
            await self.add(Child(
                name,
                [self.programs["boxwood"], "broker", "--journal", self.journals[name], "--reserve-mb", "1",
                 "--client-endpoint", f"tcp://127.0.0.1:{ports[name][0]}",
                 "--worker-endpoint", f"tcp://{host}:{ports[name][1]}", "--log-level", "warning", *keys],
                self.folder, ready="worker ", restart_after=0.0))
        await asyncio.gather(*(self.children[name].is_ready.wait() for name in self.broker_names))
        for number, name in enumerate(self.worker_names):
            backs, before = await self.ways(number, name, [ports[broker][1] for broker in self.broker_names])
            await self.add(Child(
                name, before + self.peer("worker", name, "--backs", ",".join(backs)), self.folder, restart_after=0.3,
                cap=self.cap))
        for name in self.callers:
            fronts = [await self.link(f"{name}/{broker}", ports[broker][0]) for broker in self.broker_names]
            # Each begins with another broker.
            if name == self.callers[1]:
                fronts.reverse()
            await self.add(Child(
                name, self.peer("calls", name, "--fronts", ",".join(fronts), "--lanes", str(self.lanes), "--rate",
                                str(self.rate / len(self.callers)), "--longest", str(self.longest),
                                "--shortest", str(self.shortest)), self.folder))
        for name, broker in zip(self.submitters, self.broker_names):
            front = f"tcp://127.0.0.1:{ports[broker][0]}"
            self.links[f"{name}/audit"] = front
            if not self.jobs_rate:
                continue
            await self.add(Child(
                name, self.peer("jobs", name, "--fronts", front, "--lanes", "8", "--rate",
                                str(self.jobs_rate / len(self.submitters))), self.folder))
            await self.add(Child(
                f"{broker}-counters", self.peer("counters", f"{broker}-counters", "--fronts", front), self.folder))

    def peer(self, mode, name, *words):
        return [self.programs["peers"], mode, "--name", name, "--ledger", self.ledger(name), "--seed",
                str(self.seed), *words, *self.key(mode, name)]

    def key(self, mode, name):
        """The words that say who a process is; none where there are no keys."""
        if not self.hosts:
            return []
        role = {"worker": "worker", "counters": "admin", "audit": "admin"}.get(mode, "client")
        return ["--key", self.hosts.key(role, name)]

    async def ways(self, number, name, ports):
        """The brokers' addresses for a worker, and what goes before its program's name."""
        if not self.hosts:
            return [await self.link(f"{name}/{broker}", port) for broker, port in zip(self.broker_names, ports)], []
        cable, before = self.hosts.host(number + 1)
        for broker in self.broker_names:
            self.links[f"{name}/{broker}"] = cable
        return [f"tcp://{cable.here}:{port}" for port in ports], before

    async def add(self, child):
        self.children[child.name] = child
        await child.start()

    @property
    def shortest(self):
        return max(5, self.longest // 2) if self.longest > 1000 else 5

    async def link(self, name, port):
        if not self.has_links:
            return f"tcp://127.0.0.1:{port}"
        link = Link(name, port)
        await link.open()
        self.links[name] = link
        return link.address

    def links_of(self, target):
        """Of `w1/b2` one, of `w1/*` all of the worker's."""
        name, broker = target.split("/")
        brokers = self.broker_names if broker == "*" else [broker]
        return [self.links[f"{name}/{broker}"] for broker in brokers]

    async def apply(self, fault):
        """Does one fault, and undoes it when its time is over."""
        if fault.kind in ("poison", "hog"):
            self.children[fault.target].say(fault.kind)
        elif fault.kind in ("worker-kill", "broker-kill"):
            child = self.children[fault.target]
            child.hold_until = time.monotonic() + fault.lasts
            child.send(signal.SIGKILL)
        elif fault.kind in ("worker-stop", "broker-stop"):
            child = self.children[fault.target]
            pid = child.pid
            child.send(signal.SIGSTOP)
            await asyncio.sleep(fault.lasts)
            if child.pid == pid:
                child.send(signal.SIGCONT)
        elif fault.kind == "disk-full":
            child = self.children[fault.target]
            self.disk.fill(child.pid)
            await asyncio.sleep(fault.lasts)
            self.disk.empty(child.pid)
        else:
            await self.disturb(fault)

    async def disturb(self, fault):
        links = self.links_of(fault.target)
        what = fault.kind.split("-")[1]
        for link in links:
            if what == "cut":
                link.cut()
            elif what == "slow":
                link.delay = 0.05
            else:
                # The upward way is the one to the broker.
                link.silence(*{"silence": (), "deaf": ("down",), "mute": ("up",)}[what])
        await asyncio.sleep(fault.lasts)
        for link in links:
            link.heal()

    def heal(self):
        for link in self.links.values():
            if isinstance(link, (Link, Cable)):
                link.heal()
        for child in self.children.values():
            child.send(signal.SIGCONT)
        self.disk.empty(self.children["b1"].pid)

    async def watch_memory(self):
        while True:
            now = time.monotonic()
            for child in self.children.values():
                resident = child.resident()
                if resident:
                    self.memory.append((now, child.name, child.pid, resident))
            await asyncio.sleep(1)

    async def finish_load(self, patience=90):
        """No new payloads; waits until those that were asked for are over."""
        loads = [self.children[name] for name in self.callers + self.submitters if name in self.children]
        for child in loads:
            child.is_wanted = False
            child.end_input()
        await asyncio.wait([child.watcher for child in loads], timeout=patience)

    async def audit(self):
        """What each broker says it has of every job."""
        for name, broker in zip(self.submitters, self.broker_names):
            auditor = Child(
                f"{broker}-audit", self.peer("audit", f"{broker}-audit", "--fronts", self.links[f"{name}/audit"]),
                self.folder)
            await self.add(auditor)
            await asyncio.wait([auditor.watcher], timeout=120)

    async def stop(self):
        for child in self.children.values():
            child.is_wanted = False
        for child in self.children.values():
            if child.name.endswith("counters"):
                child.end_input()
        # Brokers last: the workers go without a word.
        order = self.worker_names + [name for name in self.children if name not in self.worker_names]
        for name in order:
            child = self.children[name]
            hard = signal.SIGKILL if name in self.worker_names else signal.SIGTERM
            if child.watcher:
                await child.end(hard)
        for link in self.links.values():
            if isinstance(link, (Link, Cable)):
                link.close()

    def check_journals(self):
        """What `boxwood jobs check` finds wrong, by broker."""
        found = {}
        for name, journal in self.journals.items():
            check = subprocess.run(
                [self.programs["boxwood"], "jobs", "check", journal], capture_output=True, text=True, check=False)
            found[name] = "whole" if check.returncode == 0 else check.stderr.strip()
        return found

    def close(self):
        self.cap.close()
        self.disk.close()
        if self.hosts:
            self.hosts.close()
