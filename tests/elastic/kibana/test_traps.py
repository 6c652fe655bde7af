"""Thirty ways in which a document is there and Kibana does not show it, or not right.

`TRAPS` names for each the tests that keep heartbeat out of it, or why it cannot happen
here. A trap that a document can fall into is also shown by a mutant: a good document
with that one fault, which the page then loses, so that the tests would see the fault.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from heartbeat.elastic.plan import DEFAULT
from heartbeat.elastic.template import mappings

TESTS: Final = Path(__file__).parent.parent.parent


@dataclass(frozen=True, slots=True)
class Trap:
    """A fault, the tests that guard against it, and else why it cannot happen."""

    fault: str
    tests: tuple[str, ...] = field(default=())
    why: str = ""


TRAPS: Final = {
    1: Trap(
        "the last document of a check has no summary",
        ("test_u3_of_older_kibana", "test_mutant_without_a_summary"),
    ),
    2: Trap("the index has a name that Uptime does not read", ("test_names_are_read",)),
    3: Trap(
        "Synthetics is expected to read heartbeat-*",
        ("test_s1_overview", "test_every_stream_has_a_template"),
    ),
    4: Trap(
        "the template is missing, or comes after the first document",
        (
            "test_before_the_first_document",
            "test_an_index_in_the_way",
            "test_without_a_template",
        ),
    ),
    5: Trap(
        "summary.final_attempt is missing, or no boolean",
        ("test_type", "test_mutant_that_is_not_final"),
    ),
    6: Trap(
        "config_id or meta.space_id make a monitor one of Kibana's own",
        (
            "test_what_is_left_to_others_is_not_written",
            "test_mutant_with_config_id",
            "test_mutant_of_another_space",
        ),
    ),
    7: Trap(
        "run_once is there, whatever its value",
        ("test_what_is_left_to_others_is_not_written", "test_mutant_of_a_test_run"),
    ),
    8: Trap(
        "monitor.timespan ends before the next result",
        (
            "test_timespan_is_no_shorter_than_the_timeout",
            "test_mutant_of_a_short_span",
        ),
    ),
    9: Trap(
        "the schedule is wider than the window that a page looks at",
        ("test_u2_who_is_not_there", "test_s1_a_chosen_time"),
    ),
    10: Trap(
        "@timestamp lies in the future, or documents come late",
        ("test_step_of_the_wall_clock_is_noted", "test_mutant_from_the_future"),
    ),
    11: Trap(
        "a check group has two summaries, or none",
        ("test_u3_of_older_kibana", "test_several_addresses"),
    ),
    12: Trap(
        "summary.up and summary.down are texts",
        ("test_every_summary_has_two_numbers", "test_mutant_with_texts_for_numbers"),
    ),
    13: Trap(
        "summary.down is left out where it is 0",
        ("test_every_summary_has_two_numbers", "test_mutant_without_a_zero"),
    ),
    14: Trap(
        "observer.geo.name is not mapped because nobody has a place",
        ("test_type", "test_without_a_mapping_for_places"),
    ),
    15: Trap(
        "observer.geo.location is no text of two numbers",
        ("test_point_of_a_place", "test_no_point", "test_u9_monitor_locations"),
    ),
    16: Trap(
        "@timestamp is not always as wide",
        ("test_every_time_is_as_wide", "test_mutant_of_another_width"),
    ),
    17: Trap(
        "the dates of certificates lack their older names",
        ("test_u15_tls_rule", "test_mutant_without_the_older_dates"),
    ),
    18: Trap(
        "a certificate has no fingerprint, or a stream no mapping to sort by",
        (
            "test_u11_what_a_row_shows",
            "test_s3_certificates",
            "test_mutant_without_a_fingerprint",
        ),
    ),
    19: Trap(
        "state is missing, or counts an up within an outage",
        ("test_s6_errors_list", "test_mutant_without_a_state"),
    ),
    20: Trap(
        "monitor.id changes from run to run",
        ("test_golden_id", "test_mutant_with_a_new_id_each_time"),
    ),
    21: Trap(
        "monitor.status is neither up nor down",
        ("test_s6_flapping", "test_every_status_is_up_or_down"),
    ),
    22: Trap(
        "text forms, or url.full.keyword, are not mapped",
        ("test_u2_search", "test_forms_of_a_field", "test_s1_what_a_card_shows"),
    ),
    23: Trap(
        "a name is longer than an index takes",
        (
            "test_names_too_long_for_an_index_are_doubted",
            "test_mutant_with_a_long_name",
        ),
    ),
    24: Trap("agent.type is not heartbeat", ("test_u16_duration_anomaly",)),
    25: Trap(
        "the status rule counts each attempt",
        ("test_u13_monitor_status_rule", "test_s6_retries"),
        "the rule's own doing: whoever repeats attempts asks for as many times more",
    ),
    26: Trap(
        "the app is hidden without documents of the last week",
        ("test_u1_index_status",),
        "a setting of Kibana, not of documents: docs/kibana.md",
    ),
    27: Trap(
        "a monitor has more than ten places",
        (),
        "the page asks for ten (100 in the overview); no document can change that",
    ),
    28: Trap(
        "fields that a template does not know are stored only, or refused",
        ("test_own_fields_are_found", "test_s5_latest_run"),
    ),
    29: Trap(
        "Fleet's package is absent, so the cluster's own template takes the stream",
        ("test_the_clusters_own_template_does_not_do", "test_a_package_is_left_alone"),
    ),
    30: Trap(
        "an import says 200 and has failed",
        (),
        "the loader of dashboards judges by `success` and `errors`, as its tests show",
    ),
}


def test_the_table_is_complete() -> None:
    """Each trap has tests that exist, or a reason."""
    existing = {
        name
        for path in TESTS.rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text("utf-8"))
    }
    named = {name for trap in TRAPS.values() for name in trap.tests}

    assert list(TRAPS) == list(range(1, 31))
    assert named - existing == set()
    assert all(trap.tests or trap.why for trap in TRAPS.values())


def test_names_are_read() -> None:
    """The default stream is one that Uptime reads; the name goes by compatibility."""
    assert fnmatchcase(DEFAULT, "heartbeat-*")
    assert re.fullmatch(r"heartbeat-[89]\.\d+\.\d+", DEFAULT)


def test_own_fields_are_found() -> None:
    """What the template does not know becomes a keyword or a number, not a secret."""
    found = mappings()

    assert "dynamic" not in found
    assert found["dynamic_templates"][0]["strings_as_keyword"]["mapping"] == {
        "type": "keyword",
        "ignore_above": 1024,
    }
