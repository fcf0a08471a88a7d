# SPDX-License-Identifier: MIT
"""A TCP connection that can be cut, silenced and slowed down: what stands between two processes under test."""

import asyncio
import socket


def free_port():
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Link:
    """Forwards every connection to its own port to another one of this machine."""

    CHUNK = 65536

    def __init__(self, name, target):
        self.name = name
        self.target = target
        self.port = None
        self.delay = 0.0
        self.server = None
        self.is_refusing = False
        self.writers = set()
        self.tasks = set()
        # One gate for each way; what is behind a closed one stays in the sockets' buffers, unread and unacknowledged.
        self.gates = {"up": asyncio.Event(), "down": asyncio.Event()}
        for gate in self.gates.values():
            gate.set()

    @property
    def address(self):
        return f"tcp://127.0.0.1:{self.port}"

    async def open(self):
        self.server = await asyncio.start_server(self.accept, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    def cut(self):
        """Ends every connection at once, and those that come, until `heal`."""
        self.is_refusing = True
        for writer in list(self.writers):
            writer.transport.abort()

    def silence(self, *ways):
        """Forwards nothing any more; the connections stay."""
        for way in ways or ("up", "down"):
            self.gates[way].clear()

    def heal(self):
        self.is_refusing = False
        self.delay = 0.0
        for gate in self.gates.values():
            gate.set()

    async def accept(self, reader, writer):
        self.writers.add(writer)
        far = None
        try:
            await self.gates["up"].wait()
            if self.is_refusing:
                return
            far_reader, far = await asyncio.open_connection("127.0.0.1", self.target)
            self.writers.add(far)
            pumps = [
                asyncio.ensure_future(self.pump(reader, far, "up")),
                asyncio.ensure_future(self.pump(far_reader, writer, "down")),
            ]
            self.tasks.update(pumps)
            # The end of one way is the end of both: ZeroMQ never closes half a connection.
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            self.tasks.difference_update(pumps)
        except OSError:
            pass
        finally:
            for end in (writer, far):
                if end is not None:
                    end.transport.abort()
                    self.writers.discard(end)

    async def pump(self, reader, writer, way):
        try:
            while True:
                await self.gates[way].wait()
                data = await reader.read(self.CHUNK)
                if not data:
                    return
                if self.delay:
                    await asyncio.sleep(self.delay)
                # What was read before the silence began is not let through either.
                await self.gates[way].wait()
                writer.write(data)
                await writer.drain()
        except (OSError, asyncio.CancelledError):
            return

    def close(self):
        self.cut()
        if self.server:
            self.server.close()
        for task in self.tasks:
            task.cancel()
