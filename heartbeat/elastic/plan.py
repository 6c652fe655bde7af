"""What a cluster has to have before documents come, read from the options.

Owns names and bodies of the template, the policy and the data stream, and which
options contradict each other. Must not connect.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import orjson

from heartbeat import COMPATIBLE_VERSION
from heartbeat.elastic.streams import PRIORITY, streams_of
from heartbeat.elastic.template import Fitting, merged, template_body
from heartbeat.errors import ConfigError
from heartbeat.formats import FormatString
from heartbeat.outputs.base import BEAT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.config import Settings
    from heartbeat.config.setup import SetupOptions
    from heartbeat.elastic.streams import Stream

DEFAULT: Final = f"{BEAT}-{COMPATIBLE_VERSION}"
"""Name of the template, of its pattern and of the data stream."""

POLICY: Final = {
    "policy": {
        "phases": {
            "hot": {
                "actions": {
                    "rollover": {"max_primary_shard_size": "50gb", "max_age": "30d"}
                }
            }
        }
    }
}
RETENTION: Final = {"data_retention": "7d"}
INDEX_CHANGED: Final = (
    "setup.template.name and setup.template.pattern have to be set if index name is"
    " modified"
)
ONE_LIFECYCLE: Final = (
    "setup.ilm.enabled and setup.dsl.enabled cannot both be true: one lifecycle counts"
)

_REFUSED_WITHOUT_SERVERS: Final = ("number_of_shards", "max_docvalue_fields_search")
"""Index settings that serverless projects take from nobody."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be installed.

    `stream` is empty where the output writes to streams that are not known beforehand.
    `own_template` is a template of the operator's, used as it is. `streams` are those
    that monitors name themselves.
    """

    options: SetupOptions
    name: str
    pattern: str
    stream: str
    policy_name: str
    policy: Mapping[str, Any]
    retention_stream: str
    retention: Mapping[str, Any]
    own_template: Mapping[str, Any] | None = None
    streams: tuple[Stream, ...] = ()

    def uses_policy(self, *, is_serverless: bool = False) -> bool:
        """Say whether the lifecycle policy is used."""
        if is_serverless or self.options.dsl.enabled:
            return False
        return self.options.ilm.enabled is not False

    def uses_retention(self, *, is_serverless: bool = False) -> bool:
        """Say whether the stream gets a lifecycle of its own."""
        wanted = self.options.dsl.enabled
        return is_serverless if wanted is None else wanted

    def template(self, *, is_serverless: bool = False) -> dict[str, Any]:
        """Return the body of the index template."""
        if self.own_template is not None:
            return dict(self.own_template)
        priority = self.options.template.priority
        return self._body(self.pattern, priority, is_serverless=is_serverless)

    def template_for(
        self, stream: Stream, *, is_serverless: bool = False
    ) -> dict[str, Any]:
        """Return the body of the template for a stream that a monitor names."""
        return self._body(stream.pattern, PRIORITY, is_serverless=is_serverless)

    def _body(
        self, pattern: str, priority: int, *, is_serverless: bool
    ) -> dict[str, Any]:
        body = template_body(
            Fitting(pattern, priority, self.options.template.component_templates)
        )
        inner: dict[str, Any] = body["template"]
        index: dict[str, Any] = inner["settings"]["index"]
        if is_serverless:
            for setting in _REFUSED_WITHOUT_SERVERS:
                del index[setting]
        if self.uses_policy(is_serverless=is_serverless):
            index["lifecycle"] = {"name": self.policy_name}
        if self.uses_retention(is_serverless=is_serverless):
            inner["lifecycle"] = dict(self.retention)
        settings = self.options.template.settings
        inner["settings"]["index"] = merged(index, settings.get("index") or {})
        if source := settings.get("_source"):
            inner["mappings"]["_source"] = source
        if lifecycle := settings.get("lifecycle"):
            inner["lifecycle"] = merged(inner.get("lifecycle", {}), lifecycle)
        return body


def plan_of(settings: Settings) -> Plan:
    """Return the plan; raises `ConfigError` for options that cannot work."""
    return _Reading(settings).plan()


class _Reading:
    """One reading of the options; every fault is placed where it is written."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._options = settings.options.setup

    def plan(self) -> Plan:
        template, ilm, dsl = (
            self._options.template,
            self._options.ilm,
            self._options.dsl,
        )
        if ilm.enabled and dsl.enabled:
            raise self._fault("dsl.enabled", ONE_LIFECYCLE)
        index = self._index()
        own = self._own_template()
        is_named = bool(template.name and template.pattern) or own is not None
        if template.enabled and index != DEFAULT and not is_named:
            raise self._fault("", INDEX_CHANGED, "output.elasticsearch.index")
        name = self._text("template.name", template.name or DEFAULT)
        if own is not None:
            name = self._text("template.json.name", template.json_file.name or name)
        pattern = self._text("template.pattern", template.pattern or name)
        stream = index if self._makes(index, pattern, own) else ""
        streams = self._text("dsl.data_stream_pattern", dsl.data_stream_pattern)
        return Plan(
            options=self._options,
            name=name,
            pattern=pattern,
            stream=stream,
            policy_name=self._text("ilm.policy_name", ilm.policy_name),
            policy=self._file("ilm.policy_file", ilm.policy_file) or POLICY,
            retention_stream=streams or stream,
            retention=self._file("dsl.policy_file", dsl.policy_file) or RETENTION,
            own_template=own,
            streams=streams_of(self._settings.monitors),
        )

    def _index(self) -> str:
        """Return the stream of the output, with its dates left as they are written."""
        section = self._settings.outputs.get("elasticsearch")
        option = section.get("index") if section is not None else None
        if option is None or option.is_null():
            return DEFAULT
        text = str(option.plain())
        try:
            return FormatString(text, _KNOWN).static or text
        except ValueError:
            return text  # the output itself reports it

    def _own_template(self) -> dict[str, Any] | None:
        file = self._options.template.json_file
        if not file.enabled:
            return None
        if not file.path:
            raise self._fault("template.json", "setup.template.json.path has to be set")
        return self._file("template.json.path", file.path)

    def _makes(self, index: str, pattern: str, own: Mapping[str, Any] | None) -> bool:
        """Say whether the stream is known and one that the template makes."""
        if "%{" in index:
            return False
        if own is None:
            return fnmatchcase(index, pattern)
        patterns = own.get("index_patterns", [])
        is_for_streams = self._options.template.json_file.data_stream
        return is_for_streams and any(fnmatchcase(index, one) for one in patterns)

    def _text(self, option: str, text: str) -> str:
        try:
            static = FormatString(text, self._known()).static
        except ValueError as error:
            raise self._fault(option, str(error)) from error
        if static is None:
            raise self._fault(
                option,
                f"'{text}': only the version and the name of the agent can stand here",
            )
        return static

    def _known(self) -> dict[str, str]:
        name = self._settings.options.name
        return {**_KNOWN, **({"agent.name": name} if name else {})}

    def _file(self, option: str, name: str) -> dict[str, Any] | None:
        """Return the object in a file of the operator's; None without a name."""
        if not name:
            return None
        path = Path(self._settings.paths.config, name)
        try:
            content: object = orjson.loads(path.read_bytes())
        except OSError as error:
            raise self._fault(
                option, f"cannot read {path}: {error.strerror}"
            ) from error
        except ValueError as error:
            raise self._fault(option, f"{path} is no JSON: {error}") from error
        if not isinstance(content, dict):
            raise self._fault(option, f"{path} holds no JSON object")
        return cast("dict[str, Any]", content)

    def _fault(self, option: str, message: str, path: str = "") -> ConfigError:
        root = self._settings.root
        section = root.get(path or f"setup.{option}") or root
        return ConfigError([section.problem(message)])


_KNOWN: Final = {
    f"{prefix}.version": COMPATIBLE_VERSION for prefix in ("agent", "beat", "observer")
}
