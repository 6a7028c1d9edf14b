"""The child process of the links between nodes: standard library alone, started by its path.

Argument: a JSON list of `[listen port, target port]`, one pair per node, on 127.0.0.1. Standard
input: one command a line (`silence N`, `heal N`, `delay N SECONDS`, N from 0); each is answered
by a line on standard output. A silent link holds what it is given, as a broken network does: no
side is told, and after `heal` it arrives. Other than in front of clients, both directions wait.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import Coroutine, Iterator
from typing import Any

__all__ = ["Link"]

CHUNK_BYTES = 65_536
QUEUE_CHUNKS = 1024
HOST = "127.0.0.1"
Way = Coroutine[Any, Any, None]


class Link:
    """The way to one node, for everybody who takes it."""

    def __init__(self, listen: int, target: int) -> None:
        self.listen, self.target = listen, target
        self.delay_seconds = 0.0
        self.passable = asyncio.Event()
        self.passable.set()
        self.server: asyncio.Server | None = None

    async def start(self) -> None:
        """Accept connections."""
        self.server = await asyncio.start_server(self.connected, HOST, self.listen)

    async def connected(self, down: asyncio.StreamReader, to_peer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side closes it."""
        try:
            up, to_node = await asyncio.open_connection(HOST, self.target)
        except OSError:
            to_peer.transport.abort()
            return
        ways = [
            asyncio.create_task(way)
            for one, other in ((down, to_node), (up, to_peer))
            for way in self.ways(one, other)
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in ways:
                task.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for writer in (to_peer, to_node):
                writer.transport.abort()

    def ways(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Iterator[Way]:
        """One direction: what arrives is noted with the time at which it may go on."""
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(QUEUE_CHUNKS)
        loop = asyncio.get_running_loop()

        async def note() -> None:
            with contextlib.suppress(ConnectionError):
                while chunk := await reader.read(CHUNK_BYTES):
                    await queue.put((loop.time() + self.delay_seconds, chunk))
            await queue.put((loop.time() + self.delay_seconds, b""))
            await asyncio.Event().wait()

        async def send() -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    due, chunk = await queue.get()
                    if due > loop.time():
                        await asyncio.sleep(due - loop.time())
                    await self.passable.wait()
                    if not chunk:
                        return
                    writer.write(chunk)
                    await writer.drain()

        yield note()
        yield send()


async def _obey(links: list[Link]) -> None:
    """Read commands until standard input ends, which it does when the runner dies."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    for link in links:
        await link.start()
    _answer()
    while words := (await reader.readline()).decode().split():
        link = links[int(words[1])]
        if words[0] == "delay":
            link.delay_seconds = float(words[2])
        elif words[0] == "silence":
            link.passable.clear()
        else:
            link.passable.set()
        _answer()


def _answer() -> None:
    sys.stdout.write("done\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_obey([Link(*pair) for pair in json.loads(sys.argv[1])]))
