from hypothesis import given
from hypothesis import strategies as st

from domain.context.news import Strength
from tests.builders.market import a_session, at
from trading.data.simulated.path import PriceStory, Step, over_steps, push_of, walk
from trading.data.simulated.universe import COMPANIES

YESTERDAY, TODAY = a_session("2026-03-16"), a_session("2026-03-17")
COMPANY = next(company for company in COMPANIES if company.symbol == "NIMBO")
BP = 100_000


def told(text: str, impact: int = 100) -> PriceStory:
    return PriceStory(at(text), impact, Strength.HIGH)


def pushed(*stories: PriceStory) -> list[int]:
    push = push_of(stories, YESTERDAY, TODAY)
    return [round(push.gap / BP), *(round(ppb / BP) for ppb in push.steps)]


def test_a_story_inside_the_session_moves_the_eight_steps_after_it_was_heard():
    assert pushed(told("2026-03-17T14:10")) == [0, 0, 0, 0, *[12] * 8, *[0] * 15]


def test_a_story_is_heard_five_minutes_after_it_was_told():
    assert pushed(told("2026-03-17T14:11"))[4:6] == [0, 12]


def test_a_story_before_the_opening_moves_the_opening_and_the_steps_after_it():
    assert pushed(told("2026-03-17T12:00"))[:10] == [40, *[8] * 8, 0]


def test_a_story_in_the_last_step_moves_the_next_opening():
    late = told("2026-03-16T19:41")

    assert push_of([late], None, YESTERDAY).steps == [0] * 26
    assert pushed(late)[0] == 40


def test_a_story_near_the_close_has_its_whole_impact_before_it():
    assert sum(pushed(told("2026-03-17T19:20"))) == 100


def test_a_story_of_yesterday_is_not_told_twice():
    assert pushed(told("2026-03-16T15:00")) == [0] * 27


@given(impact=st.integers(-600, 600), minute=st.integers(0, 380))
def test_a_path_is_the_same_up_to_the_story_and_leaves_it_after(impact, minute):
    story = PriceStory(
        at("2026-03-17T13:30").replace(hour=13 + (30 + minute) // 60, minute=(30 + minute) % 60), impact, Strength.LOW
    )
    with_story, without = (
        walk(
            COMPANY, 7, TODAY, 130_000_000, stretch=COMPANY.stretches[4], sessions_left=20, market=(0,) * 27,
            push=push_of(stories, YESTERDAY, TODAY), halted=frozenset(),
        )
        for stories in ([story], [])
    )  # fmt: skip
    same = sum(step == other for step, other in zip(with_story.steps, without.steps, strict=True))

    assert with_story.steps[: minute // 15 + 1] == without.steps[: minute // 15 + 1]
    assert impact == 0 or same < 26 or minute > 370
    assert (with_story.last - without.last) * impact >= 0


def test_a_halt_keeps_the_price_moving_out_of_sight():
    path = walk(
        COMPANY, 7, TODAY, 130_000_000, stretch=COMPANY.stretches[4], sessions_left=20, market=(0,) * 27,
        push=push_of([], YESTERDAY, TODAY), halted=frozenset({3, 4}),
    )  # fmt: skip
    before, reopened = path.steps[2], path.steps[5]

    assert path.steps[3:5] == (None, None)
    assert before is not None
    assert reopened is not None
    assert before.close != reopened.open


def test_steps_become_one():
    steps = [Step(10, 12, 9, 11, 100, 1), None, Step(11, 15, 10, 14, 50, 2)]

    assert over_steps(steps) == Step(10, 15, 9, 14, 150, 2)
    assert over_steps([None]) is None
