"""How many small faults in the engine its tests find: mutmut in a copy of the tree, told in `docs/mutation.md`.

    make mutation                                     # a random sample of all mutants, drawn anew from the same seed
    python bench/mutation.py [--share 0.15] [--seed 2] [--work FOLDER] [--again PATTERN ...]

Needs mutmut (see `MUTMUT` in the Makefile); what it changes and which tests it runs stands in `pyproject.toml`, `[tool.mutmut]`.
Nothing here is changed: the tree is copied to FOLDER first. `--again` keeps the results there and runs only mutants whose names
fit a pattern (`survived`: all that survived) or whose function has changed since, with the tests as they are now.

mutmut leaves out functions with decorators; in the copy a property is written as a call (`name = property(name)`), which is the
same to Python, so that properties are mutated as well.
"""

from __future__ import annotations

import argparse
import fnmatch
import random
import re
import resource
import shutil
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from math import ceil
from pathlib import Path

from wherefrom.arithmetic import wilson_interval

REPOSITORY = Path(__file__).parents[1]
REPORT = REPOSITORY / "docs" / "mutation.md"
REASONS = Path(__file__).with_name("mutation.toml")
COPIED = ("src", "tests", "bench", "data", "ontology", "shapes", "wherefrom.toml", "pyproject.toml")
FIRST = "wherefrom.paths.x_cycles__mutmut_1"  # any one: to run it, mutmut makes them all and learns which tests reach which function
PROPERTY = re.compile(r"^( +)@(property|cached_property)\n(\1def (\w+)\(.*\n(?:(?:\1 .*)?\n)*)", re.MULTILINE)
MUTANT = re.compile(r"wherefrom\.([\w.]+)\.x[_ǁ](.+)__mutmut_\d+")
FOUND = ("killed", "timeout", "segfault")
MEMORY = 6 * 2**30


@dataclass(frozen=True)
class Reason:
    """Why a mutant survives; `equivalent`: no test could tell it from the original, so that it does not count."""

    why: str
    equivalent: bool


@dataclass(frozen=True)
class Survivor:
    """A mutant that no test finds: `overlap.Incidence.only: 'old' -> 'new'`, and the reason, if one is written down."""

    module: str
    change: str
    reason: Reason | None


def mutmut(work: Path, *arguments: str) -> str:
    """Return what mutmut prints; raises `subprocess.CalledProcessError` where it fails."""
    command = [str(Path(sys.executable).with_name("mutmut")), *arguments]
    return subprocess.run(command, cwd=work, check=True, stdout=subprocess.PIPE, text=True, preexec_fn=_bounded).stdout


def _bounded() -> None:
    """Bound the memory of this process and of those it starts: a mutant may never end, and fill it."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def mutated() -> list[str]:
    """Return the files that are mutated, as `pyproject.toml` has them."""
    found: list[str] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["tool"]["mutmut"]["only_mutate"]
    return found


def copy_tree(work: Path) -> None:
    """Copy what the tests need, with properties written as calls in the modules that are mutated."""
    for name in COPIED:
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, work / name, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        else:
            shutil.copy2(REPOSITORY / name, work / name)
    for name in mutated():
        source = (work / name).read_text("utf-8")
        (work / name).write_text(PROPERTY.sub(_as_call, source), "utf-8")


def _as_call(found: re.Match[str]) -> str:
    indent, kind, body, name = found.groups()
    return f"{body.rstrip()}\n\n{indent}{name} = {kind}({name})\n\n"


def results(work: Path) -> dict[str, str]:
    """Return what became of each mutant: killed, survived, timeout, no tests or not checked."""
    lines = (line.strip().rpartition(": ") for line in mutmut(work, "results", "--all", "true").splitlines())
    return {name: status for name, _, status in lines if "__mutmut_" in name}


def sample(names: Iterable[str], share: float, seed: int) -> list[str]:
    """Return that share of the mutants of each module, drawn at random; the same seed gives the same ones."""
    by_module: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        by_module[_place(name)[0]].append(name)
    drawn = (random.Random(f"{seed} {module}").sample(found, ceil(share * len(found))) for module, found in sorted(by_module.items()))
    return [name for found in drawn for name in found]


def _place(name: str) -> tuple[str, str]:
    """Return the module and the function of a mutant: ('overlap', 'Incidence.only')."""
    found = MUTANT.fullmatch(name)
    if found is None:
        raise ValueError(f"{name} is no mutant of wherefrom")
    return found[1], found[2].replace("ǁ", ".")


def survivor(work: Path, name: str, reasons: dict[str, Reason]) -> Survivor:
    """Return what a mutant changes, and why it survives if that is written down."""
    lines = [line for line in mutmut(work, "show", name).splitlines() if not line.startswith(("---", "+++", "@@", "#"))]
    old, new = (" ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+")
    module, function = _place(name)
    change = f"{module}.{function}: {old} -> {new}"
    return Survivor(module, change, reasons.get(change))


def read_reasons() -> dict[str, Reason]:
    """Return the reasons that are written down, by what a mutant changes."""
    return {
        one["mutant"]: Reason(one["reason"], one["equivalent"]) for one in tomllib.loads(REASONS.read_text("utf-8")).get("survivor", [])
    }


def row(module: str, counted: Counter[str], equivalent: int, made: int) -> str:
    """Return a line of the table: the score is what was found of what could be found."""
    found, drawn = sum(counted[status] for status in FOUND), counted.total()
    low, high = wilson_interval(found / (drawn - equivalent), drawn - equivalent)
    survived = drawn - found - equivalent
    cells = (module, made, drawn, counted["killed"] + counted["segfault"], counted["timeout"], survived, equivalent)
    return f"| {' | '.join(map(str, cells))} | {found / (drawn - equivalent):.1%} | {low:.0%} to {high:.0%} |"


def report(drawn: dict[str, str], made: Iterable[str], survivors: Sequence[Survivor], share: float, seed: int) -> str:
    """Return the page: the table by module, and every survivor with its reason."""
    by_module: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for name, status in drawn.items():
        by_module[_place(name)[0]][status] += 1
    all_made = Counter(_place(name)[0] for name in made)
    equivalent = Counter(one.module for one in survivors if one.reason and one.reason.equivalent)
    rows = [row(module, by_module[module], equivalent[module], all_made[module]) for module in sorted(by_module)]
    rows.append(row("**all**", sum(by_module.values(), Counter()), equivalent.total(), all_made.total()))
    groups = [
        ("Survivors", [one for one in survivors if not (one.reason and one.reason.equivalent)]),
        ("Left out: no test could tell them from the original", [one for one in survivors if one.reason and one.reason.equivalent]),
    ]
    told = [f"## {title}\n\n" + ("\n".join(map(_told, found)) or "None.") for title, found in groups]
    before = tomllib.loads(REASONS.read_text("utf-8"))["before"]
    return "\n".join([HEAD.format(version=version("mutmut"), share=share, seed=seed, before=before), *rows, "", "\n\n".join(told), ""])


def _told(one: Survivor) -> str:
    reason = one.reason.why if one.reason else "No reason is written down."
    return f"- `{one.change}`: {reason}"


HEAD = """# Mutation testing

