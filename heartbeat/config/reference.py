"""Options of the reference that heartbeat knows of but does not act on.

Owns the table of them, so that none is ever ignored in silence. Must not know the
options that do work: those are in the models.
"""

from __future__ import annotations

from typing import Final

_NOT_YET = "is not supported here yet: "
_NO_EFFECT = "has no effect here: "
_OUR_OWN = "import files of your own in Kibana"

NOTES: Final = {
    "setup.template.fields": f"{_NOT_YET}the fields are those of docs/fields.md",
    "setup.template.append_fields": (
        f"{_NOT_YET}other strings become keywords, other numbers longs or floats"
    ),
    "setup.dashboards.directory": f"{_NOT_YET}{_OUR_OWN}",
    "setup.dashboards.url": f"{_NOT_YET}{_OUR_OWN}",
    "setup.dashboards.file": f"{_NOT_YET}{_OUR_OWN}",
    "setup.dashboards.string_replacements": f"{_NOT_YET}{_OUR_OWN}",
    "setup.dashboards.beat": f"{_NO_EFFECT}the dashboards are heartbeat's own",
    "setup.dashboards.kibana_index": f"{_NO_EFFECT}Kibana knows its index itself",
    "setup.dashboards.always_kibana": f"{_NO_EFFECT}Kibana is always asked",
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
    "http.debug": f"{_NO_EFFECT}it inspects the reference's own inputs",
    "logging.to_syslog": f"{_NOT_YET}log to files or standard error",
    "logging.to_eventlog": f"{_NO_EFFECT}there is no Windows event log",
    "logging.event_data": f"{_NOT_YET}no log line contains an event",
    "logging.metrics.namespaces": f"{_NO_EFFECT}the figures of /stats are logged",
    "logging.json": "has no effect in the reference either: log files are always JSON",
    "logging.files.redirect_stderr": f"{_NOT_YET}standard error stays where it is",
    "queue.mem.flush": (
        f"{_NO_EFFECT}events leave at once after a quiet second, else within one"
    ),
    "queue.disk.segment_size": f"{_NO_EFFECT}the queue is one database",
    "queue.disk.read_ahead": f"{_NO_EFFECT}the queue is one database",
    "queue.disk.write_ahead": f"{_NO_EFFECT}the queue is one database",
    "queue.disk.retry_interval": f"{_NO_EFFECT}the queue is one database",
    "queue.disk.max_retry_interval": f"{_NO_EFFECT}the queue is one database",
    "output.version": f"{_NO_EFFECT}the version is agreed on with the broker",
    "output.worker": f"{_NO_EFFECT}one client does the work",
    "output.workers": f"{_NO_EFFECT}one client does the work",
    "output.loadbalance": f"{_NO_EFFECT}messages go where their partition is",
    "output.broker_timeout": f"{_NO_EFFECT}timeout is what brokers are told, too",
    "output.keep_alive": f"{_NO_EFFECT}the system's own settings count",
    "output.compression_level": f"{_NO_EFFECT}the library's own level counts",
    "output.channel_buffer_size": f"{_NO_EFFECT}bulk_max_size limits what is under way",
    "output.metadata.retry": f"{_NO_EFFECT}it is asked for until timeout is over",
    "output.metadata.full": f"{_NO_EFFECT}only topics in use are asked for",
    "processor.script.max_cached_sessions": f"{_NO_EFFECT}one session does the work",
    "processor.script.only_cached_sessions": f"{_NO_EFFECT}one session does the work",
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
