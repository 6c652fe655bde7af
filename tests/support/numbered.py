"""A web server whose every answer has a number, and which can be told to be ill.

Owns the answers it gave. Must not know who asks.
"""

from __future__ import annotations

import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType


class Numbered:
    """Answers with 200, or with 503 while it is ill; the body is a number.

    `given` has the status of every answer by its number, `asked` the path.
    """

    def __init__(self) -> None:
        """Answer nothing before the context is entered."""
        self.is_ill = False
        self.given: dict[int, str] = {}
        self.asked: dict[int, str] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    def url(self, path: str) -> str:
        """Return the address of a page."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{path}"

    def has_given(self, answers: int) -> bool:
        """Return whether there were so many answers."""
        return len(self.given) >= answers

    def __enter__(self) -> Self:
        """Listen."""
        threading.Thread(target=self._server.serve_forever, args=(0.02,)).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()

    def _note(self, path: str) -> tuple[int, HTTPStatus]:
        with self._lock:
            number = len(self.given) + 1
            self.given[number] = "down" if self.is_ill else "up"
            self.asked[number] = path
        ill, well = HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.OK
        return number, ill if self.given[number] == "down" else well

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        note = self._note

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                number, status = note(self.path.lstrip("/"))
                body = str(number).encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""
                del format, args

        return Answer
