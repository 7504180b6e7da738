"""The house rules that neither the linter nor the import contracts can say, and a proof that each of them bites."""

import ast
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = (
    "domain",
    "policies",
    "trading",
    "memory",
    "prompts",
    "tools",
    "agents",
    "graphs",
    "interfaces",
    "evals",
    "composition",
    "settings",
)
ROOT_MODULES = ("app",)
BESIDE_THE_ROOMS = {"tests", "benchmarks", "docs"}
SHADOWING = {"telegram", "schemas", "build", "google", "signal"}
VAGUE = {"utils", "util", "helpers", "common", "manager", "misc"}
LOCK = "policies/permit.py"
READ_THE_ENVIRONMENT = {
    "settings/salvage.py",
    "interfaces/cli/home.py",  # finds the home folder for `kill`, which must not wait for pydantic
}

Offences = Iterator[str]
Rule = Callable[[str, ast.Module], Offences]


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and root package of every import below a node."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, (node.module or "").partition(".")[0]


def domain_stands_alone(path: str, tree: ast.Module) -> Offences:
    if path.startswith("domain/"):
        for line, package in imports(tree):
            if package != "domain" and package not in sys.stdlib_module_names:
                yield f"{path}:{line} imports {package}"


def settings_know_only_the_domain(path: str, tree: ast.Module) -> Offences:
    if path.startswith("settings/"):
        for line, package in imports(tree):
            if package in {*ROOMS, "app"} - {"domain", "settings"}:
                yield f"{path}:{line} imports {package}"


def only_the_permit_makes_approved_orders(path: str, tree: ast.Module) -> Offences:
    if path == LOCK:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            made = node.func if not named(node.func, "__new__") else node.args[0] if node.args else node.func
            if named(made, "ApprovedOrder"):
                yield f"{path}:{node.lineno} makes an ApprovedOrder"
        elif isinstance(node, ast.ClassDef) and any(named(base, "ApprovedOrder") for base in node.bases):
            yield f"{path}:{node.lineno} derives from ApprovedOrder"


def named(node: ast.expr, name: str) -> bool:
    return (isinstance(node, ast.Name) and node.id == name) or (isinstance(node, ast.Attribute) and node.attr == name)


def rooms_are_imported_at_the_top(path: str, tree: ast.Module) -> Offences:
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for line, package in imports(function):
                if package in {*ROOMS, *ROOT_MODULES}:
                    yield f"{path}:{line} imports {package} inside {function.name}"


