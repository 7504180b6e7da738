"""What a tool is: a typed, documented function from the environment to evidence, and what a model is told about it.

    @tool
    def quote(env: Environment, symbol: SymbolArgument) -> tuple[Evidence, ...]:
        \"\"\"Best bid and ask, their spread and age, and whether the symbol is halted.\"\"\"

The environment is injected and absent from the schema, so no model can name a date, a book or a policy. A definition
without docstring or argument text fails at import. Two failures exist: a ``ToolError`` is told to the model, everything
else stops the run.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, get_args, get_origin, get_type_hints

from domain.errors import ConfigurationError, DataQualityError, UsageError
from domain.evidence import Evidence, Value
from domain.ids import Ref
from domain.market import Symbol, parse_symbol
from domain.money import known
from tools.environment import Environment

SymbolArgument = Annotated[Symbol, "The ticker, one of this cycle's symbols, for example AAPL."]
ToolFunction = Callable[..., tuple[Evidence, ...]]


class ToolError(UsageError):
    """A model called a tool in a way it cannot be called; the message is for the model."""

    code: ClassVar[str] = "E_TOOL"


@dataclass(frozen=True, slots=True)
class Tool:
    """A read tool; ``arguments`` maps each argument a model may give to its description."""

    name: str
    description: str
    arguments: Mapping[str, str]
    function: ToolFunction

    def __call__(self, env: Environment, **arguments: Symbol) -> tuple[Evidence, ...]:
        """Run it from our own code."""
        return self.function(env, **arguments)

    def call(self, env: Environment, arguments: Mapping[str, object]) -> tuple[Evidence, ...]:
        """Run it with what a model wrote; raises ToolError where that does not fit."""
        wrong = sorted(set(arguments).symmetric_difference(self.arguments))
        if wrong:
            raise ToolError(f"{self.name} does not take or lacks {wrong[0]!r}", f"It takes {_listed(self.arguments)}.")
        return self.function(env, **{name: _known_symbol(env, value) for name, value in arguments.items()})

    @property
    def schema(self) -> dict[str, Any]:
        """The definition that a function-calling model is shown."""
        properties = {name: {"type": "string", "description": text} for name, text in self.arguments.items()}
        return {
            "name": self.name,
            "description": self.description,
            "parameters": {
                "type": "object",
                "properties": properties,
                "required": list(properties),
                "additionalProperties": False,
            },
        }


def tool(function: ToolFunction) -> Tool:
    """Define a tool; a ConfigurationError names what its definition lacks."""
    name = function.__name__
    description = inspect.getdoc(function)
    if not description:
        raise ConfigurationError(f"tool {name} has no docstring", "Say in one line what it tells.")
    # Without extras the Annotated types lose the text that describes an argument to the model.
    hints = get_type_hints(function, include_extras=True)
    first, *others = (*inspect.signature(function).parameters,) or ("",)
    if hints.get(first) is not Environment or hints.get("return") != tuple[Evidence, ...]:
        raise ConfigurationError(
            f"tool {name} does not lead from the environment to evidence",
            "Declare (env: Environment, ...) -> tuple[Evidence, ...].",
        )
    return Tool(name, description, {other: _described(name, other, hints.get(other)) for other in others}, function)


def figure(
    name: str,
    value: Value,
    unit: str,
    *,
    source: str,
    at: datetime,
    symbol: Symbol | None = None,
    observed_at: datetime | None = None,
) -> Evidence:
    """One piece of evidence, called ``name@symbol``; known since ``at``, and observed then unless said otherwise.

    NaN and infinity become None: a broker's or an indicator's figure that is no number is not available.
    """
    return Evidence(
        ref=Ref(name if symbol is None else f"{name}@{symbol}"),
        value=known(value) if isinstance(value, Decimal) else value,
        unit=unit,
        source=source,
        observed_at=at if observed_at is None else observed_at,
        available_at=at,
        symbol=symbol,
    )


def _described(tool_name: str, argument: str, hint: object) -> str:
    if get_origin(hint) is not Annotated or get_args(hint)[0] is not Symbol:
        raise ConfigurationError(
            f"argument {argument} of tool {tool_name} has no description", "Annotate it like SymbolArgument."
        )
    return str(get_args(hint)[1])


def _known_symbol(env: Environment, value: object) -> Symbol:
    try:
        symbol = parse_symbol(value)
    except DataQualityError as error:
        raise ToolError(error.what, error.remedy) from error
    if symbol not in env.market.symbols:
        raise ToolError(f"{symbol} is not in this cycle", f"Choose from {_listed(env.symbols)}.")
    return symbol


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"
