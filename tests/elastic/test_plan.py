"""From options to what is to be installed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat import COMPATIBLE_VERSION
from heartbeat.elastic.plan import INDEX_CHANGED, ONE_LIFECYCLE, POLICY
from heartbeat.errors import ConfigError
from tests.support.config import written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from heartbeat.elastic.plan import Plan

    MakePlan = Callable[..., Plan]

NAME = f"heartbeat-{COMPATIBLE_VERSION}"


def index_settings(plan: Plan, *, is_serverless: bool = False) -> dict[str, Any]:
    """Return the index settings of the template."""
    body = plan.template(is_serverless=is_serverless)
    settings: dict[str, Any] = body["template"]["settings"]["index"]
    return settings


def test_defaults(plan: MakePlan) -> None:
    """One name for template, pattern and stream, and the reference's policy."""
    made = plan()

    assert (made.name, made.pattern, made.stream) == (NAME, NAME, NAME)
    assert (made.policy_name, made.policy) == ("heartbeat", POLICY)
    assert index_settings(made)["lifecycle"] == {"name": "heartbeat"}


@pytest.mark.parametrize(
    ("index", "pattern", "stream"),
    [
        ("up", "up*", "up"),
        ("up-%{[agent.version]}", "up-*", f"up-{COMPATIBLE_VERSION}"),
        ("up-%{+yyyy}", "up-*", ""),
        ("else", "up-*", ""),
        ("%{", "up-*", ""),
    ],
)
def test_stream_of_the_output(
    plan: MakePlan, index: str, pattern: str, stream: str
) -> None:
    """It is made beforehand if its name is known and the template is for it."""
    made = plan(
        f"setup.template: {{name: up, pattern: '{pattern}'}}\n",
        f"output.elasticsearch: {{hosts: [a], index: '{index}'}}\n",
    )

    assert (made.name, made.pattern, made.stream) == ("up", pattern, stream)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("setup.template.name: x\n", INDEX_CHANGED),
        ("setup: {ilm.enabled: true, dsl.enabled: true}\n", ONE_LIFECYCLE),
        ("setup.ilm.policy_name: '%{[host.name]}'\n", "'%{[host.name]}': only"),
        ("setup.ilm.policy_name: '%{'\n", "missing"),
        (
            "setup.template.json.enabled: true\n",
            "setup.template.json.path has to be set",
        ),
    ],
)
def test_contradictions(plan: MakePlan, text: str, expected: str) -> None:
    """They are told before anything starts, where they are written."""
    output = "output.elasticsearch: {hosts: [a], index: x}\n"
    if expected != INDEX_CHANGED:
        output = "output.elasticsearch.hosts: [a]\n"

    with pytest.raises(ConfigError) as caught:
        plan(text, output)

    (problem,) = caught.value.problems
    assert problem.message.startswith(expected) or expected == "missing"
    assert problem.line > 0


@pytest.mark.parametrize(
    "text",
    [
        "setup.template.enabled: false\n",
        "setup.template: {name: a, pattern: b}\n",
    ],
)
def test_other_index(plan: MakePlan, text: str) -> None:
    """It needs names for the template, unless there is to be none."""
    assert plan(text, "output.elasticsearch: {hosts: [a], index: x}\n").stream == ""


def test_without_an_output(plan: MakePlan) -> None:
    """What is exported needs none, and an empty option is the default."""
    assert plan("", "").stream == NAME
    assert plan("", "output.elasticsearch: {hosts: [a], index: ~}\n").stream == NAME


def test_settings(plan: MakePlan) -> None:
    """They are laid over ours, and what else a template may have comes along."""
    made = plan(
        "setup.template.settings: {index.number_of_shards: 3, _source.mode: stored,"
        " lifecycle.data_retention: 3d}\nsetup.template.priority: 7\n"
    )
    body = made.template()

    assert index_settings(made)["number_of_shards"] == 3
    assert index_settings(made)["refresh_interval"] == "5s"
    assert body["template"]["mappings"]["_source"] == {"mode": "stored"}
    assert body["template"]["lifecycle"] == {"data_retention": "3d"}
    assert body["priority"] == 7


def test_serverless(plan: MakePlan) -> None:
    """No policy, no settings of servers, a lifecycle of the stream instead."""
    made = plan()

    index = index_settings(made, is_serverless=True)
    lifecycle = made.template(is_serverless=True)["template"]["lifecycle"]

    assert {"lifecycle", "number_of_shards", "max_docvalue_fields_search"}.isdisjoint(
        index
    )
    assert lifecycle == {"data_retention": "7d"}


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("", (True, False)),
        ("setup.ilm.enabled: false\n", (False, False)),
        ("setup.ilm.enabled: true\n", (True, False)),
        ("setup.dsl.enabled: true\n", (False, True)),
    ],
)
def test_which_lifecycle(plan: MakePlan, text: str, uses: tuple[bool, bool]) -> None:
    """The policy, unless it is switched off or the stream's own is wanted."""
    made = plan(text)

    assert (made.uses_policy(), made.uses_retention()) == uses


@pytest.mark.parametrize(
    ("makes_streams", "stream"), [("true", "mine-1"), ("false", "")]
)
def test_files_of_the_operator(
    plan: MakePlan, tmp_path: Path, makes_streams: str, stream: str
) -> None:
    """A template and a policy of their own are used as they are."""
    own: dict[str, Any] = {
        "index_patterns": ["mine-*"],
        "template": {},
        "data_stream": {},
    }
    written(tmp_path, json.dumps(own), "template.json")
    written(tmp_path, '{"policy": {"phases": {}}}', "policy.json")
    made = plan(
        f"path.config: {tmp_path}\nsetup.ilm.policy_file: policy.json\n"
        "setup.template.json: {enabled: true, path: template.json, name: mine,"
        f" data_stream: {makes_streams}}}\n",
        "output.elasticsearch: {hosts: [a], index: mine-1}\n",
    )

    assert (made.name, made.template(), made.stream) == ("mine", own, stream)
    assert made.policy == {"policy": {"phases": {}}}


@pytest.mark.parametrize(
    ("content", "expected"),
    [(None, "cannot read "), ("{", " is no JSON: "), ("[]", " holds no JSON object")],
)
def test_files_that_cannot_be_used(
    plan: MakePlan, tmp_path: Path, content: str | None, expected: str
) -> None:
    """The fault names the file and stands where the option does."""
    if content is not None:
        written(tmp_path, content, "policy.json")

    with pytest.raises(ConfigError) as caught:
        plan(f"path.config: {tmp_path}\nsetup.ilm.policy_file: policy.json\n")

    (problem,) = caught.value.problems
    assert expected in problem.message
    assert problem.path == "setup.ilm.policy_file"
