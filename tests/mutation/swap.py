"""Put a mutant in the place of its function, in this process: whoever holds the function runs the mutant's code."""

from __future__ import annotations
import __future__

import gc
import sys
from collections.abc import Mapping, Sequence
from types import CodeType, FunctionType
from typing import Any

from tests.mutation.mutants import Mutant

FLAGS = __future__.annotations.compiler_flag
Holders = Mapping[CodeType, Sequence[FunctionType]]


def holders(package: str) -> Holders:
    """Every live function of a package by its code, those made inside other functions included."""
    found: dict[CodeType, list[FunctionType]] = {}
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and (each.__module__ or "").partition(".")[0] == package:
            found.setdefault(each.__code__, []).append(each)
    return found


def swap(mutant: Mutant, live: Holders) -> None:
    """Exchange the code and the defaults; raises whatever the definition of the mutant raises."""
    old, new = _found(mutant, vars(sys.modules[mutant.module])), _defined(mutant)
    inner = _pairs(old.__code__, new.__code__)
    old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__
    for before, after in inner:
        for function in live.get(before, ()):
            # Code of other free variables does not fit the cells that the function holds.
            if function.__code__.co_freevars == after.co_freevars:
                function.__code__ = after


def _defined(mutant: Mutant) -> FunctionType:
    text = mutant.source
    if mutant.owner:
        # In a class of its name, so that private names are mangled as in the true one.
        text = f"class {mutant.owner}:\n" + "".join(f"    {line}\n" for line in text.splitlines())
    names = dict(vars(sys.modules[mutant.module]))
    code = compile(text, f"<{mutant.name}>", "exec", flags=FLAGS, dont_inherit=True)
    exec(code, names)  # noqa: S102  # a mutant is code
    return _found(mutant, names)


def _found(mutant: Mutant, names: Mapping[str, Any]) -> FunctionType:
    found = vars(names[mutant.owner])[mutant.function] if mutant.owner else names[mutant.function]
    found = getattr(found, "__func__", found)
    assert isinstance(found, FunctionType), mutant.name
    return found


def _pairs(old: CodeType, new: CodeType) -> list[tuple[CodeType, CodeType]]:
    """The codes made inside a function, each with its mutant's; none where they differ in number or names."""
    before, after = _inner(old), _inner(new)
    if [code.co_name for code in before] != [code.co_name for code in after]:
        return []
    return [pair for one, other in zip(before, after, strict=True) for pair in ((one, other), *_pairs(one, other))]


def _inner(code: CodeType) -> list[CodeType]:
    return [each for each in code.co_consts if isinstance(each, CodeType)]
