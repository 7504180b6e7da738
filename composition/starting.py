"""A start: what it may change in its home (mode, release in force, a kill that fell meanwhile) and how it is set up.

Part of the composition root: ``opening.py`` calls it before anything of a start can act.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from domain.errors import ManualActionError
from interfaces.lazy import rooms_on_first_use

with rooms_on_first_use():
    import pydantic

    import composition.brokers as brokers
    import composition.sources as sources
    import domain.case as cases
    import domain.record.entries as records
    import evals.running as running
    import graphs.deps as wiring
    import interfaces.acting.releasing as releasing
    import interfaces.runtime as runtimes
    import interfaces.views.records as record_views
    import policies.coverage as coverage
    import policies.kill_switch as kill_switches
    import policies.ladder as ladder
    import policies.policy as policies
    import prompts.loader as prompts
    import settings.variables as configuration
    import trading.data.events.cover as covering
    import trading.data.events.merged as merging
    import trading.data.files_market as files_market
    import trading.data.files_news as files_news
    import trading.data.sectors as sectors
    import trading.monitor.logs as logs
    import trading.store.control as control_store

if TYPE_CHECKING:
    from datetime import datetime

    from domain.market import Symbol
    from domain.ports import Clock, Market

USER, QUERY = re.compile(r"//[^\s\"]*@"), re.compile(r"\?[^\s,\"]*")
"""What of an address may be a secret."""
REPORTS = "report"
"""Where `sage evals run` leaves its report unless --out says otherwise."""


def moved_down(control: control_store.ControlStore, present: cases.Mode, wanted: cases.Mode, now: datetime) -> str:
    """A start may lower the mode; raising it takes the owner's own command. The answer is what to tell, if anything."""
    if ladder.mode_refusal(present, wanted, ladder.Actor.RULE) is not None:
        return f"the mode stays {present.value}: `sage mode {wanted.value}` raises it, SAGE_MODE does not"
    control.set_mode(wanted, by="start", at=now, reason="named at a start")
    return ""


def first_mode(
    settings: configuration.Settings, stores: wiring.Stores, stands: cases.Mode, now: datetime
) -> cases.Mode:
    """Where a new home stands on the ladder; a home whose control row is gone is no new one, and is killed."""
    control, wanted = stores.control, settings.mode or cases.Mode.PAPER
    if stores.ledger.entries(kind=records.RecordKind.CONTROL):
        control.set_killed(True, by="start", at=now, reason="the control row is gone although the ledger knows it")
        raise ManualActionError("the control plane was removed from the database", "Look at `sage audit verify`.")
    refused = ladder.mode_refusal(stands, wanted, ladder.Actor.OWNER, live_account=brokers.real_money(settings))
    if refused is not None:
        raise ManualActionError(f"SAGE_MODE={wanted.value}: {refused}", "Leave it empty to keep the present mode.")
    control.set_mode(wanted, by="owner", at=now, reason="named at the first start")
    return wanted


def put_in_force(
    settings: configuration.Settings,
    stores: wiring.Stores,
    policy: policies.Policy,
    release: cases.Release,
    clock: Clock,
    latch: kill_switches.KillSwitch,
    *,
    trades: bool,
) -> releasing.StartFinding:
    """Record what this start changes: the mode of a new home, the release, a latch that fell meanwhile.

    Naming a policy file that loosens something is not enough: it waits until the owner accepts it.
    """
    control, now = stores.control, clock.now()
    stored = control.read()
    if not stored.readable:
        unread = "the control plane in the database cannot be read, which counts as killed"
        if trades:
            raise ManualActionError(unread, "Look at `sage audit verify`, and put the database back from a backup.")
        return releasing.StartFinding(f"{unread}; nothing is sent", waits=True)
    # No start has put a policy in force yet.
    fresh = not stored.policy_digest
    wanted = first_mode(settings, stores, stored.mode, now) if fresh else settings.mode or stored.mode
    told = []
    if trades and wanted is not stored.mode and not fresh:
        told.append(moved_down(control, stored.mode, wanted, now))
    found = releasing.put_in_force(stores.database, control, release, policy, at=now, trades=trades)
    told.append(releasing.notice(found, policy))
    told.append(releasing.kills_at_start(control, latch, at=now))
    return releasing.StartFinding("; ".join(filter(None, told)), found.needs_owner)


