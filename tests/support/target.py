"""A web server in a thread that can be stopped and started again at the same port.

For tests that run heartbeat as a process: the target goes away and comes back.
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType


class Target:
    """Answers every GET with 200 and remembers how many it answered."""

    def __init__(self) -> None:
        """Find a port; answer nothing before `start`."""
        self.port = 0
        self.answered = 0
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Return the address to check."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Listen, at the port of the last time if there was one."""
        target = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                target.answered += 1
                self.send_response(200)
                self.send_header("Content-Length", "3")
                self.end_headers()
                self.wfile.write(b"up\n")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""
                del format, args

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Answer)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,)).start()

    def stop(self) -> None:
        """Listen no more: connections are refused from here on."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()
