"""`setup`: what is put into Elasticsearch before documents come.

Owns the names, defaults and descriptions of the options. Must not know what a template
or a policy looks like.
"""

from __future__ import annotations

from pydantic import Field

from heartbeat.config.types import Fields, Flag, Integer, Listed, Options, Text


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


class SetupOptions(Options):
    """`setup`: what is put into Elasticsearch before documents come."""

    template: TemplateOptions = Field(
        default=TemplateOptions(), description="Types and settings of the index."
    )
    ilm: LifecyclePolicyOptions = Field(
        default=LifecyclePolicyOptions(), description="The lifecycle policy."
    )
    dsl: RetentionOptions = Field(
        default=RetentionOptions(), description="The lifecycle of the data stream."
    )
