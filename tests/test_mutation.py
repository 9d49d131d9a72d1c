"""What is drawn and counted of mutants: `bench/mutation.py`, without running one."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import Any

import pytest

import mutation

NAMES = [f"wherefrom.{module}.x_do__mutmut_{n}" for module, size in (("paths", 40), ("teams", 10), ("lineage", 1)) for n in range(size)]


def test_the_same_share_of_each_module_is_drawn_and_the_same_for_one_seed() -> None:
    drawn = mutation.sample(NAMES, 0.25, 1)
    assert Counter(name.split(".")[1] for name in drawn) == {"paths": 10, "teams": 3, "lineage": 1}
    assert drawn == mutation.sample(reversed(NAMES), 0.25, 1) != mutation.sample(NAMES, 0.25, 2)
    assert sorted(mutation.sample(NAMES, 1, 1)) == sorted(NAMES)


WRITTEN = '''
class Circle:
    """A circle."""

    def __init__(self, radius):
        self.radius = radius

    @property
    def diameter(self):
        """Twice the radius."""
        if self.radius < 0:

            return None
        return 2 * self.radius

    @cached_property
    def square(self):
        return self.radius**2
'''


def test_a_property_written_as_a_call_is_the_same() -> None:
    called = mutation.PROPERTY.sub(mutation._as_call, WRITTEN)
    assert "@" not in called
    found: dict[str, Any] = {"cached_property": cached_property}
    exec(called, found)
    circle = found["Circle"](3)
    assert (circle.diameter, circle.square, circle.__dict__) == (6, 9, {"radius": 3, "square": 9})
    assert found["Circle"](-1).diameter is None


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("wherefrom.paths.x_cycles__mutmut_1", ("paths", "cycles")),
        ("wherefrom.lineage.x__expand__mutmut_12", ("lineage", "_expand")),
        ("wherefrom.conditions.xǁ_Levelsǁ__init____mutmut_3", ("conditions", "_Levels.__init__")),
    ],
)
def test_a_mutant_is_named_by_module_and_function(name: str, place: tuple[str, str]) -> None:
    assert mutation._place(name) == place


def test_a_score_is_what_was_found_of_what_could_be() -> None:
    counted = Counter(killed=17, timeout=1, survived=2)
    assert mutation.row("paths", counted, equivalent=1, made=100) == "| paths | 100 | 20 | 17 | 1 | 1 | 1 | 94.7% | 75% to 99% |"


def test_every_reason_is_of_a_module_that_is_mutated() -> None:
    modules = {change.split(".")[0] for change in mutation.read_reasons()}
    assert modules <= {name.removesuffix(".py").rsplit("/", 1)[-1] for name in mutation.mutated()}
