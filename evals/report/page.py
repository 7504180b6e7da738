"""The report as one page that needs nothing else: tables, plots, and each case that did not pass.

What models and attackers wrote is shown as escaped text, and the page's policy forbids every script.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib import resources
from string import Template
from typing import Any

from evals.outcome import Status
from evals.report.document import Document
from evals.report.junit import legible
from evals.report.plots import intervals, reliability

MOST_CASES = 200
"""Cases listed a suite; the JSON has all of them."""


def page(document: Document) -> str:
    """The whole page."""
    body = "\n".join((_head(document), _changes(document["changes"]), *map(_suite, document["suites"])))
    template = resources.files("evals.report").joinpath("page.html").read_text(encoding="utf-8")
    return Template(template).substitute(body=body)


def _head(document: Document) -> str:
    verdict = _word(document["ok"], "every bar holds", "a bar is broken or a case was not played")
    links = "".join(f'<a href="#{_e(suite["name"])}">{_e(suite["name"])}</a>' for suite in document["suites"])
    rows = (
        (
            f'<a href="#{_e(suite["name"])}">{_e(suite["name"])}</a>',
            _e(suite["title"]),
            _e(suite["opponents"]),
            f"{suite['completed']} of {suite['total']}",
            str(suite["passed"]),
            _word(suite["ok"], "holds", "broken") + _not_measured(suite),
        )
        for suite in document["suites"]
    )
    table = _table(("suite", "of", "models played by", "completed", "passed", "bars"), rows, numbers=(3, 4))
    code = document["code_sha"] or "unknown"
    made = f"made {_e(document['made_at'])}, code {_e(code)}, digest {document['digest'][:12]}"
    return f'<h1>Sage evals: {verdict}</h1><p class="muted">{made}</p><nav>{links}</nav>{table}'


def _not_measured(suite: Mapping[str, Any]) -> str:
    missing = sum(each["missing"] for each in suite["measures"])
    return f', <span class="bad">{missing} not measured</span>' if missing else ""


def _changes(changes: Sequence[Mapping[str, Any]]) -> str:
    if not changes:
        return ""
    rows = ((_e(each["suite"]), _e(each["what"]), _word(not each["worse"], "", "worse")) for each in changes)
    return f"<h2>Against the baseline</h2>{_table(('suite', 'what', ''), rows)}"


def _suite(suite: Mapping[str, Any]) -> str:
    measures, left = suite["measures"], [each for each in suite["results"] if each["status"] != Status.PASSED]
    parts = [
        f'<h2 id="{_e(suite["name"])}">{_e(suite["name"])}: {_e(suite["title"])}</h2>',
        f'<p class="bad">{_e(suite["caution"])}</p>' if suite["caution"] else "",
        f"<p>{_e(suite['claim'])}</p>",
    ]
    if measures:
        parts.append(
            _table(("measure", "of", "value", "95 % interval", "n", "bar"), map(_row, measures), numbers=(2, 3, 4))
        )
        shares = [each for each in measures if each["unit"] == "share" and not each["missing"]]
        parts += [f"<figure>{intervals(shares)}</figure>"] if shares else []
    bins = [each["facts"]["bins"] for each in suite["results"] if each.get("facts", {}).get("bins")]
    parts += [f"<figure>{reliability([(a, b, n) for a, b, n in each])}</figure>" for each in bins]
    if left:
        rows = (
            (f"<code>{_e(each['case_id'])}</code>", _e(each["status"]), _e(each["note"])) for each in left[:MOST_CASES]
        )
        listed = _table(("case", "", "why"), rows)
        parts.append(f"<details><summary>did not pass: {len(left)}</summary>{listed}</details>")
    return "".join(parts)


def _row(measure: Mapping[str, Any]) -> tuple[str, ...]:
    if measure["missing"]:
        wanted = f"at least {_figure(measure, measure['bar'])} wanted, " if measure["bar"] else ""
        told = f'<span class="bad">{wanted}{_e(measure["note"])}</span>'
        return _e(measure["name"]), _e(measure["of"]), "not measured", "", "0", told
    bar = "reported" if measure["bound"] == "reported" else f"{measure['bound']} {_figure(measure, measure['bar'])}"
    words = _e(bar) if measure["bound"] == "reported" else _word(measure["holds"], bar, f"{bar}, broken")
    span = f"{_figure(measure, measure['low'])} to {_figure(measure, measure['high'])}"
    return _e(measure["name"]), _e(measure["of"]), _figure(measure, measure["value"]), span, str(measure["n"]), words


def _figure(measure: Mapping[str, Any], value: float) -> str:
    return f"{100 * value:.2f} %" if measure["unit"] == "share" else f"{value:,.4g} {_e(measure['unit'])}"


def _word(good: bool, yes: str, no: str) -> str:
    return f'<span class="{"good" if good else "bad"}">{_e(yes if good else no)}</span>'


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        made = (f"<{tag}{_class(number in numbers)}>{cell}</{tag}>" for number, cell in enumerate(cells))
        return f"<tr>{''.join(made)}</tr>"

    return f"<table>{line([_e(head) for head in heads], 'th')}{''.join(line(row, 'td') for row in rows)}</table>"


def _class(number: bool) -> str:
    return ' class="n"' if number else ""


def _e(text: object) -> str:
    # The one way of text into the page; attacks are shown in it.
    return escape(legible(str(text)))
