# SPDX-License-Identifier: MIT
"""A small disk for a journal, that can be filled and emptied."""

import os
import resource
import subprocess


class SmallDisk:
    """A file system of its own where one may be mounted; else a limit to the size of the files that the process writes."""

    MEGABYTES = 96
    # The seal is smaller, and every log larger.
    FILE_BYTES = 16384

    def __init__(self, folder, may_mount=True):
        self.folder = os.path.join(folder, "disk")
        os.mkdir(self.folder)
        self.is_mounted = may_mount and self.mount()
        self.kind = "file system" if self.is_mounted else "file size"
        self.ballast = os.path.join(self.folder, "ballast")

    def mount(self):
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={self.MEGABYTES}m", "boxwood-soak", self.folder],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return mounted.returncode == 0

    def fill(self, pid):
        """Leaves no room for another byte."""
        if self.is_mounted:
            with open(self.ballast, "wb", buffering=0) as file:
                for size in (1 << 20, 4096, 1):
                    try:
                        while file.write(b"\0" * size) == size:
                            pass
                    except OSError:
                        pass
        elif pid is not None:
            self.limit(pid, self.FILE_BYTES)

    def empty(self, pid):
        if self.is_mounted:
            if os.path.exists(self.ballast):
                os.remove(self.ballast)
        elif pid is not None:
            self.limit(pid, resource.RLIM_INFINITY)

    @staticmethod
    def limit(pid, size):
        try:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        except (OSError, ProcessLookupError):
            pass

    def close(self):
        if self.is_mounted:
            subprocess.run(["umount", "-l", self.folder], check=False)
