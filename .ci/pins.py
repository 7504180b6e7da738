"""Write an exact pin of every package into pyproject.toml; called by `make pins`.

A direct dependency carries its `==` where it is declared, and every package that those bring along stands in
`[tool.uv] constraint-dependencies`. A lock file would say the same, but it also names hosts, so none is committed.

Without an option, versions move only where a changed dependency makes them. `--upgrade` takes the newest of all that
fit together. `--check` writes nothing and fails when what resolves is not what is pinned.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"
BLOCK = re.compile(r"(# pins: begin[^\n]*\nconstraint-dependencies = \[\n)(.*?)(\]\n# pins: end\n)", re.DOTALL)
DIRECT = re.compile(r'"(?P<name>[\w.-]+)(?P<extras>\[[^\]]+\])?==(?P<version>[^"; ]+)(?: ; (?P<marker>[^"]+))?"')
EXPORT = ["uv", "export", "--quiet", "--all-extras", "--all-groups", "--no-emit-project"]
PLAIN = ["--no-hashes", "--no-header", "--no-annotate"]

Pins = dict[str, dict[str, str]]
"""Package name -> marker ("" where one version serves all) -> version."""


def parse(exported: str) -> Pins:
    """Read the lines `name==version ; marker` that uv exports."""
    found: Pins = {}
    for line in exported.splitlines():
        requirement, _, marker = (part.strip() for part in line.partition(" ; "))
        name, _, version = requirement.partition("==")
        found.setdefault(name.partition("[")[0], {})[marker] = version
    return {
        name: versions if len(set(versions.values())) > 1 else {"": next(iter(versions.values()))}
        for name, versions in found.items()
    }


def resolve(pyproject: str, *options: str) -> Pins:
    """Resolve a project file in an empty folder, starting from the versions that it pins now, if they still fit."""
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / "pyproject.toml"
        trial.write_text(pyproject, encoding="utf-8")
        subprocess.run(["uv", "lock", "--quiet"], cwd=folder, check=False)
        trial.write_text(BLOCK.sub(r"\1\3", pyproject), encoding="utf-8")
        done = subprocess.run([*EXPORT, *PLAIN, *options], cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return parse(done.stdout)


def split(pyproject: str) -> tuple[str, str, str]:
    """Cut the file into what comes before the declared dependencies, these, and the rest."""
    start, end = pyproject.index("[project]\n"), pyproject.index("[tool.uv]\n")
    return pyproject[:start], pyproject[start:end], pyproject[end:]


def loosen(pyproject: str) -> str:
    """Let the direct dependencies move up."""
    before, declared, rest = split(pyproject)
    return before + DIRECT.sub(lambda pin: pin[0].replace("==", ">="), declared) + rest


def write(pyproject: str, pins: Pins) -> str:
    """Put the resolved versions into the text of the project file."""
    before, declared, rest = split(pyproject)

    def repin(pin: re.Match[str]) -> str:
        versions = pins[pin["name"]]
        version = versions.get(pin["marker"] or "") or versions[""]
        return pin[0].replace(f"=={pin['version']}", f"=={version}")

    direct = {pin["name"] for pin in DIRECT.finditer(declared)}
    lines = [
        f'    "{name}=={version}{f" ; {marker}" if marker else ""}",\n'
        for name, versions in sorted(pins.items())
        if name not in direct
        for marker, version in sorted(versions.items())
    ]
    return before + DIRECT.sub(repin, declared) + BLOCK.sub(lambda block: block[1] + "".join(lines) + block[3], rest)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that fit together")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a pin is missing or stale")
    args = parser.parse_args()
    now = PYPROJECT.read_text(encoding="utf-8")
    pins = resolve(loosen(now), "--upgrade") if args.upgrade else resolve(now)
    pinned = write(now, pins)
    if args.check and pinned != now:
        print("pyproject.toml does not pin what resolves: run `make pins`", file=sys.stderr)
        return 1
    if not args.check:
        PYPROJECT.write_text(pinned, encoding="utf-8")
    print(f"{len(pins)} packages pinned")
    return 0


if __name__ == "__main__":
    sys.exit(main())
