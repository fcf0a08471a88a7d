# SPDX-License-Identifier: MIT
"""Workers on hosts of their own: network namespaces, each joined to this machine by a cable that can be pulled.

Needs root. Beyond loopback a broker wants keys, so everybody has one."""

import os
import subprocess


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


class Namespaces:
    """Hosts 10.213.N.2, each with its own cable to 10.213.N.1 on this machine."""

    def __init__(self, boxwood, folder):
        self.boxwood = boxwood
        self.keys = os.path.join(folder, "keys")
        self.made = []
        run(boxwood, "keys", "new", "broker", "--keys", self.keys)

    def key(self, role, name):
        path = os.path.join(self.keys, role, f"{name}.key")
        if not os.path.exists(path):
            run(self.boxwood, "keys", "new", role, name, "--keys", self.keys)
        return path

    def host(self, number):
        """A new host; returns its cable and the words that run a program there."""
        name, cable = f"bxw{os.getpid()}-{number}", f"bx{os.getpid() % 100000}-{number}"
        here, there = f"10.213.{number}.1", f"10.213.{number}.2"
        run("ip", "netns", "add", name)
        self.made.append(name)
        run("ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "addr", "add", f"{here}/30", "dev", cable)
        run("ip", "link", "set", cable, "up")
        run("ip", "-n", name, "addr", "add", f"{there}/30", "dev", "eth0")
        run("ip", "-n", name, "link", "set", "eth0", "up")
        run("ip", "-n", name, "link", "set", "lo", "up")
        return Cable(cable, here), ["ip", "netns", "exec", name]

    def close(self):
        for name in self.made:
            subprocess.run(["ip", "netns", "del", name], check=False)


class Cable:
    """Has the faults of a link, all of which are one: nothing gets through, and nobody is told."""

    def __init__(self, name, here):
        self.name = name
        self.here = here
        self.delay = 0.0

    def cut(self):
        run("ip", "link", "set", self.name, "down")

    def silence(self, *_):
        self.cut()

    def heal(self):
        run("ip", "link", "set", self.name, "up")

    def close(self):
        pass
