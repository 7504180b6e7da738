"""What asking about one candidate takes: at most four calls, 12,000 tokens in and 2,000 out, as recorded."""

from domain.signals import CandidateKind
from tests.builders.market import NOON
from tests.builders.runtime import a_cycle, a_runtime, the_calendar, the_market
from trading.data.simulated_news import SimulatedNews

ABOUT_ONE = {"advisor", "inspector", "decider", "explainer"}


def test_a_candidate_takes_few_calls_and_tokens(tmp_path):
    news = SimulatedNews(7, the_calendar())
    with a_runtime(tmp_path, model="recorded", news=news, policy="conservative") as runtime:
        report = a_cycle(runtime, *the_market().symbols(), as_of=NOON)
    entries = sum(each.kind is CandidateKind.ENTRY for each in report.candidates)
    rows = [row for row in report.model_calls.by if row.role in ABOUT_ONE]
    assert entries == 6
    assert {row.role for row in rows} == ABOUT_ONE
    assert sum(row.calls for row in rows) <= 4 * entries
    assert sum(row.tokens_in for row in rows) <= 12_000 * entries
    assert sum(row.tokens_out for row in rows) <= 2_000 * entries
    assert sum(row.calls for row in report.model_calls.by) == report.model_calls.count == 39
