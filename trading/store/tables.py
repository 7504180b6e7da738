"""Every table of Sage in one place. Money and quantities are exact, times are UTC, bodies are canonical JSON."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, MetaData, Table, Text, UniqueConstraint

from trading.store.columns import CanonicalJson, ExactDecimal, UtcTime

SCHEMA_VERSION = 6
metadata = MetaData()

# One row: which version of these tables the database holds.
schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True))

# The append-only record; each hash covers its row and the hash before it.
ledger = Table(
    "ledger",
    metadata,
    # Numbered by us: a sequence of the database leaves gaps where a write is undone, and a gap is a missing entry.
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("cause", Text, nullable=False),
    Column("cycle_id", Text, nullable=False, index=True),
    Column("body", CanonicalJson, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
)

# One row: how long the ledger is and how it ends, so that a cut-off tail is found.
ledger_head = Table(
    "ledger_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("entries", Integer, nullable=False),
    Column("hash", Text, nullable=False),
)

# What each cycle saw, whole.
observations = Table(
    "observations",
    metadata,
    Column("cycle_id", Text, primary_key=True),
    Column("as_of", UtcTime, nullable=False),
    Column("digest", Text, nullable=False),
    Column("body", CanonicalJson, nullable=False),
)

# Our record of every order that was ever going to be sent, and of the protective legs behind it.
orders = Table(
    "orders",
    metadata,
    Column("client_order_id", Text, primary_key=True),
    Column("decision_id", Text, nullable=False),
    Column("leg", Text, nullable=False),
    Column("cycle_id", Text, nullable=False, index=True),
    Column("symbol", Text, nullable=False, index=True),
    Column("side", Text, nullable=False),
    Column("qty", ExactDecimal, nullable=False),
    Column("type", Text, nullable=False),
    Column("tif", Text, nullable=False),
    Column("status", Text, nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False, index=True),
    Column("updated_at", UtcTime, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("filled_qty", ExactDecimal, nullable=False),
    Column("avg_fill_price", ExactDecimal),
    Column("limit_price", ExactDecimal),
    Column("trigger_price", ExactDecimal),
    Column("stop_loss", ExactDecimal),
    Column("take_profit", ExactDecimal),
    Column("reserved_price", ExactDecimal),
    Column("reduce_only", Boolean, nullable=False),
    Column("parent_id", Text, ForeignKey("orders.client_order_id")),
    Column("broker_id", Text),
    Column("broker_status", Text),
    Column("reason", Text, nullable=False),
    Column("sendable_until", UtcTime),
    Column("arrival_price", ExactDecimal),
    Column("trail_amount", ExactDecimal),
    Column("trail_pct", ExactDecimal),
    # I-20, whoever asks again and from whichever process.
    UniqueConstraint("decision_id", "leg"),
)

# Orders that are worked in slices: the plan they follow, and how far they have come.
algos = Table(
    "algos",
    metadata,
    Column("algo_id", Text, primary_key=True),
    Column("symbol", Text, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("plan", CanonicalJson, nullable=False),
    Column("progress", CanonicalJson, nullable=False),
)

# Executions as the broker told them, each once; realized_pnl is what the fill closed, first lot first, and strategy
# whose round trip it belongs to, whoever ordered it.
fills = Table(
    "fills",
    metadata,
    Column("fill_id", Text, primary_key=True),
    Column("client_order_id", Text, ForeignKey("orders.client_order_id"), nullable=False, index=True),
    Column("symbol", Text, nullable=False, index=True),
    Column("side", Text, nullable=False),
    Column("qty", ExactDecimal, nullable=False),
    Column("price", ExactDecimal, nullable=False),
    Column("commission", ExactDecimal, nullable=False),
    Column("at", UtcTime, nullable=False, index=True),
    Column("realized_pnl", ExactDecimal, nullable=False),
    Column("strategy", Text, nullable=False),
)

# What is still held, lot by lot in the order it was bought; signed quantities.
lots = Table(
    "lots",
    metadata,
    Column("fill_id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("symbol", Text, nullable=False, index=True),
    Column("qty", ExactDecimal, nullable=False),
    Column("price", ExactDecimal, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
)

# Round trips from flat to flat, one open at most for each symbol.
trades = Table(
    "trades",
    metadata,
    Column("trade_id", Text, primary_key=True),
    Column("symbol", Text, nullable=False, index=True),
    Column("strategy", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("decision_id", Text, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("stop_loss", ExactDecimal),
    Column("entry_qty", ExactDecimal, nullable=False),
    Column("entry_value", ExactDecimal, nullable=False),
    Column("exit_value", ExactDecimal, nullable=False),
    Column("commission", ExactDecimal, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("closed_at", UtcTime, index=True),
    Column("pnl", ExactDecimal),
)
Index("one_open_trade", trades.c.symbol, unique=True, sqlite_where=trades.c.closed_at.is_(None),
      postgresql_where=trades.c.closed_at.is_(None))  # fmt: skip

# Fees that a broker books apart from executions, each once by its own id for it; positive costs money.
charges = Table(
    "charges",
    metadata,
    Column("charge_id", Text, primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("amount", ExactDecimal, nullable=False),
    Column("what", Text, nullable=False),
    Column("symbol", Text),
)

# What the owner took over from the broker into the books: both quantities, and by how much the cost of the lots moved.
adjustments = Table(
    "adjustments",
    metadata,
    Column("adjustment_id", Text, primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("by", Text, nullable=False),
    Column("symbol", Text, nullable=False, index=True),
    Column("ours", ExactDecimal, nullable=False),
    Column("theirs", ExactDecimal, nullable=False),
    Column("price", ExactDecimal),
    Column("ratio", ExactDecimal),
    Column("split_at", UtcTime),
    Column("cost", ExactDecimal, nullable=False),
)

# What we asked a broker besides new orders: cancels and replaces, each ask one row.
messages = Table(
    "messages",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("client_order_id", Text, nullable=False),
)

# How each call to the broker went; kept for a day.
broker_calls = Table(
    "broker_calls",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("what", Text, nullable=False),
    Column("ok", Boolean, nullable=False),
)

# When something last happened in a symbol; the time only moves forward.
symbol_times = Table(
    "symbol_times",
    metadata,
    Column("symbol", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("at", UtcTime, nullable=False),
)

# Orders that wait for a person, and what became of them.
approvals = Table(
    "approvals",
    metadata,
    Column("pending_id", Text, primary_key=True),
    Column("decision_id", Text, nullable=False, unique=True),
    Column("requested_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("body", CanonicalJson, nullable=False),
    Column("answered_by", Text),
    Column("answered_at", UtcTime),
)

# One row: the switches of the control plane.
control = Table(
    "control",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("killed", Boolean, nullable=False),
    Column("trading_state", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("policy_digest", Text, nullable=False),
    Column("code_digest", Text, nullable=False),
    Column("prompt_digest", Text, nullable=False),
    Column("reconciled_at", UtcTime),
    Column("mismatched", CanonicalJson, nullable=False),
    Column("resumed_at", UtcTime),
    Column("ramp_from", UtcTime),
    Column("newest", UtcTime),
)

# Every policy that was in force, whole, so that the next one can be compared with it.
policies = Table(
    "policies",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("profile", Text, nullable=False),
    Column("limits", CanonicalJson, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", Text, nullable=False),
)

# Refusals at the desk since an order of that symbol and side was last let through; older than a day they are dropped.
blocks = Table(
    "blocks",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("symbol", Text, nullable=False, index=True),
    Column("side", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

# Scopes in which no new entry is made.
pauses = Table(
    "pauses",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("since", UtcTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("until", UtcTime),
    Column("reason", Text, nullable=False),
)

# Things that must not happen and did; each is raised once.
incidents = Table(
    "incidents",
    metadata,
    Column("key", Text, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("what", Text, nullable=False),
)

# Articles and posts as their source gave them, each content once.
news_items = Table(
    "news_items",
    metadata,
    Column("content_digest", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("body", CanonicalJson, nullable=False),
)

# Which symbols a source tagged a text with.
news_symbols = Table(
    "news_symbols",
    metadata,
    Column("symbol", Text, primary_key=True),
    Column("content_digest", Text, ForeignKey("news_items.content_digest"), primary_key=True),
)

# What the quarantined reader made of each content, once.
news_readings = Table(
    "news_readings",
    metadata,
    Column("content_digest", Text, ForeignKey("news_items.content_digest"), primary_key=True),
    Column("available_at", UtcTime, nullable=False, index=True),
    Column("body", CanonicalJson, nullable=False),
)

# Finished model calls, so that a resumed cycle pays none of them twice.
model_calls = Table(
    "model_calls",
    metadata,
    Column("cycle_id", Text, primary_key=True),
    Column("request_digest", Text, primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("body", CanonicalJson, nullable=False),
    Column("fault", Text),
)

# Each run of the oversight cycle and its report.
cycles = Table(
    "cycles",
    metadata,
    Column("cycle_id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("as_of", UtcTime, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("report", CanonicalJson),
    UniqueConstraint("account", "sequence"),
)

# How far each simulated clock has come.
cursors = Table(
    "cursors",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", UtcTime, nullable=False),
)

# Equity over time.
equity_points = Table(
    "equity_points",
    metadata,
    Column("at", UtcTime, primary_key=True),
    Column("day", Date, nullable=False, index=True),
    Column("equity", ExactDecimal, nullable=False),
)

# One row an exchange day: the equity it started with, written once, and the highest it has seen.
equity_days = Table(
    "equity_days",
    metadata,
    Column("day", Date, primary_key=True),
    Column("start_equity", ExactDecimal, nullable=False),
    Column("peak_equity", ExactDecimal, nullable=False),
)

# One row: the highest equity so far, moved by deposits and withdrawals and by nothing else downwards.
high_water = Table(
    "high_water",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("peak_equity", ExactDecimal, nullable=False),
)

# Money moved in (positive) or out, each transfer once.
transfers = Table(
    "transfers",
    metadata,
    Column("transfer_id", Text, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("amount", ExactDecimal, nullable=False),
)

_REFUSE = "RAISE(ABORT, 'the ledger is append-only')"
APPEND_ONLY = {
    "sqlite": (
        f"CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger BEGIN SELECT {_REFUSE}; END",
        f"CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger BEGIN SELECT {_REFUSE}; END",
    ),
    "postgresql": (
        """CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
        """CREATE TRIGGER ledger_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()""",
    ),
}
"""Statements that make a database refuse to change or delete what the ledger holds."""
