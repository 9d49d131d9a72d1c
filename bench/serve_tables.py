"""What `serve.py` measured, as tables."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from peers import ON_DISK, THEIRS, Peer

TRIFID = (42, 59)  # HTML pages a second, as measured elsewhere
ENGINE_SECONDS = 0.001  # what takes the server that we compare with less is told apart: there the time is that of HTTP, not of the engine


Draw = tuple[int, int]  # the round, and which query of that kind in it


class Times:
    """The seconds that answers took, by query, server and draw; what the answers were; and how many were none."""

    def __init__(self) -> None:
        self.taken: dict[tuple[str, str], dict[Draw, float]] = {}
        self.digests: dict[tuple[str, Draw], dict[str, str]] = {}
        self.failures: dict[tuple[str, str], list[str]] = {}

    @property
    def labels(self) -> list[str]:
        """The queries, in the order in which they were first asked."""
        return list(dict.fromkeys(label for label, _ in self.taken))

    def add(self, label: str, server: str, draw: Draw, seconds: float) -> None:
        self.taken.setdefault((label, server), {})[draw] = seconds

    def fail(self, label: str, server: str, told: str) -> None:
        self.failures.setdefault((label, server), []).append(told)

    def of(self, label: str, server: str) -> list[float]:
        return list(self.taken.get((label, server), {}).values())

    def ratio(self, label: str, one: str, other: str) -> float:
        """Return the median ratio for what both were asked one after the other."""
        first, second = self.taken[label, one], self.taken[label, other]
        return statistics.median(first[draw] / second[draw] for draw in first.keys() & second.keys())

    def differing(self, label: str) -> str:
        """Return whose answers are not the ones that most give, or nothing."""
        found: set[str] = set()
        for (asked, _), told in self.digests.items():
            if asked == label:
                right = statistics.mode(sorted(told.values()))
                found |= {server for server, answer in told.items() if answer != right}
        return ", ".join(sorted(found))


def table(*rows: Sequence[object]) -> str:
    lines = [f"| {' | '.join(map(str, row))} |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]]) + "\n"


def ms(value: float) -> str:
    return f"{value:,.2f}" if value < 1 else f"{value:,.1f}" if value < 10 else f"{value:,.0f}"


def number(value: float) -> str:
    return f"{value:,.0f}"


def told_of_loading(servers: Sequence[Peer], memory: dict[str, float], loaded: tuple[float, float]) -> str:
    rows = [
        (s.name, f"{s.loading:,.0f}", f"{s.starting:,.1f}", number(memory[s.name]), number(s.memory()), number(s.space)) for s in servers
    ]
    head = ("server", "load, s", "start, s", "memory when started, MB", "memory after all queries, MB", "files, MB")
    took, megabytes = loaded
    filled = "".join(
        f" {s.name} filled its memory within {s.filling:,.1f} s of its start, yielding to others." for s in servers if s.filling
    )
    return f"{table(head, *rows)}\nIn memory, in one process: loaded in {took:,.1f} s, {megabytes:,.0f} MB.{filled}\n"


def told_of_queries(servers: Sequence[Peer], times: Times, ours: str) -> str:
    compared = [name for name in (ours, ON_DISK) if any(server.name == name for server in servers)]
    ratios = {name: {label: times.ratio(label, name, THEIRS) for label in times.labels} for name in compared}
    head = ("median (p95) in ms", *(s.name for s in servers), *(f"{name} / {THEIRS}" for name in compared), "another answer than most")
    rows = [
        (
            label,
            *(_cell(times, label, server.name) for server in servers),
            *(f"{ratios[name][label]:.2f}" for name in compared),
            times.differing(label),
        )
        for label in times.labels
    ]
    of_the_engine = [label for label in times.labels if statistics.median(times.of(label, THEIRS)) >= ENGINE_SECONDS]
    means = [("geometric mean of the ratios", times.labels)]
    means += [(f"... of the {len(of_the_engine)} queries that take the {THEIRS} {1000 * ENGINE_SECONDS:g} ms or more", of_the_engine)]
    told = [
        f"- {name}, {what}: **{statistics.geometric_mean([ratios[name][label] for label in labels]):.2f}**"
        for name in compared
        for what, labels in means
        if labels
    ]
    told += [
        f"- times each query was asked: {s.name} {min(asked)} to {max(asked)}"
        for s in servers
        for asked in [[len(times.of(label, s.name)) for label in times.labels]]
    ]
    told += [f"- {server} gave no answer to {label} {len(found)} times: {found[0]}" for (label, server), found in times.failures.items()]
    return f"{table(head, *rows)}\n{chr(10).join(told)}\n"


def _cell(times: Times, label: str, server: str) -> str:
    taken = sorted(1000 * seconds for seconds in times.of(label, server))
    return f"{ms(statistics.median(taken))} ({ms(taken[math.ceil(0.95 * len(taken)) - 1])})" if taken else "no answer"


def told_of_repeats(found: dict[str, dict[str, float]], times: Times, ours: str) -> str:
    rows = []
    for label, by_server in found.items():
        first = 1000 * statistics.median(times.of(label, ours))
        rows.append((label, ms(first), ms(by_server[ours]), f"{first / by_server[ours]:.0f}", ms(by_server[THEIRS])))
    return table(("asked again, ms", f"{ours}, first", "again", "times faster", f"{THEIRS}, again"), *rows)


def told_of_rates(rates: dict[str, list[float]]) -> str:
    rows = []
    for server, found in rates.items():
        shares = [one / other for one, other in zip(found, rates[THEIRS], strict=True)]
        rows.append((server, number(statistics.median(found)), f"{100 * statistics.median(shares):.0f} %"))
    return table(("look-ups of one thing, 8 clients", "a second", f"of the {THEIRS}'s"), *rows)


def told_of_pages(rates: dict[str, list[float]]) -> str:
    rows = [(way, number(statistics.median(found))) for way, found in rates.items()]
    turtle, html = (statistics.median(rates[way]) for way in ("Turtle", "HTML"))
    times = [f"{rate / most:.0f} to {rate / least:.0f}" for rate in (turtle, html) for least, most in [TRIFID]]
    return table(("pages of claims, 8 clients", "a second"), *rows) + (
        f"\nTrifid was measured elsewhere at {TRIFID[0]} to {TRIFID[1]} HTML pages a second: {times[0]} times as many in Turtle and "
        f"{times[1]} in HTML, on another machine and other data, so by order of magnitude only.\n"
    )


def told_of_export(found: dict[str, tuple[float, float, float, float]]) -> str:
    rows = [(server, ms(first), ms(whole), number(before), number(most)) for server, (first, whole, before, most) in found.items()]
    return table(("100,000 rows as JSON", "first byte, ms", "last byte, ms", "memory before, MB", "at most, MB"), *rows)


def told_of_runaway(alone: list[float], beside: list[float], took: float, status: int, limit: float) -> str:
    rows = [
        (what, len(found), *(ms(statistics.quantiles(found, n=100)[n - 1]) for n in (50, 95, 99)))
        for what, found in (("alone", alone), ("beside a cross product", beside))
    ]
    head = ("look-ups by one client, ms", "number", "p50", "p95", "p99")
    return f"{table(head, *rows)}\nThe cross product ended after {took:.2f} s with status {status}; its limit was {limit:g} s.\n"
