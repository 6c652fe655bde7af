"""Print `<n> passed, <m> failed` from the tests' report and a count of failed steps.

Arguments: the JUnit report, the exit code of the tests, how many other steps failed. A
test that was skipped for want of a real server counts as failed: here, all of them are
to be there. So does a report that is missing or empty, and an exit code that no test
accounts for.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

WANTS_SERVER = "HEARTBEAT_TEST_"


def tally(report: Path) -> tuple[int, list[str]]:
    """Return how many tests passed, and a line for each that did not."""
    if not report.exists():
        return 0, ["the tests left no report"]
    cases = list(ET.parse(report).iter("testcase"))  # noqa: S314 - our own pytest's
    failures = [line for case in cases if (line := failure(case))]
    skipped = sum(case.find("skipped") is not None for case in cases)
    unmet = sum(line.startswith("skipped") for line in failures)
    if not cases:
        failures.append("the tests' report is empty")
    return len(cases) - len(failures) - (skipped - unmet), failures


def failure(case: ET.Element) -> str:
    """Return why a test counts as failed, or an empty text."""
    name = f"{case.get('classname')}.{case.get('name')}"
    for outcome in ("failure", "error"):
        if case.find(outcome) is not None:
            return f"{outcome}: {name}"
    skip = case.find("skipped")
    reason = "" if skip is None else skip.get("message", "")
    return f"skipped: {name}: {reason}" if WANTS_SERVER in reason else ""


def main() -> None:
    """Tally the report and the failed steps; exit 1 if anything failed."""
    passed, failures = tally(Path(sys.argv[1]))
    if not failures and int(sys.argv[2]):
        failures.append(f"the tests ended with code {sys.argv[2]}")
    for line in failures:
        print(line, file=sys.stderr)
    failed = len(failures) + int(sys.argv[3])
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
