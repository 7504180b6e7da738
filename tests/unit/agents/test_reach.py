"""What can be reached from the code that speaks with models: no broker, no control plane, no shell, no network."""

import ast
from pathlib import Path

import pytest

from agents import advisor, decider, explainer, inspector, learner, monitor, reader
from tools.tool import Tool

ROOT = Path(__file__).parents[3]
ROOMS = ("agents", "tools", "prompts", "memory", "trading", "policies", "domain", "graphs", "interfaces")
ACTING = ("trading.execution", "tools.orders", "tools.control", "policies.permit", "graphs", "interfaces")
OUTSIDE = {"subprocess", "socket", "requests", "httpx", "urllib", "alpaca", "shutil", "telegram", "sqlalchemy"}
LOOKING = {
    "events", "indicators", "memory", "news", "outcome", "plan", "portfolio", "position", "quotes", "risk", "signals",
}  # fmt: skip
"""Every tool that a role may hold: it answers with evidence of the cycle and changes nothing."""


def imported_by(module: str) -> set[str]:
    """Modules that a module of ours imports, at the top or anywhere else."""
    path = ROOT / Path(*module.split("."))
    file = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def is_a_module(name: str) -> bool:
    path = ROOT / Path(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def reached(starts: set[str]) -> set[str]:
    """Everything of ours that comes along with these modules."""
    seen, waiting = set[str](), list(starts)
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        waiting += [name for name in imported_by(module) if name.split(".")[0] in ROOMS and is_a_module(name)]
    return seen


AGENTS = {f"agents.{path.stem}" for path in (ROOT / "agents").glob("*.py") if path.stem != "__init__"}


def test_no_path_leads_from_a_model_to_the_broker():
    """I-46."""
    assert AGENTS
    assert not {module for module in reached(AGENTS) if module.startswith(ACTING)}


def test_the_path_from_the_graph_to_the_broker_is_seen():
    """The test above could not fail if paths were not followed."""
    assert "trading.execution.desk" in reached({"graphs.nodes.desk"})


@pytest.mark.parametrize("module", sorted(AGENTS))
def test_the_code_of_roles_opens_nothing_to_the_outside(module):
    """I-45: what a role's own module imports; the client of a hosted model is the vendor's, in its adapter."""
    assert not {name.split(".")[0] for name in imported_by(module)} & OUTSIDE


@pytest.mark.parametrize(
    "role", [advisor, inspector, decider, monitor, reader, explainer, learner], ids=lambda role: str(role.__name__)
)
def test_a_role_holds_tools_that_look_and_none_that_acts(role):
    """I-45."""
    tools: tuple[Tool, ...] = getattr(role, "TOOLS", ())
    assert {tool.name for tool in tools} <= LOOKING
