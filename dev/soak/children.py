# SPDX-License-Identifier: MIT
"""Processes under test: started, watched, hit and started again."""

import asyncio
import os
import resource
import signal
import time


class Child:
    """One process and those that take its place when it dies.

    `lives` tells of each: pid, when it began and ended, and whether by a fault, by itself, or at the end of all.
    """

    def __init__(self, name, words, folder, ready=None, restart_after=None, cap=None):
        self.name = name
        self.words = words
        self.folder = folder
        # What it writes to its standard output once it is there.
        self.ready = ready
        self.restart_after = restart_after
        self.cap = cap
        self.process = None
        self.is_wanted = False
        self.was_hit = False
        self.hold_until = 0.0
        self.lives = []
        self.watcher = None
        self.is_ready = asyncio.Event()

    @property
    def pid(self):
        return self.process.pid if self.process and self.process.returncode is None else None

    async def start(self):
        self.is_wanted = True
        await self.spawn()
        self.watcher = asyncio.ensure_future(self.watch())

    async def spawn(self):
        self.is_ready.clear()
        self.was_hit = False
        log = open(os.path.join(self.folder, f"{self.name}.log"), "ab")
        self.process = await asyncio.create_subprocess_exec(
            *self.words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
            start_new_session=True)
        log.close()
        self.lives.append({"pid": self.process.pid, "born": time.monotonic(), "died": None, "how": None})
        if self.cap:
            self.cap.hold(self.name, self.process.pid)
        asyncio.ensure_future(self.read(self.process))

    async def read(self, process):
        if self.ready is None:
            self.is_ready.set()
        while line := await process.stdout.readline():
            if self.ready is not None and line.decode(errors="replace").startswith(self.ready):
                self.is_ready.set()

    async def watch(self):
        while True:
            status = await self.process.wait()
            life = self.lives[-1]
            life["died"] = time.monotonic()
            life["status"] = status
            life["how"] = "fault" if self.was_hit else "itself" if self.is_wanted else "end"
            if not self.is_wanted or self.restart_after is None:
                return
            pause = self.restart_after if self.was_hit or status < 0 else 0.1
            await asyncio.sleep(max(pause, self.hold_until - time.monotonic()))
            if not self.is_wanted:
                return
            await self.spawn()

    def send(self, number):
        if self.pid is not None:
            if number == signal.SIGKILL:
                self.was_hit = True
            hit(self.pid, number)

    def say(self, word):
        if self.pid is not None:
            self.process.stdin.write((word + "\n").encode())

    def end_input(self):
        if self.pid is not None:
            self.process.stdin.close()

    async def end(self, number=signal.SIGTERM, patience=10):
        """Ends it for good; kills what does not end."""
        self.is_wanted = False
        if self.pid is not None:
            hit(self.pid, signal.SIGCONT)
            hit(self.pid, number)
        try:
            await asyncio.wait_for(asyncio.shield(self.watcher), patience)
        except asyncio.TimeoutError:
            self.send(signal.SIGKILL)
            await self.watcher

    def resident(self):
        """Its memory, in KiB; None while there is no process."""
        try:
            with open(f"/proc/{self.pid}/status") as status:
                for line in status:
                    if line.startswith("VmRSS"):
                        return int(line.split()[1])
        except OSError:
            pass
        return None


def hit(pid, number):
    """Sends a signal to a process that may have ended just now."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


class MemoryCap:
    """Keeps processes from taking more memory than they should: by a control group where one can be made, else by the size
    of their address space."""

    ROOTS = [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")]

    def __init__(self, limit, may_group=True):
        self.limit = limit
        self.groups = []
        self.kind = "address space"
        for root, file in self.ROOTS if may_group else []:
            if os.path.exists(os.path.join(root, "cgroup.procs")) and self.can_make(root, file):
                self.root, self.file, self.kind = root, file, "control group"
                break

    def can_make(self, root, file):
        probe = os.path.join(root, f"boxwood-soak-{os.getpid()}")
        try:
            os.mkdir(probe)
            works = os.access(os.path.join(probe, file), os.W_OK)
            os.rmdir(probe)
            return works
        except OSError:
            return False

    def hold(self, name, pid):
        if self.kind == "control group":
            group = os.path.join(self.root, f"boxwood-soak-{os.getpid()}-{name}")
            if group not in self.groups:
                os.mkdir(group)
                self.groups.append(group)
                write(os.path.join(group, self.file), self.limit)
            write(os.path.join(group, "cgroup.procs"), pid)
        else:
            asyncio.get_running_loop().call_later(1, self.limit_addresses, pid)

    def limit_addresses(self, pid):
        try:
            with open(f"/proc/{pid}/statm") as sizes:
                pages = int(sizes.read().split()[0])
            limit = pages * resource.getpagesize() + self.limit
            resource.prlimit(pid, resource.RLIMIT_AS, (limit, limit))
        except (OSError, ProcessLookupError):
            pass

    def close(self):
        for group in self.groups:
            try:
                os.rmdir(group)
            except OSError:
                pass


def write(path, text):
    with open(path, "w") as file:
        file.write(str(text))
