"""Parameters of a question -> what answers it: one reading of each parameter for the API and for the pages.

Every function takes the parameters of one address and returns what gives the answer, plain data, when it is called with a
site; it raises `BadParameter` for a parameter that cannot be used before anything is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query

from wherefrom import answers, lineage, withdrawal
from wherefrom import independence as lines
from wherefrom.checks import checks as checked
from wherefrom.checks import checks_answer
from wherefrom.citations import citations_answer
from wherefrom.evidence_map import evidence_map, measured_only
from wherefrom.findings import findings_answer
from wherefrom.keystones import keystones as found_keystones
from wherefrom.narrowing import trace
from wherefrom.overlap import overlap as overlapping
from wherefrom.problems import BadParameter
from wherefrom.web.site import Site

Asked = Callable[[Site], answers.Answer]
Names = Annotated[list[str] | None, Query()]
WAYS = 100  # ways listed at most; all are counted


@dataclass(frozen=True)
class Filters:
    """What a lineage is narrowed by, as it was asked for; see `narrowing.trace`."""

    direction: str = "both"
    policy: str = "stated"
    as_of: int | None = None
    depth: int | None = None
    follow: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    design: tuple[str, ...] = ()
    stance: tuple[str, ...] = ()

    def trace(self, site: Site, thing: str, follow: Sequence[str] = lineage.SHOWN) -> lineage.Lineage:
        """Return the lineage of a thing, as a graph; along `follow` where nothing else was asked for."""
        return trace(
            site.store,
            [site.iri(thing)],
            self.direction,  # type: ignore[arg-type]
            self.policy,  # type: ignore[arg-type]
            nodes=site.settings.lineage_nodes,
            depth=self.depth,
            follow=self.follow or follow,
            year=self.as_of,
            sources=[site.iri(source_name(name)) for name in self.source],
            designs=self.design,
            stances=self.stance,
        )


def filters(
    direction: str = "both",
    policy: str = "stated",
    as_of: int | None = None,
    depth: int | None = None,
    follow: Names = None,
    source: Names = None,
    design: Names = None,
    stance: Names = None,
) -> Filters:
    """Return what a lineage is narrowed by."""
    several = (tuple(names or ()) for names in (follow, source, design, stance))
    return Filters(direction, policy, as_of, depth, *several)


def traced(thing: str, narrowed: Annotated[Filters, Depends(filters)]) -> Callable[[Site], lineage.Lineage]:
    """Return what gives the lineage of a thing, as a graph."""
    return lambda site: narrowed.trace(site, thing)


def impact(withdraw: Annotated[list[str], Query()], policy: str = "stated", reading: str = "one") -> Asked:
    """Ask what falls when publications, studies, findings or people are withdrawn."""
    known = _policy(policy)

    def answer(site: Site) -> answers.Answer:
        things = [site.iri(thing) for thing in withdraw]
        found = withdrawal.impact(site.store, things, known, site.settings.lineage_nodes, reading)  # type: ignore[arg-type]
        return answers.impact_answer(found, site.base)

    return answer


def independence(thing: str | None = None, intervention: str | None = None, outcome: str | None = None, policy: str = "stated") -> Asked:
    """Ask for the independent lines of evidence behind a thing, or behind the claims on an intervention and an outcome."""
    known = _policy(policy)
    asked = thing or intervention
    if asked is None or (thing and intervention) or (intervention and not outcome):
        raise BadParameter("Give thing, or intervention and outcome.")

    def answer(site: Site) -> answers.Answer:
        limit = site.settings.lineage_nodes
        if outcome is None:
            found = lines.independence(site.store, site.iri(asked), known, limit)
        else:
            found = lines.independence_on(site.store, site.iri(asked), site.iri(outcome), known, limit)
        return answers.independence_answer(found, site.base)

    return answer


def unsupported(source: str | None = None) -> Asked:
    """Ask for the claims that cite nothing."""
    return lambda site: answers.unsupported_answer(site.store, site.base, site.iri(source_name(source)) if source else None)


def overlap(unit: str = "study", policy: str = "stated", sources: Names = None) -> Asked:
    """Ask how far documents, or sources, cite the same trials or publications."""

    def answer(site: Site) -> answers.Answer:
        documents = frozenset(site.iri(document) for document in sources) if sources else None
        found = overlapping(site.store, unit, policy, documents)  # type: ignore[arg-type]
        return answers.overlap_answer(site.store, found, site.base)

    return answer


def discrepancies(kind: str | None = None, policy: str = "stated") -> Asked:
    """Ask where records disagree, by how much, and why if it can be shown."""
    known = _policy(policy)
    return lambda site: answers.discrepancies_answer(site.store, known, kind or None, site.base)


def findings(study: str | None = None, outcome: str | None = None, source: str | None = None, policy: str = "stated") -> Asked:
    """Ask for the figures of findings side by side: of a trial, on an outcome, of a source. An empty name, as forms send it, is none."""
    known = _policy(policy)

    def answer(site: Site) -> answers.Answer:
        given = (study, outcome, source_name(source) if source else None)
        return findings_answer(site.store, site.base, known, *(site.iri(name) if name else None for name in given))

    return answer


def checks(finding: str | None = None, study: str | None = None, policy: str = "stated") -> Asked:
    """Ask which printed figures follow from which others, and which do not."""
    known = _policy(policy)

    def answer(site: Site) -> answers.Answer:
        things = tuple(site.iri(thing) for thing in (finding, study) if thing)
        return checks_answer(site.store, checked(site.store, known, things), known, site.base)

    return answer


def keystones(unit: str = "publication", policy: str = "stated") -> Asked:
    """Ask for papers or trials, by what would fall with each alone."""

    def answer(site: Site) -> answers.Answer:
        found = found_keystones(site.arrays, unit, policy)  # type: ignore[arg-type]
        return answers.keystones_answer(site.store, found, unit, policy, site.base)

    return answer


def evidence(rows: str = "intervention", cols: str = "outcome", policy: str = "stated") -> Asked:
    """Ask for the map: claims and independent lines of evidence, by intervention and outcome."""

    def answer(site: Site) -> answers.Answer:
        cells = evidence_map(site.arrays, rows, cols, policy)  # type: ignore[arg-type]
        measured = measured_only(site.arrays, rows, cols, policy)  # type: ignore[arg-type]
        return answers.map_answer(site.store, cells, rows, cols, policy, site.base, measured)

    return answer


def citations(thing: str | None = None, policy: str = "stated", stance: str = "supporting") -> Asked:
    """Ask who cites whom about a thing: paths, amplification, bias, dead ends."""

    def answer(site: Site) -> answers.Answer:
        asked = site.iri(thing) if thing is not None else None
        return citations_answer(site.store, site.base, asked, policy, stance, site.settings.lineage_nodes)  # type: ignore[arg-type]

    return answer


def paths(
    start: Annotated[str, Query(alias="from")], end: Annotated[str, Query(alias="to")], policy: str = "stated", show: int = 10
) -> Asked:
    """Ask for the ways from one thing down to another, and how many there are."""
    if not 0 <= show <= WAYS:
        raise BadParameter(f"show is the number of ways to list, 0 to {WAYS}.")

    def answer(site: Site) -> answers.Answer:
        lineage.check_known(site.store, [site.iri(end)])
        graph = trace(site.store, [site.iri(start)], "grounds", policy, nodes=site.settings.lineage_nodes)  # type: ignore[arg-type]
        return answers.paths_answer(graph, site.iri(start), site.iri(end), show, site.base)

    return answer


def search(q: str, type: str | None = None, page: int = 1) -> Asked:
    """Ask for what has the words `q` in a name, title, identifier, printed reference or note; of one kind, if `type` names it."""

    def answer(site: Site) -> answers.Answer:
        found = site.index.search(q, type or None, page)
        more = {"q": q, **({"type": type} if type else {}), "page": page + 1}
        return {**found, "next": f"/api/search?{urlencode(more)}" if page < found["pages"] else None}

    return answer


def suggest(q: str) -> Asked:
    """Ask for up to ten things whose name or identifier begins with, or has, what was typed."""
    return lambda site: site.index.suggest(q)


def source_name(name: str) -> str:
    """Return the name of a source as type/slug, however it was given."""
    return name if "/" in name else f"source/{name}"


def _policy(policy: str) -> lineage.Policy:
    if policy not in lineage.POLICIES:
        raise BadParameter(f"policy is one of {', '.join(lineage.POLICIES)}, not {policy!r}.")
    return policy