How many small faults in the engine its tests find. Written by `make mutation` (mutmut {version}, `bench/mutation.py --share {share}
--seed {seed}`) from what the run counted; not to be edited by hand. Reasons are read from `bench/mutation.toml`.

A mutant is the engine with one small change: another operator or comparison, a number one higher, a string spelt otherwise, `None` in
place of a value, an argument left out, one arm of a condition always taken. It counts as found (killed) where a test fails or where it
runs into the time limit. A share of {share:.0%} of the mutants of each module is drawn at random, so that the score of all is that of
the engine; the range is the 95 % score interval of a proportion (Wilson). Only tests that reach the changed function are run, with the
same examples of each property every time.

Not mutated: annotations, docstrings and types, which change nothing at run time; lines that raise an error, as they are wording;
what stands outside functions (tables of names, and constants), which mutmut does not change; SPARQL questions, which are no Python.
Examples in docstrings are tests as well, but are not run here.

{before}

| module | mutants | drawn | killed | timed out | survived | equivalent | score | 95 % |
|---|--:|--:|--:|--:|--:|--:|--:|---|"""


def main() -> None:
    """Run the mutants that are drawn, or those asked for again, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=0.15, help="of the mutants of each module, from 0 to 1")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--work", type=Path, default=REPOSITORY / ".wherefrom" / "mutation", help="where the tree is copied to")
    parser.add_argument("--again", nargs="+", default=[], metavar="PATTERN")
    asked = parser.parse_args()
    if not asked.again:
        shutil.rmtree(asked.work, ignore_errors=True)
    asked.work.mkdir(parents=True, exist_ok=True)
    copy_tree(asked.work)
    mutmut(asked.work, "run", "--max-children", "1", FIRST)
    made = results(asked.work)
    drawn = sample(made, asked.share, asked.seed)
    again = [*asked.again, "not checked"] if asked.again else ["*"]
    wanted = [name for name in drawn if any(made[name] == pattern or fnmatch.fnmatchcase(name, pattern) for pattern in again)]
    print(f"{len(made)} mutants, {len(drawn)} drawn, {len(wanted)} to run ...", file=sys.stderr, flush=True)
    if wanted:  # without names mutmut would run them all
        mutmut(asked.work, "run", "--max-children", "1", *wanted)
    status = results(asked.work)
    reasons = read_reasons()
    survivors = [survivor(asked.work, name, reasons) for name in drawn if status[name] not in FOUND]
    REPORT.write_text(report({name: status[name] for name in drawn}, made, survivors, asked.share, asked.seed), "utf-8")
    print(REPORT.read_text("utf-8"))


if __name__ == "__main__":
    main()
