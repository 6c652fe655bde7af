"""An Elasticsearch that takes everything and counts it: `python bench/sink.py PORT`.

Owns just enough of the protocol for the Elasticsearch output to be content. `GET
/count` tells how many events have come.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import count as counting

import orjson

LIMIT = 64 * 1024
HELLO = {
    "version": {"number": "9.4.3", "build_flavor": "default"},
    "license": {"status": "active", "type": "basic"},
}


class Sink:
    """The server."""

    def __init__(self) -> None:
        """Count from zero."""
        self.events = 0
        self.requests = counting()

    async def serve(self, port: int) -> None:
        """Take requests on a port of the loopback address for ever."""
        server = await asyncio.start_server(
            self.talk, "127.0.0.1", port, limit=LIMIT, backlog=128
        )
        await server.serve_forever()

    async def talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one connection's requests."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                body = orjson.dumps(await self.answer(head, reader))
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                    b"x-elastic-product: Elasticsearch\r\n"
                    b"content-length: %d\r\n\r\n%b" % (len(body), body)
                )
        except (EOFError, OSError):
            pass
        finally:
            writer.close()

    async def answer(self, head: bytes, reader: asyncio.StreamReader) -> object:
        """Return what a request is answered with."""
        line, *rest = head.decode("latin-1").split("\r\n")[:-2]
        fields = dict(one.lower().split(": ", 1) for one in rest)
        await reader.readexactly(int(fields.get("content-length", "0")))
        if "/_bulk" in line:
            events = int(fields["x-elastic-event-count"])
            self.events += events
            return {"errors": False, "items": [{"create": {"status": 201}}] * events}
        return {"events": self.events} if "/count" in line else HELLO


if __name__ == "__main__":
    asyncio.run(Sink().serve(int(sys.argv[1])))
