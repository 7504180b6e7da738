"""What asking models leaves behind, kept in memory: rests, money set aside, offered answers."""

from decimal import Decimal

from domain.record.model_use import Spent
from interfaces.views.models import AllowanceRow, UsageRow, UsageView
from tests.builders.market import NOON


def a_usage() -> UsageView:
    """Two roles of one day, one of which used an answer again, and a budget that is nearly spent."""
    day, model = NOON.date(), "hosted:gpt-4.1-mini-2025-04-14"
    rows = (
        UsageRow(day, "advisor", model, 12, 0, 20_412, 1_904, Decimal("0.0112")),
        UsageRow(day, "reader", model, 40, 3, 41_960, 3_120, Decimal("0.0218")),
    )
    budgets = (
        AllowanceRow("today", 67_396, 100_000, Decimal("0.033"), Decimal("0.04")),
        AllowanceRow("reader today", 45_080, None, Decimal("0.0218"), None),
    )
    return UsageView(NOON, 10, rows, budgets)


class MemoryRests:
    """Rests in a dict."""

    def __init__(self):
        self.rows = {}

    def all(self):
        return tuple(self.rows.values())

    def put(self, rest):
        self.rows[rest.model] = rest

    def clear(self, model):
        self.rows.pop(model, None)


class MemoryBook:
    """The calls of one day in a dict."""

    def __init__(self):
        self.rows = {}

    def set_aside(self, wanted, fits):
        key = (wanted.cycle_id, wanted.key)
        others: dict[str, Spent] = {}
        for (cycle, name), (role, spent) in self.rows.items():
            if (cycle, name) != key:
                before = others.get(role, Spent())
                others[role] = Spent(before.tokens + spent.tokens, before.cost_usd + spent.cost_usd)
        if not fits(others):
            return False
        self.rows[key] = (wanted.role, Spent(wanted.tokens, wanted.cost_usd))
        return True

    def settle(self, cycle_id, key, spent):
        self.rows[cycle_id, key] = (self.rows[cycle_id, key][0], spent)

    def give_back(self, cycle_id, key):
        del self.rows[cycle_id, key]

    def of_day(self, at):
        return {}


class MemoryAnswers:
    """Offered answers in a list."""

    def __init__(self):
        self.calls = []

    def offer(self, call):
        self.calls.append(call)

    def offered(self, request_digest, *, since, until):
        found = (call for call in reversed(self.calls) if call.request_digest == request_digest)
        return next((call for call in found if since <= call.at <= until), None)