def setup_of(
    settings: configuration.Settings, deps: wiring.CycleDeps, universe: tuple[Symbol, ...], notice: str
) -> runtimes.Setup:
    """How this start is set up, and what its sources leave open."""
    files = (files_market.FilesMarket, files_news.FilesNews)
    return runtimes.Setup(
        home=settings.home,
        model=deps.asker.model.name,
        market=settings.market,
        news=settings.news_name,
        broker=deps.broker.name,
        account_id=sources.ACCOUNT,
        universe=universe,
        prompt_digest=prompts.prompt_digest(),
        started_at=deps.clock.now(),
        own_time=sources.has_own_time(settings.market),
        uncovered=coverage.uncovered(
            deps.policy,
            coverage.OURS | covering.supplied(deps.market, universe, as_of=deps.clock.now()),
            without_sector(settings, deps.market, universe),
        ),
        policy_source=str(settings.policy),
        notice=notice,
        config=shown_settings(settings),
        # Handed on unread: a report is large, and few commands ask for it.
        evals=newest_evals,
        redact=logs.Redaction(settings.secrets),
        issues=tuple(
            issue
            for source in (merging.prices_of(deps.market), deps.news)
            if isinstance(source, files)
            for issue in source.issues
        ),
        venues=brokers.described(settings, deps.market),
    )


def shown_settings(settings: configuration.Settings) -> tuple[record_views.ConfigRow, ...]:
    """Every setting by the name of its variable; of a secret only whether it is there."""
    redact = logs.Redaction(settings.secrets)
    rows = []
    for name, field in configuration.Settings.model_fields.items():
        value = getattr(settings, name)
        told = "set, not shown" if isinstance(value, pydantic.SecretStr) else value_told(value)
        rows.append(record_views.ConfigRow(str(field.alias), redact(told), value == field.default))
    return tuple(rows)


def value_told(value: object) -> str:
    """A setting in words: of a table what differs from its defaults, of an address neither user nor query."""
    if value is None:
        return ""
    text = value.model_dump_json(exclude_defaults=True) if isinstance(value, pydantic.BaseModel) else str(value)
    return QUERY.sub("?[redacted]", USER.sub("//[redacted]@", text))


def newest_evals() -> tuple[str, tuple[record_views.SuiteRow, ...]]:
    """The report that `sage evals run` left in this folder, or else the baseline that ships; and which it is."""
    path = Path(REPORTS) / running.REPORT
    if path.is_file():
        suites = running.read_document(path)["suites"]
        return str(path), tuple(
            record_views.SuiteRow(each["name"], each["total"], each["passed"], each["ok"]) for each in suites
        )
    baseline = running.committed_baseline()
    known = {} if baseline is None else baseline["suites"]
    return "the committed baseline", tuple(
        record_views.SuiteRow(name, each["total"], each["total"] - len(each["not_passed"]), None)
        for name, each in sorted(known.items())
    )


def without_sector(
    settings: configuration.Settings, market: Market, universe: tuple[Symbol, ...]
) -> tuple[Symbol, ...]:
    """Symbols whose sector nobody knows. Vendors tell none, so the shipped list is looked at without asking them."""
    if not sources.has_own_time(settings.market):
        unlisted = (symbol for symbol in universe if sectors.sector_of(symbol) is None)
        return tuple(symbol for symbol in unlisted if merging.stated_of(market, symbol).sector is None)
    instruments = {symbol: market.instrument(symbol) for symbol in universe}
    return tuple(symbol for symbol, known in instruments.items() if known is None or known.sector is None)
