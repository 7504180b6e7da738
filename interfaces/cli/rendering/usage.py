"""The screen of what asking models has cost."""

from __future__ import annotations

from decimal import Decimal

from rich.console import RenderableType
from rich.text import Text

from interfaces.cli.rendering.cells import DIM, WAIT, heading, lines, moment, screen, section, table, words
from interfaces.views.models import AllowanceRow, UsageView
from interfaces.views.plain import amount, counted

# As ``edge_pct`` has it by default, from where a cheaper model is asked.
_NEARLY = Decimal("0.8")


def usage(view: UsageView) -> RenderableType:
    """``sage usage``."""
    top = heading("Usage", f"{moment(view.as_of).plain} · {counted(view.days, 'day')}")
    if not view.rows:
        return screen(top, Text("Nothing: no model was asked.", DIM), *_budgets(view))
    made = table("day", "role", "calls>", "reused>", "tokens in>", "tokens out>", "USD>")
    for each in view.rows:
        made.add_row(
            each.day.isoformat(),
            lines(words(each.role), words(each.model, DIM)),
            f"{each.calls:,}",
            f"{each.reused:,}",
            f"{each.tokens_in:,}",
            f"{each.tokens_out:,}",
            amount(each.cost_usd, 4),
        )
    calls, cost = sum(each.calls for each in view.rows), sum((each.cost_usd for each in view.rows), Decimal(0))
    tokens = sum(each.tokens_in + each.tokens_out for each in view.rows)
    told = f"{counted(calls, 'call')}, {counted(tokens, 'token')}, {amount(cost, 4)} USD"
    return screen(top, made, Text(told, DIM), *_budgets(view))


def _budgets(view: UsageView) -> tuple[RenderableType, ...]:
    if not view.budgets:
        return ()
    made = table("budget", "tokens>", "of>", "USD>", "of>")
    for each in view.budgets:
        made.add_row(
            words(each.scope, WAIT if _nearly_spent(each) else ""),
            f"{each.tokens:,}",
            "-" if each.tokens_limit is None else f"{each.tokens_limit:,}",
            amount(each.cost_usd, 4),
            "-" if each.usd_limit is None else amount(each.usd_limit, 4),
        )
    return (section("Budgets", made, "used and set aside"),)


def _nearly_spent(row: AllowanceRow) -> bool:
    tokens = row.tokens_limit is not None and row.tokens >= _NEARLY * row.tokens_limit
    return tokens or (row.usd_limit is not None and row.cost_usd >= _NEARLY * row.usd_limit)
