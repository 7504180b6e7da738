"""The report as JUnit XML: a test case a case, and one a bar, so that a broken bar stops a pipeline by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from evals.outcome import Status
from evals.report.document import Document


def junit(document: Document) -> str:
    """One ``testsuite`` a suite. Only cases that were not played are errors; a failed case fails by its bar."""
    root = ElementTree.Element("testsuites", name="sage evals")
    for suite in document["suites"]:
        _suite(root, suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: ElementTree.Element, suite: Mapping[str, Any]) -> None:
    bars = [each for each in suite["measures"] if each["bound"] != "reported" or each["missing"]]
    unplayed = suite["total"] - suite["completed"]
    broken = sum(not each["holds"] for each in bars)
    named = ElementTree.SubElement(
        root,
        "testsuite",
        name=suite["name"],
        tests=str(suite["total"] + len(bars)),
        errors=str(unplayed),
        failures=str(broken),
        skipped=str(sum(each["missing"] for each in bars)),
        time=str(suite["seconds"]),
    )
    for bar in bars:
        case = ElementTree.SubElement(
            named, "testcase", classname=suite["name"], name=f"{bar['name']} {bar['of']}".strip()
        )
        if bar["missing"]:
            ElementTree.SubElement(case, "skipped", message=bar["note"])
        elif not bar["holds"]:
            message = f"{bar['value']:g} is not {bar['bound']} {bar['bar']:g}"
            ElementTree.SubElement(case, "failure", message=message)
    for result in suite["results"]:
        case = ElementTree.SubElement(
            named, "testcase", classname=suite["name"], name=result["case_id"], time=f"{result['ms'] / 1000:.6f}"
        )
        if result["status"] in (Status.ERRORED, Status.STALE):
            ElementTree.SubElement(case, "error", message=legible(result["note"]))
        elif result["status"] == Status.FAILED:
            ElementTree.SubElement(case, "system-out").text = legible(result["note"])


def legible(text: str) -> str:
    """Text that XML 1.0 can hold: attacks carry control characters, which no escape makes legal."""
    return "".join(letter if letter.isprintable() or letter == "\n" else f"\\u{ord(letter):04x}" for letter in text)
