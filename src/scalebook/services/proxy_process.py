"""The child process of a fault proxy: standard library alone, started by its path.

Arguments: a JSON object with `listen`, `target`, `slots`, `seconds`, `handshake` (hexadecimal
bytes with which an answer ends that completes the handshake, or empty). Standard input: one
command a line (`cut`, `heal`, `lose`, `delay SECONDS`); each is answered by a line on standard
output.
"""

import asyncio
import contextlib
import json
import os
import socket
import sys
from typing import Any

__all__ = ["FaultProxy"]

CHUNK_BYTES = 65_536
QUEUE_CHUNKS = 64


class FaultProxy:
    """Forwards each connection to the target, with delay and capacity, until it is cut."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.listen: str = options["listen"]
        self.target: str = options["target"]
        self.seconds: float = options["seconds"]
        self.slots = asyncio.Semaphore(options["slots"]) if options["slots"] else None
        self.handshake = bytes.fromhex(options["handshake"])
        self.delay_seconds = 0.0
        self.server: asyncio.Server | None = None
        self.links: set[_Link] = set()

    async def heal(self) -> None:
        """Accept connections (again), at the same address."""
        if self.server is not None:
            return
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(self.listen + ".new")
        os.replace(self.listen + ".new", self.listen)
        self.server = await asyncio.start_unix_server(self.connected, sock=listener, backlog=1024)

    async def cut(self) -> None:
        """Drop all connections and refuse new ones; the name stays, as that of a dead host."""
        if self.server is not None:
            self.server.close()
            self.server = None
        for link in list(self.links):
            link.abort()

    async def connected(self, down: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        """Serve one connection until either side closes it."""
        try:
            up, to_server = await asyncio.open_unix_connection(self.target)
        except OSError:
            to_client.transport.abort()
            return
        link = _Link(self, down, to_client, up, to_server)
        self.links.add(link)
        try:
            await link.run()
        finally:
            self.links.discard(link)

    async def obey(self) -> None:
        """Read commands until standard input ends, which it does when the runner dies."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        await self.heal()
        self.answer()
        while line := (await reader.readline()).decode().split():
            if line[0] == "delay":
                self.delay_seconds = float(line[1])
            elif line[0] == "cut":
                await self.cut()
            elif line[0] == "lose":
                for link in self.links:
                    link.doomed = True
            else:
                await self.heal()
            self.answer()

    def answer(self) -> None:
        """Tell the runner that the command is done."""
        sys.stdout.write("done\n")
        sys.stdout.flush()


class _Link:
    """One client's connection through the proxy.

    What the client sends while no answer is outstanding is a request: it takes a slot, is held
    there, goes on to the server, and gives the slot back when the answer starts.
    """

    def __init__(
        self,
        proxy: FaultProxy,
        down: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        up: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> None:
        self.proxy = proxy
        self.down, self.to_client = down, to_client
        self.up, self.to_server = up, to_server
        self.queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(QUEUE_CHUNKS)
        self.shaking_hands = bool(proxy.handshake)
        self.outstanding = False
        self.doomed = False
        self.holds_slot = False

    async def run(self) -> None:
        """Forward both ways until one side ends."""
        tasks = [asyncio.create_task(t) for t in (self.listen(), self.forward(), self.reply())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.give_back()
            self.abort()

    def abort(self) -> None:
        """Close both sides at once, without sending what is buffered."""
        self.to_client.transport.abort()
        self.to_server.transport.abort()

    async def listen(self) -> None:
        """Note each chunk of the client with the time at which it may go on."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ConnectionError):
            while chunk := await self.down.read(CHUNK_BYTES):
                await self.queue.put((loop.time() + self.proxy.delay_seconds, chunk))
        await self.queue.put((loop.time() + self.proxy.delay_seconds, b""))
        await asyncio.Event().wait()

    async def forward(self) -> None:
        """Send the chunks on when their time has come and there is a slot."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ConnectionError):
            while True:
                due, chunk = await self.queue.get()
                if due > loop.time():
                    await asyncio.sleep(due - loop.time())
                if not chunk:
                    return
                if not self.outstanding:
                    await self.take()
                self.outstanding = True
                self.to_server.write(chunk)
                await self.to_server.drain()

    async def reply(self) -> None:
        """Send the server's answers back."""
        with contextlib.suppress(ConnectionError):
            while chunk := await self.up.read(CHUNK_BYTES):
                if self.doomed and not self.shaking_hands:
                    return
                self.outstanding = False
                self.give_back()
                if self.shaking_hands and self.proxy.handshake in chunk:
                    self.shaking_hands = False
                self.to_client.write(chunk)
                await self.to_client.drain()

    async def take(self) -> None:
        """Hold a request for the imposed service time; the handshake of a connection is free."""
        if self.proxy.slots is None or self.shaking_hands:
            return
        await self.proxy.slots.acquire()
        self.holds_slot = True
        await asyncio.sleep(self.proxy.seconds)

    def give_back(self) -> None:
        """Free the slot, if this link holds one."""
        if self.holds_slot and self.proxy.slots is not None:
            self.holds_slot = False
            self.proxy.slots.release()


if __name__ == "__main__":
    asyncio.run(FaultProxy(json.loads(sys.argv[1])).obey())
