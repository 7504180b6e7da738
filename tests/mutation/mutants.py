"""Mutants of a file: every change that mutmut's operators know, function by function, under mutmut's names.

mutmut changes what stands inside functions that carry no decorator. Docstrings, annotations, and the arguments of
``len`` and ``isinstance`` stay as they are, and so do constants of modules and fields of dataclasses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import libcst as cst
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider
from mutmut.mutation.file_mutation import Mutation, create_mutations, deep_replace, group_by_top_level_node
from mutmut.mutation.trampoline_templates import mangle_function_name

ROOT = Path(__file__).parents[2]


class Mutant(NamedTuple):
    """One change, ``before`` to ``after``; ``source`` is the function with it, ``lines`` those of its statement."""

    name: str
    module: str
    owner: str
    function: str
    line: int
    lines: tuple[int, ...]
    before: str
    after: str
    source: str

    @property
    def place(self) -> str:
        """The function with its module and class: ``policies.kill_switch.KillSwitch.engage``."""
        return ".".join(part for part in (self.module, self.owner, self.function) if part)

    @property
    def path(self) -> Path:
        """The file it changes."""
        folder = ROOT.joinpath(*self.module.split("."))
        return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


class Site(NamedTuple):
    """A place for a mutant, which takes some milliseconds to make."""

    module: str
    make: Callable[[], Mutant]


def sites_of(path: Path) -> Iterator[Site]:
    """Every mutant of one file to be, function by function in the order of its text."""
    module, mutations, _, _ = create_mutations(path.name, path.read_text(encoding="utf-8"))
    grouped = group_by_top_level_node(mutations)
    dotted = ".".join(path.resolve().relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    found = _Text(dotted, module)
    for owner, function in _functions(module):
        for number, mutation in enumerate(grouped.get(function, ()), start=1):
            yield Site(dotted, partial(found.mutant, owner, function, number, mutation))


class _Text:
    """One file, whose nodes are given their places when the first of its mutants is made."""

    def __init__(self, dotted: str, module: cst.Module) -> None:
        self.dotted, self.module = dotted, module

    @cached_property
    def places(self) -> tuple[Mapping[cst.CSTNode, Any], Mapping[cst.CSTNode, cst.CSTNode]]:
        wrapper = MetadataWrapper(self.module, unsafe_skip_copy=True)
        return wrapper.resolve(PositionProvider), wrapper.resolve(ParentNodeProvider)

    def mutant(self, owner: str, function: cst.FunctionDef, number: int, mutation: Mutation) -> Mutant:
        positions, parents = self.places
        mangled = mangle_function_name(name=function.name.value, class_name=owner or None)
        changed = deep_replace(function, mutation.original_node, mutation.mutated_node)
        assert isinstance(changed, cst.FunctionDef)
        return Mutant(
            name=f"{self.dotted}.{mangled}__mutmut_{number}",
            module=self.dotted,
            owner=owner,
            function=function.name.value,
            line=positions[mutation.original_node].start.line,
            lines=tuple(_lines(_statement(mutation.original_node, parents), positions)),
            before=_on_one_line(self.module, mutation.original_node),
            after=_on_one_line(self.module, mutation.mutated_node),
            source=self.module.code_for_node(changed).strip("\n") + "\n",
        )


def _functions(module: cst.Module) -> Iterator[tuple[str, cst.FunctionDef]]:
    for each in module.body:
        if isinstance(each, cst.FunctionDef):
            yield "", each
        elif isinstance(each, cst.ClassDef):
            yield from ((each.name.value, inner) for inner in each.body.body if isinstance(inner, cst.FunctionDef))


def _statement(node: cst.CSTNode, parents: Mapping[cst.CSTNode, cst.CSTNode]) -> cst.CSTNode:
    """The statement that a node stands in: a simple one, or the compound one whose head holds it."""
    while not isinstance(node, cst.SimpleStatementLine | cst.BaseCompoundStatement):
        node = parents[node]
    return node


def _lines(statement: cst.CSTNode, positions: Mapping[cst.CSTNode, Any]) -> range:
    """Lines by which to tell whether a test runs a statement: of an ``if`` its condition, of a function all of it."""
    found, body = positions[statement], getattr(statement, "body", None)
    whole = isinstance(statement, cst.FunctionDef) or not isinstance(body, cst.IndentedBlock)
    return range(found.start.line, (found.end.line if whole else positions[body].start.line) + 1)


def _on_one_line(module: cst.Module, node: cst.CSTNode) -> str:
    return " ".join(module.code_for_node(node).split())
