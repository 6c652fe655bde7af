"""What an HTTP check writes into the document: `http.rtt` and `http.response`.

Owns those members and when each is there. Must not know how they came to be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat.event import microseconds
from heartbeat.frozen import frozen
from heartbeat.mime import detect

if TYPE_CHECKING:
    from heartbeat.event import Fields
    from heartbeat.monitors.http.exchange import Moments
    from heartbeat.monitors.http.response import Body, Head


@frozen
class ResponseFacts:
    """A response as it is to be reported.

    `body` is None where it could not be read; `headers` are left out unless wanted, and
    `content_bytes` says how much of the body is shown, None for nothing.
    """

    head: Head
    body: Body | None
    with_headers: bool
    content_bytes: int | None

    def document(self) -> Fields:
        """Return the members of `http.response`."""
        members: Fields = {"status_code": self.head.status}
        if self.with_headers:
            members["headers"] = self.head.document()
        if self.body is None:
            members["body"] = {}
            return members
        shown: Fields = {"bytes": self.body.size, "hash": self.body.digest}
        if self.content_bytes is not None:
            sample = self.body.sample[: self.content_bytes]
            shown["content"] = sample.decode("utf-8", "replace")
        members["body"] = shown
        if mime_type := detect(self.body.sample):
            members["mime_type"] = mime_type
        return members


@frozen
class HttpFacts:
    """How long the phases took and what came back; `response` is None if nothing."""

    moments: Moments
    response: ResponseFacts | None = None

    def put(self, fields: Fields) -> None:
        """Write `http`."""
        fields["http"] = http = {"rtt": self._rtt()}
        if self.response is not None:
            http["response"] = self.response.document()

    def _rtt(self) -> Fields:
        moments = self.moments
        begun, answered, ended = moments.begun, moments.answered, moments.ended
        rtt: Fields = {"validate": microseconds(ended - begun)}
        if answered is not None:
            rtt["write_request"] = microseconds(moments.written - begun)
            rtt["response_header"] = microseconds(answered - begun)
            rtt["content"] = microseconds(ended - answered)
        if self.response is not None:
            rtt["total"] = microseconds(ended - moments.called)
        return rtt
