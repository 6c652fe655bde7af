"""What an event costs from the store to an acknowledged bulk request.

    python bench/delivery.py [EVENTS [BATCH]]

Appends EVENTS (50,000) of about 1.3 kB in groups of BATCH (500), as fast as they are
delivered, through a store on the disk and the Elasticsearch output to a server in
another process, which takes everything. Prints microseconds of CPU for each event, the
threads of the store and of the compression included.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
import tempfile
from pathlib import Path
from random import Random
from time import perf_counter, process_time
from typing import TYPE_CHECKING

import orjson

from heartbeat import outputs
from heartbeat.clock import SystemClock
from heartbeat.config import Section
from heartbeat.deadletter import DeadLetters
from heartbeat.delivery import Worker
from heartbeat.event import Record, Routing
from heartbeat.loop import run
from heartbeat.net import Network
from heartbeat.outputs.base import OutputContext
from heartbeat.store import Store

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

MICRO = 1e6
KIB = 1024
BODY = 1_200
"""Bytes in a document beside its time and id."""

AHEAD = 4
"""Groups that may be on their way."""

PAUSE = 0.002
"""Seconds between two looks whether there is room for another: to look all the time
would count as the cost of delivery."""


async def serve(port: Connection) -> None:
    """Be an Elasticsearch that takes everything; say the port first."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            fields = dict(
                line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2]
            )
            await reader.readexactly(int(fields.get(b"content-length", b"0")))
            count = int(fields.get(b"x-elastic-event-count", b"0"))
            body = orjson.dumps(
                {"errors": False, "items": [{}] * count}
                if count
                else {"version": {"number": "9.4.3", "build_flavor": "default"}}
            )
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                b"x-elastic-product: Elasticsearch\r\n"
                b"content-length: %d\r\n\r\n%b" % (len(body), body)
            )

    server = await asyncio.start_server(talk, "127.0.0.1", 0, limit=KIB * KIB)
    port.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


async def _head(reader: asyncio.StreamReader) -> bytes:
    """Return the head of the next request, nothing at the end."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except EOFError:
        return b""


def be_server(port: Connection) -> None:
    """Run the server until killed."""
    asyncio.run(serve(port))


def event(number: int) -> Record:
    """Return an event with a text that compresses about as documents do."""
    filler = f"{number * 7919:x} http 200 up "
    document = {
        "@timestamp": "2026-09-21T14:13:20.000Z",
        "monitor": {"id": f"monitor-{number % 1000}"},
        "filler": (filler * (BODY // len(filler))),
    }
    return Record(
        orjson.dumps(document), Routing(f"{number:032x}"), SystemClock().now()
    )


async def deliver(folder: Path, url: str, events: int, batch: int) -> tuple[float, ...]:
    """Deliver all; return seconds of CPU and seconds."""
    clock = SystemClock()
    network = Network(clock)
    section = Section({"hosts": [url], "bulk_max_size": batch})
    output = outputs.build("elasticsearch", section, OutputContext(network))
    store = Store.open(folder / "bench.db", outputs=[output.name], clock=clock)
    letters = DeadLetters(folder, output.name, clock)
    jitter = Random()  # noqa: S311 - spreads retries, guards nothing
    worker = Worker(output, store, clock, dead_letters=letters, random=jitter)
    made = [event(number) for number in range(events)]
    start, cpu = perf_counter(), process_time()
    async with asyncio.TaskGroup() as group:
        delivering = group.create_task(worker.run())
        for first in range(0, events, batch):
            store.append(made[first : first + batch], {})
            while worker.pending > AHEAD * batch:
                await clock.sleep_until(clock.monotonic() + PAUSE)
        await worker.drain(60.0)
        spent = process_time() - cpu, perf_counter() - start
        delivering.cancel()
    assert worker.counters.acked == events  # noqa: S101 - else the figures mean nothing
    await store.close()
    await network.close()
    return spent


def main() -> None:
    """Measure and print."""
    events, batch = (
        int(word) for word in (sys.argv[1:] + ["50000", "500"][len(sys.argv) - 1 :])
    )
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=be_server, args=(theirs,)
    )
    server.start()
    try:
        url = f"http://127.0.0.1:{ours.recv()}"
        with tempfile.TemporaryDirectory() as folder:
            cpu, lasted = run(deliver(Path(folder), url, events, batch))
    finally:
        server.kill()
        server.join()
    sys.stdout.write(
        f"{events} events in bulks of {batch}: {cpu / events * MICRO:.1f} us of CPU"
        f" each, {events / lasted:.0f} a second\n"
    )


if __name__ == "__main__":
    main()
