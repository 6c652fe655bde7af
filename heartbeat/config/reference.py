"""Options of the reference that heartbeat knows of but does not act on.

Owns the table of them, so that none is ever ignored in silence. Must not know the
options that do work: those are in the models.
"""

from __future__ import annotations

from typing import Final

_NOT_YET = "is not supported here yet: "
_NO_EFFECT = "has no effect here: "

NOTES: Final = {
    "processors": f"{_NOT_YET}events are sent without these changes",
    "setup": f"{_NOT_YET}templates, policies and Kibana are left as they are",
    "monitoring": f"{_NOT_YET}read the HTTP endpoint instead (http.enabled)",
    "xpack": "has no effect since version 8 of the reference either: remove it",
    "instrumentation": f"{_NOT_YET}heartbeat does not trace itself",
    "seccomp": f"{_NO_EFFECT}limit the process with its container or unit",
    "max_procs": f"{_NO_EFFECT}one core does the work",
    "gc_percent": f"{_NO_EFFECT}it tunes the reference's own runtime",
    "features": f"{_NOT_YET}the host name is taken as the system gives it",
    "migration": f"{_NO_EFFECT}there is nothing to migrate",
    "timeseries": f"{_NOT_YET}documents carry no time series members",
    "system": f"{_NO_EFFECT}it belongs to Metricbeat",
    "heartbeat.autodiscover": f"{_NOT_YET}list the monitors or write files of them",
    "heartbeat.socket_trace": f"{_NO_EFFECT}it serves the reference's own tests",
    "http.named_pipe": f"{_NO_EFFECT}there are no Windows pipes",
    "http.pprof": f"{_NO_EFFECT}it profiles the reference's own runtime",
    "http.buffer": f"{_NOT_YET}/buffer is not served",
    "http.debug": f"{_NO_EFFECT}it inspects the reference's own inputs",
    "logging.to_syslog": f"{_NOT_YET}log to files or standard error",
    "logging.to_eventlog": f"{_NO_EFFECT}there is no Windows event log",
    "logging.event_data": f"{_NOT_YET}no log line contains an event",
    "logging.metrics": f"{_NOT_YET}read the HTTP endpoint instead (http.enabled)",
    "logging.json": "has no effect in the reference either: log files are always JSON",
    "logging.files.redirect_stderr": f"{_NOT_YET}standard error stays where it is",
    "queue.mem.flush": f"{_NO_EFFECT}events leave as soon as an output can take them",
    "queue.disk.segment_size": f"{_NO_EFFECT}the queue is one database",
    "queue.disk.read_ahead": f"{_NO_EFFECT}the queue is one database",
    "queue.disk.write_ahead": f"{_NO_EFFECT}the queue is one database",
    "queue.disk.retry_interval": f"{_NO_EFFECT}the queue is one database",
    "queue.disk.max_retry_interval": f"{_NO_EFFECT}the queue is one database",
    "monitor.processors": f"{_NOT_YET}events are sent without these changes",
    "monitor.publisher_pipeline": f"{_NO_EFFECT}events never carry host.*",
    "monitor.dataset": "has no effect in the reference either: remove it",
    "monitor.alert": "has no effect in the reference either: Kibana alone reads it",
    "monitor.locations": "has no effect in the reference either: Kibana alone reads it",
    "monitor.idle_connection_timeout": (
        f"{_NO_EFFECT}every check has a connection of its own"
    ),
    "monitor.method": "has no effect: write check.request.method",
}


def note_on(path: str) -> str | None:
    """Return what to say about an option that is known but not acted on, else None."""
    note = NOTES.get(path)
    return f"{path.removeprefix('monitor.')} {note}" if note else None
