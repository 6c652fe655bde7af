"""`setup`: what is put into Elasticsearch and Kibana before documents come.

Owns the names, defaults and descriptions of the options. Must not know what a template,
a policy or a dashboard looks like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, field_validator, model_validator

from heartbeat.config.tls import TlsOptions
from heartbeat.config.types import (
    Count,
    Duration,
    Fields,
    Flag,
    Integer,
    Listed,
    Options,
    Text,
    format_scalar,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.config.section import Section


class TemplateFileOptions(Options):
    """`setup.template.json`."""

    enabled: Flag = Field(
        default=False, description="Take the template from a file of your own."
    )
    path: Text = Field(default="", description="The file, JSON; from path.config on.")
    name: Text = Field(default="", description="Name of the template.")
    data_stream: Flag = Field(
        default=False, description="The template is one of data streams."
    )


class TemplateOptions(Options):
    """`setup.template`: types and settings of the index."""

    enabled: Flag = Field(
        default=True,
        description="Put the index template into Elasticsearch if it is missing.",
    )
    name: Text = Field(
        default="", description="Its name; heartbeat-VERSION by default."
    )
    pattern: Text = Field(
        default="",
        description="Data streams it is for; those of its name by default.",
    )
    overwrite: Flag = Field(
        default=False, description="Replace a template that is already there."
    )
    priority: Integer = Field(
        default=150, ge=0, description="Among templates that fit, the highest counts."
    )
    settings: Fields = Field(
        default={},
        description="Settings to add: members index, _source and lifecycle.",
    )
    component_templates: Listed[Text] = Field(
        default=(),
        description="Component templates of your own to add: mappings of your fields,"
        " settings. They may come later; what they say counts from the next rollover.",
    )
    json_file: TemplateFileOptions = Field(
        default=TemplateFileOptions(),
        alias="json",
        description="A template of your own instead.",
    )


class LifecyclePolicyOptions(Options):
    """`setup.ilm`: the lifecycle policy."""

    enabled: Flag | None = Field(
        default=None,
        description="Use a lifecycle policy; by default wherever there are such, which"
        " is not so in serverless projects.",
    )
    policy_name: Text = Field(default="heartbeat", description="Its name.")
    policy_file: Text = Field(
        default="", description="A policy of your own, JSON; from path.config on."
    )
    check_exists: Flag = Field(
        default=True, description="false takes it for granted that the policy is there."
    )
    overwrite: Flag = Field(
        default=False, description="Replace a policy that is already there."
    )


class RetentionOptions(Options):
    """`setup.dsl`: the lifecycle of the data stream itself."""

    enabled: Flag | None = Field(
        default=None,
        description="Set the lifecycle of the data stream; by default in serverless"
        " projects only.",
    )
    data_stream_pattern: Text = Field(
        default="", description="The data stream; that of the output by default."
    )
    policy_file: Text = Field(
        default="", description="A lifecycle of your own, JSON; from path.config on."
    )
    check_exists: Flag = Field(
        default=True, description="false takes it for granted that it is set."
    )
    overwrite: Flag = Field(
        default=False, description="Replace a lifecycle that is already set."
    )


class SpaceOptions(Options):
    """`setup.kibana.space`."""

    id: Text = Field(default="", description="The space; the default one if empty.")


class RetryOptions(Options):
    """`setup.kibana.retry`: requests that a proxy or a busy Kibana refuses."""

    max_retries: Count = Field(default=3, description="Attempts after the first.")
    retry_on_status: Listed[Integer] = Field(
        default=(502, 503, 504), description="After which statuses."
    )


class KibanaOptions(Options):
    """`setup.kibana`: where dashboards are put, and as whom."""

    host: Text = Field(
        default="localhost:5601", description="Host, host:port or URL of Kibana."
    )
    protocol: Text = Field(
        default="http", description="http or https, for a host that does not say."
    )
    path: Text = Field(default="", description="Prefix of every path.")
    space: SpaceOptions = Field(
        default=SpaceOptions(), description="Where in Kibana they are put."
    )
    username: Text = Field(
        default="", description="User; that of output.elasticsearch by default."
    )
    password: Text = Field(
        default="", description="Password; that of output.elasticsearch by default."
    )
    api_key: Text = Field(
        default="",
        description="API key as id:key, or that in base64; without a user, that of"
        " output.elasticsearch by default.",
    )
    service_token: Text = Field(
        default="", description="Token of a service account, sent as Bearer."
    )
    headers: Fields = Field(
        default_factory=dict[str, Any], description="Added to requests."
    )
    ssl: TlsOptions | None = Field(default=None, description="TLS settings.")
    timeout: Duration = Field(default=90.0, gt=0, description="Limit of a request.")
    retry: RetryOptions = Field(
        default=RetryOptions(), description="Requests that are refused for the moment."
    )

    @field_validator("headers")
    @classmethod
    def _texts(cls, headers: Mapping[str, Any]) -> dict[str, str]:
        if not all(isinstance(one, str | int | float) for one in headers.values()):
            raise ValueError("the values must be texts")
        return {name: format_scalar(value) for name, value in headers.items()}

    @model_validator(mode="after")
    def _one_identity(self) -> Self:
        has_user = bool(self.username or self.password)
        if self.api_key and has_user:
            raise ValueError("cannot set both api_key and username/password")
        if self.service_token and (self.api_key or has_user):
            raise ValueError(
                "cannot set service_token beside api_key or username/password"
            )
        return self


class WaitOptions(Options):
    """`setup.dashboards.retry`: waiting for a Kibana that is not there yet."""

    enabled: Flag = Field(default=False, description="Wait for it.")
    interval: Duration = Field(default=1.0, gt=0, description="Time between attempts.")
    maximum: Count = Field(
        default=0, description="Attempts after the first; 0 for no end."
    )


class DashboardsOptions(Options):
    """`setup.dashboards`: the dashboards and their data view."""

    enabled: Flag = Field(
        default=False,
        description="Put them into Kibana at each start, beside the checks; `heartbeat"
        " setup` does it in any case.",
    )
    index: Text = Field(
        default="", description="Indices that they show; heartbeat-* by default."
    )
    overwrite: Flag = Field(
        default=True,
        description="Replace what is there already under the same id; false leaves it.",
    )
    only_dashboards: Flag = Field(
        default=False, description="Leave the data view as it is."
    )
    only_index: Flag = Field(default=False, description="The data view alone.")
    retry: WaitOptions = Field(default=WaitOptions(), description="Waiting for Kibana.")

    @model_validator(mode="after")
    def _something_is_left(self) -> Self:
        if self.only_dashboards and self.only_index:
            raise ValueError("only_dashboards and only_index leave nothing to do")
        return self


class SetupOptions(Options):
    """`setup`: what is put into Elasticsearch and Kibana before documents come."""

    template: TemplateOptions = Field(
        default=TemplateOptions(), description="Types and settings of the index."
    )
    ilm: LifecyclePolicyOptions = Field(
        default=LifecyclePolicyOptions(), description="The lifecycle policy."
    )
    dsl: RetentionOptions = Field(
        default=RetentionOptions(), description="The lifecycle of the data stream."
    )
    dashboards: DashboardsOptions = Field(
        default=DashboardsOptions(), description="The dashboards and their data view."
    )
    kibana: KibanaOptions = Field(
        default=KibanaOptions(), description="Where they are put, and as whom."
    )


def names_kibana(root: Section, options: SetupOptions) -> bool:
    """Say whether anything is written about where Kibana is, or that it is wanted."""
    section = root.get("setup.kibana")
    is_written = section is not None and not section.is_null()
    return is_written or options.dashboards.enabled
