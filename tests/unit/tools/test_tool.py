"""How tools are defined, and how a model's call of one can fail."""

from decimal import Decimal
from typing import Annotated

import pytest

from domain.errors import ConfigurationError, UsageError
from domain.evidence import Evidence
from domain.market import Symbol
from tests.builders.signals import AAPL, NOW
from tests.builders.tools import an_environment
from tools.environment import Environment
from tools.tool import SymbolArgument, ToolError, figure, tool


@tool
def last_price(env: Environment, symbol: SymbolArgument) -> tuple[Evidence, ...]:
    """The last price of a symbol."""
    quote = env.market.symbols[symbol].quote
    last = None if quote is None else quote.last
    return (figure("last", last, "USD", source="test", at=env.as_of, symbol=symbol),)


def silent(env: Environment) -> tuple[Evidence, ...]:
    return ()


def blind() -> tuple[Evidence, ...]:
    """It looks at nothing."""
    return ()


def worldly(env: dict, symbol: SymbolArgument) -> tuple[Evidence, ...]:
    """It looks at something else."""
    return ()


def chatty(env: Environment) -> str:
    """It returns text."""
    return ""


def unexplained(env: Environment, symbol: Symbol) -> tuple[Evidence, ...]:
    """Its argument has no text."""
    return ()


def dated(env: Environment, as_of: Annotated[str, "the moment to look at"]) -> tuple[Evidence, ...]:
    """It lets a model name a date."""
    return ()


@pytest.mark.parametrize(
    ("function", "lacks"),
    [
        pytest.param(silent, "has no docstring", id="no_docstring"),
        pytest.param(blind, "from the environment to evidence", id="no_environment"),
        pytest.param(worldly, "from the environment to evidence", id="another_environment"),
        pytest.param(chatty, "from the environment to evidence", id="another_result"),
        pytest.param(unexplained, "argument symbol of tool unexplained", id="no_argument_text"),
        pytest.param(dated, "argument as_of of tool dated", id="a_date"),
    ],
)
def test_a_definition_that_lacks_something_fails(function, lacks):
    with pytest.raises(ConfigurationError, match=lacks):
        tool(function)


def test_the_schema_shows_the_arguments_and_hides_the_environment():
    assert last_price.schema == {
        "name": "last_price",
        "description": "The last price of a symbol.",
        "parameters": {
            "type": "object",
            "properties": {
                "symbol": {
                    "type": "string",
                    "description": "The ticker, one of this cycle's symbols, for example AAPL.",
                }
            },
            "required": ["symbol"],
            "additionalProperties": False,
        },
    }


def test_a_model_calls_it_like_our_own_code_does():
    env = an_environment()
    assert last_price.call(env, {"symbol": "aapl"}) == last_price(env, symbol=AAPL)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param({}, "lacks 'symbol'", id="missing"),
        pytest.param(
            {"symbol": "AAPL", "as_of": "2030-01-01"}, "does not take or lacks 'as_of'", id="a_date_smuggled_in"
        ),
        pytest.param({"symbol": "TSLA"}, "TSLA is not in this cycle. Choose from AAPL, MSFT", id="another_universe"),
        pytest.param({"symbol": "ΑAPL"}, "is not a symbol", id="homoglyph"),
        pytest.param({"symbol": 7}, "is not a symbol", id="no_text"),
        pytest.param({"symbol": None}, "is not a symbol", id="null"),
        pytest.param({"symbol": {"$ne": 1}}, "is not a symbol", id="an_object"),
    ],
)
def test_a_wrong_call_is_told_to_the_model(arguments, told):
    with pytest.raises(ToolError, match=told):
        last_price.call(an_environment(), arguments)
    assert issubclass(ToolError, UsageError)


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_a_figure_that_is_no_number_is_not_available(value):
    assert figure("book.equity", Decimal(value), "USD", source="broker", at=NOW).value is None
