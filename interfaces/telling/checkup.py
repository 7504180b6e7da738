"""The doctor: every part asked once whether it is fit, with the remedy where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from domain.case import TradingState
from domain.errors import ConfigurationError, OversightError
from interfaces.runtime import Runtime
from interfaces.telling.asking import models
from interfaces.telling.looking import account_of, health_of
from interfaces.views.checks import DoctorRow, DoctorView
from interfaces.views.plain import age, counted
from interfaces.views.state import State
from policies.coverage import OURS, WORDS, unfed, untold
from policies.gates.catalogue import GATES
from policies.ladder import LIVE
from policies.policy import set_but_not_enforced
from policies.selftest import run_self_test
from trading.data.events.cover import Cover, covers, supplied
from trading.data.events.merged import MarketWithEvents
from trading.data.normalise import described

LIST_THEM = "Write them into a file, with how far it knows, and name it: SAGE_EVENTS=files:PATH."
STATED = tuple(WORDS[need] for need in ("earnings", "macro", "corporate_actions", "status", "listing", "market_cap"))
"""What a file of SAGE_EVENTS may tell in the place of a source."""
NAMED = 5
"""Symbols that are told by their names."""


def doctor(runtime: Runtime) -> DoctorView:
    """All checks; ``ok`` when none failed."""
    rows = tuple(checks(runtime))
    return DoctorView(runtime.deps.clock.now(), all(row.state is not State.FAILED for row in rows), rows)


def checks(runtime: Runtime) -> Iterator[DoctorRow]:
    """One row a check, in the order in which things depend on each other."""
    deps, setup = runtime.deps, runtime.setup
    yield DoctorRow("home", State.OK, str(setup.home))
    yield DoctorRow("database", State.OK, deps.stores.database.place)
    yield ledger(runtime)
    yield DoctorRow("policy", State.OK, f"{deps.policy.profile}, digest {deps.policy.digest[:12]}")
    yield gates(runtime)
    yield from coverage(runtime)
    yield control(runtime)
    if setup.notice:
        yield DoctorRow("release", State.FAILED, setup.notice, "Look at it, then decide.")
    yield broker(runtime)
    yield from (DoctorRow("paper venue", State.OK, line) for line in setup.venues)
    yield from sources(runtime)
    yield from files(runtime)
    yield from scheduled(runtime)
    yield DoctorRow("news", State.OK if deps.news is not None else State.OFF, setup.news)
    yield from asked(runtime)
    yield memory(runtime)
    yield telegram(runtime)


def ledger(runtime: Runtime) -> DoctorRow:
    """Whether the chain of records holds."""
    report = runtime.deps.stores.ledger.verify()
    if report.ok:
        return DoctorRow("ledger", State.OK, f"{report.entries} entries, chain intact")
    return DoctorRow("ledger", State.FAILED, str(report.problems[0]), "Stop, and see `sage audit verify`.")


def gates(runtime: Runtime) -> DoctorRow:
    """Whether every enforced gate refuses the order that it must refuse."""
    results = run_self_test(runtime.deps.policy)
    failed = [result.gate for result in results if not result.ok]
    if failed:
        return DoctorRow("gates", State.FAILED, f"{', '.join(failed)} let a bad order pass", "Do not trade; report it.")
    return DoctorRow("gates", State.OK, f"{len(results)} gates enforced, each refused its must-block order")


def coverage(runtime: Runtime) -> Iterator[DoctorRow]:
    """Gates whose inputs no configured source supplies, and limits that no gate reads."""
    for line in runtime.setup.uncovered:
        remedy = "Choose a source that knows, state it in a file (SAGE_EVENTS), or take a policy without this gate."
        other = "Choose a source that knows, or a policy without this gate."
        yield DoctorRow("coverage", State.TIGHT, line, remedy if any(word in line for word in STATED) else other)
    if not runtime.setup.uncovered:
        yield DoctorRow("coverage", State.OK, "every enforced gate has a source for its inputs")
    told = supplied(runtime.deps.market, runtime.setup.universe, as_of=runtime.deps.clock.now())
    for line in unfed(runtime.deps.policy, OURS | told):
        yield DoctorRow("not covered", State.OFF, f"{line}; the policy leaves it off")
    for line in untold(runtime.deps.policy):
        yield DoctorRow("not covered", State.OFF, line)
    idle = set_but_not_enforced(runtime.deps.policy)
    if idle:
        remedy = "Set in the policy what their gates also need, or take them out."
        yield DoctorRow("limits", State.TIGHT, f"set, but no running gate reads them: {', '.join(idle)}", remedy)


def scheduled(runtime: Runtime) -> Iterator[DoctorRow]:
    """Who tells of earnings, macro events, corporate actions and halts, of which symbols and until when."""
    market, running = runtime.deps.market, set(runtime.deps.policy.enforced)
    asked_for = {need for gate in GATES if gate.id in running for need in gate.needs}
    for cover in covers(market, runtime.setup.universe, as_of=runtime.deps.clock.now()):
        fit = State.OK if cover.known and not cover.unknown else State.TIGHT if cover.needed in asked_for else State.OFF
        yield DoctorRow("scheduled", fit, covered(cover), "" if fit is State.OK else LIST_THEM)
    for source in market.sources if isinstance(market, MarketWithEvents) else ():
        if source.trouble:
            yield DoctorRow("scheduled", State.TIGHT, f"{source.name}: {source.trouble}", "Until then it is silent.")


def covered(cover: Cover) -> str:
    """``earnings dates: 2 of 3 symbols by events.toml, entries until 2026-05-15 00:00 UTC; unknown of TSLA``."""
    by = " and ".join(cover.by)
    if not cover.known:
        return f"{cover.words}: {f'{by} claims nothing that holds now' if by else 'nobody tells'}"
    if cover.until is None:
        return f"{cover.words}: told by {by}"
    every = counted(len(cover.known) + len(cover.unknown), "symbol")
    told = f"{cover.words}: {len(cover.known)} of {every} by {by}, entries until {cover.until:%Y-%m-%d %H:%M} UTC"
    more = len(cover.unknown) - NAMED
    names = ", ".join(cover.unknown[:NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{told}; unknown of {names}" if names else told


def files(runtime: Runtime) -> Iterator[DoctorRow]:
    """What is wrong or odd in the files of bars and news, one row a rule."""
    for line in described(runtime.setup.issues):
        yield DoctorRow("files", State.TIGHT, line, "Look at these rows in the files.")


def control(runtime: Runtime) -> DoctorRow:
    """Kill switch, trading state and mode."""
    now = runtime.deps.stores.control.read()
    told = f"mode {now.mode.value}, {now.trading_state.value}"
    if now.kill_switch or not now.readable:
        details = runtime.kill_switch.details()
        who = "" if details is None else f" by {details.by} at {details.at}: {details.reason}"
        return DoctorRow("control", State.FAILED, f"{told}, killed{who}", "`sage resume` when you know why.")
    state = State.OK if now.trading_state is TradingState.ACTIVE else State.TIGHT
    return DoctorRow("control", state, told, "" if state is State.OK else "`sage resume` when you know why.")


def broker(runtime: Runtime) -> DoctorRow:
    """Whether the broker answers, and how far its clock is from ours."""
    account, note = account_of(runtime)
    if account is None:
        return DoctorRow("broker", State.FAILED, note, "Nothing new is sent until it answers.")
    try:
        skew = abs((runtime.deps.broker.time().at - runtime.deps.clock.now()).total_seconds())
    except OversightError as error:
        return DoctorRow("broker", State.FAILED, error.what, error.remedy)
    kind = "paper" if account.paper else "live"
    told = f"{runtime.deps.broker.name}, {kind} account {account.account_id}, clocks {skew:.0f} s apart"
    mode = runtime.deps.stores.control.read().mode
    if not account.paper and mode not in LIVE:
        remedy = "Real money takes `sage mode approve` besides the live address; for paper change the address."
        return DoctorRow("broker", State.TIGHT, f"{told}; nothing is sent in mode {mode.value}", remedy)
    return DoctorRow("broker", State.OK, told)


def sources(runtime: Runtime) -> Iterator[DoctorRow]:
    """Whether broker and market answer, and how old their newest answer is."""
    for source in health_of(runtime, runtime.deps.clock.now()):
        remedy = "" if source.ok else "Check its settings, folder or keys; until then new exposure is denied."
        told = source.note or f"newest answer {age(None if source.age_s is None else Decimal(source.age_s))} old"
        yield DoctorRow(source.name, State.OK if source.ok else State.FAILED, told, remedy)


def asked(runtime: Runtime) -> Iterator[DoctorRow]:
    """Every model that is asked; one that failed is left alone for a while, and tried again by itself."""
    found = models(runtime)
    for each in found:
        told = each.name if len(found) == 1 else f"{each.name}, {each.place}"
        remedy = "" if each.state is State.OK else "It is tried again by itself; without any model nothing is entered."
        yield DoctorRow("model", each.state, f"{told}: {each.note}" if each.note else told, remedy)


def memory(runtime: Runtime) -> DoctorRow:
    """Whether the memory of trades can be reached."""
    if runtime.deps.memory is None:
        return DoctorRow("memory", State.OFF, "not configured")
    try:
        return DoctorRow("memory", State.OK, f"{counted(len(runtime.deps.memory.remembered()), 'trade')} remembered")
    except OversightError as error:
        return DoctorRow("memory", State.TIGHT, error.what, error.remedy)


def telegram(runtime: Runtime) -> DoctorRow:
    """Whether there is a bot, and how its first owner is let in."""
    talks = runtime.duties.talks
    if talks is None:
        return DoctorRow("telegram", State.OFF, "no TELEGRAM_BOT_TOKEN")
    try:
        way, exposed = talks.way(), talks.exposed()
    except ConfigurationError as error:
        return DoctorRow("telegram", State.FAILED, error.what, error.remedy)
    pairing = talks.pairing(runtime)
    told = f"{pairing or 'the bot has an owner'}; {way}"
    if exposed:
        remedy = "Listen on 127.0.0.1 behind a proxy that ends TLS, or keep everybody else from that port."
        return DoctorRow("telegram", State.TIGHT, told, remedy)
    return DoctorRow("telegram", State.TIGHT if pairing else State.OK, told)