def settings_alone_read_the_environment(path: str, tree: ast.Module) -> Offences:
    if path in READ_THE_ENVIRONMENT:
        return
    doors = {"environ", "environb", "getenv"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and named(node.value, "os") and node.attr in doors:
            yield f"{path}:{node.lineno} reads os.{node.attr}"
        elif isinstance(node, ast.ImportFrom) and node.module == "os" and doors & {name.name for name in node.names}:
            yield f"{path}:{node.lineno} imports the environment"
    for line, package in imports(tree):
        if package == "dotenv":
            yield f"{path}:{line} imports dotenv"


def modules_say_what_they_are(path: str, tree: ast.Module) -> Offences:
    last = max((node.end_lineno or 0 for node in tree.body), default=0)
    if last > 5 and not ast.get_docstring(tree):
        yield f"{path} has {last} lines and no docstring"


def names_say_what_is_inside(path: str, tree: ast.Module) -> Offences:
    for part in Path(path).with_suffix("").parts:
        if part in VAGUE:
            yield f"{path}: {part} says nothing"


BITES: dict[Rule, list[tuple[str, str]]] = {
    domain_stands_alone: [("domain/x.py", "import pydantic"), ("domain/x.py", "from policies.gates import y")],
    settings_know_only_the_domain: [("settings/x.py", "from trading import x"), ("settings/x.py", "import app")],
    only_the_permit_makes_approved_orders: [
        ("agents/x.py", "ApprovedOrder(1)"),
        ("agents/x.py", "permit.ApprovedOrder(1)"),
        ("agents/x.py", "object.__new__(ApprovedOrder)"),
        ("agents/x.py", "class Mine(permit.ApprovedOrder): ..."),
    ],
    rooms_are_imported_at_the_top: [
        ("app.py", "def main():\n    from graphs import oversight"),
        ("agents/x.py", "class A:\n    async def f(self):\n        if True:\n            import tools.risk"),
    ],
    settings_alone_read_the_environment: [
        ("app.py", "os.environ['SAGE_HOME']"),
        ("app.py", "os.getenv('SAGE_HOME')"),
        ("app.py", "from os import environ"),
        ("app.py", "from dotenv import load_dotenv"),
    ],
    modules_say_what_they_are: [("agents/x.py", "import os\n\n\n\n\nA = 1")],
    names_say_what_is_inside: [("trading/utils.py", ""), ("trading/common/bars.py", "")],
}
RESPECTED = [
    ("domain/x.py", "from decimal import Decimal\nfrom domain.money import Money"),
    ("settings/salvage.py", "import os\nfrom domain.errors import ConfigurationError\nos.environ"),
    (LOCK, '"""The lock."""\n\n\n\n\napproved = ApprovedOrder(1)'),
    ("trading/x.py", "def f(order: ApprovedOrder) -> bool:\n    return isinstance(order, ApprovedOrder)"),
    ("trading/x.py", "def f() -> None:\n    import alpaca\n    home.environ"),
]


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the product, as its path from the root and its tree."""
    for path in sorted([*ROOT.glob("*.py"), *(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))]):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("rule", BITES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_the_rule(rule):
    assert [offence for path, tree in sources() for offence in rule(path, tree)] == []


@pytest.mark.parametrize(("rule", "path", "code"), [(rule, *bad) for rule, cases in BITES.items() for bad in cases])
def test_the_rule_bites(rule, path, code):
    assert list(rule(path, ast.parse(code)))


@pytest.mark.parametrize("rule", BITES, ids=lambda rule: rule.__name__)
def test_the_rule_leaves_good_code_alone(rule):
    assert [offence for path, code in RESPECTED for offence in rule(path, ast.parse(code))] == []


def test_the_root_holds_the_rooms_and_nothing_else():
    packages = {folder.name for folder in ROOT.iterdir() if folder.is_dir() and any(folder.rglob("*.py"))}
    assert {name for name in packages if not name.startswith(".")} - BESIDE_THE_ROOMS == set(ROOMS)
    assert {path.stem for path in ROOT.glob("*.py")} == set(ROOT_MODULES)


def test_no_root_name_shadows_an_installed_package():
    assert not SHADOWING & {entry.name.removesuffix(".py") for entry in ROOT.iterdir()}


def test_packaging_and_import_contracts_name_every_room():
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert [pattern.removesuffix("*") for pattern in tool["setuptools"]["packages"]["find"]["include"]] == [*ROOMS]
    assert tool["setuptools"]["py-modules"] == [*ROOT_MODULES]
    assert tool["importlinter"]["root_packages"] == [*ROOMS]
    assert set(ROOMS) | {f"{name}.py" for name in ROOT_MODULES} <= set(tool["mypy"]["files"])


def test_the_image_takes_every_room_and_the_modules_beside_them():
    taken = {
        line.split()[1] for line in (ROOT / "deploy/Dockerfile").read_text().splitlines() if line.startswith("COPY ")
    }
    assert {*ROOMS, "*.py", "pyproject.toml"} <= taken
    sent = (ROOT / "deploy/Dockerfile.dockerignore").read_text().split()
    assert {f"!{name}" for name in (*ROOMS, "*.py", "pyproject.toml")} <= set(sent)


def test_openai_agents_is_not_installed_beside_our_agents():
    """Both bring a root package `agents`: in one environment one of them would import the other's modules."""
    with pytest.raises(PackageNotFoundError):
        distribution("openai-agents")
