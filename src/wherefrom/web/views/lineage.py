"""The lineage explorer: where a thing comes from and what comes from it, as a picture, as the table of its steps, and as data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from rdflib import URIRef
from starlette.responses import Response

from wherefrom import lineage as engine
from wherefrom.answers import Answer, lineage_answer, node_answer
from wherefrom.boxes import BOXES, BRIEF, Telling, tellings
from wherefrom.lineage import DIRECTIONS, SHOWN, WAYS, Lineage, kind_of
from wherefrom.narrowing import intents, is_main, main_kinds
from wherefrom.picture import Picture
from wherefrom.query import rows
from wherefrom.vocabulary import shorten
from wherefrom.web import asked
from wherefrom.web.api import known_parameters, lineage_content
from wherefrom.web.respond import READ, see_other
from wherefrom.web.site import Entry, Site
from wherefrom.web.views.asking import FormRoute, at, designs, examples, labels, meant, sources
from wherefrom.web.views.view import show
from wherefrom.words import plural

ENTRY = Entry("/lineage", "Lineage", "head", "Where does a claim come from, and what rests on a trial?")
PATH = ENTRY.path
FILES = {"dot": "dot", "graphml": "graphml", "gexf": "gexf", "json": "json", "csv": "csv", "ttl": "turtle", "jsonld": "jsonld"}
BRIEFLY = tuple(way for way in SHOWN if way != "theory")  # a theory of change has many columns, and supports nothing
SPEAKING = 100  # claims that speak of a thing that are listed; all are counted
Names = Annotated[list[str] | None, Query()]
Detail = Literal["brief", "full"]


def routes(site: Site) -> APIRouter:
    """Return the routes of the page and its data."""
    router = APIRouter(route_class=FormRoute, dependencies=[Depends(known_parameters)])
    choices = Choices(site)

    @router.api_route(PATH, methods=READ, include_in_schema=False)
    @router.api_route(f"{PATH}.{{suffix}}", methods=READ, include_in_schema=False)
    def lineage(
        request: Request,
        narrowed: Annotated[asked.Filters, Depends(asked.filters)],
        thing: str = "",
        focus: str = "",
        kind: Names = None,
        detail: Detail = "brief",
        opened: Annotated[list[str] | None, Query(alias="open")] = None,
        suffix: str = "",
    ) -> Response:
        given = request.query_params.multi_items()
        name = meant(site, thing or focus)
        if name != thing:
            others = [(key, value) for key, value in given if key not in ("thing", "focus")]
            return see_other(at(request.url.path, [("thing", name), *others]))
        if not name:
            return show(site, request, PATH, suffix, lambda **shared: _choosing(site, **shared), {})
        view = View(site, name, narrowed, kind or (), detail, tuple(opened or ()), given)

        def page(**shared: Any) -> bytes:
            return site.page("lineage.html", view=view, choices=choices, **shared)

        data: dict[str, Callable[[], bytes]] = {"svg": lambda: view.picture.svg().encode()}
        data |= {ending: lambda form=form: lineage_content(site, view.graph, form, view.kinds) for ending, form in FILES.items()}  # type: ignore[misc]
        return show(site, request, PATH, suffix, page, data)

    return router


def _choosing(site: Site, **shared: Any) -> bytes:
    """Return the page on which a thing is chosen."""
    found = labels(site, (shorten(thing, site.base) for thing in site.things.get("source", ())))
    return site.page("choose.html", stones=examples(site), sources=found, **shared)


@dataclass(frozen=True)
class View:
    """What is asked about a thing, the answer, and what the page shows of it."""

    site: Site
    thing: str
    narrowed: asked.Filters
    asked_kinds: Sequence[str]
    detail: Detail
    opened: tuple[str, ...]
    given: Sequence[tuple[str, str]]

    @cached_property
    def graph(self) -> Lineage:
        """The lineage, of all kinds."""
        briefly = self.detail == "brief" and is_main(kind_of(self.site.iri(self.thing), self.site.base))
        return self.narrowed.trace(self.site, self.thing, BRIEFLY if briefly else SHOWN)

    @cached_property
    def there(self) -> list[str]:
        """The kinds of things in the lineage."""
        return sorted({kind for node in self.graph if (kind := kind_of(node, self.site.base))})

    @cached_property
    def kinds(self) -> Sequence[str]:
        """The kinds that are shown, none for all: those asked for, or in brief those that a reader needs first."""
        return self.asked_kinds or (main_kinds(self.graph, self.site.base) if self.detail == "brief" else ())

    @cached_property
    def answer(self) -> Answer:
        """The answer, of the kinds that are shown."""
        return lineage_answer(self.site.store, self.graph, self.site.base, self.kinds)

    @cached_property
    def picture(self) -> Picture:
        """The answer as a picture; what is folded leads to this page with it opened."""
        most = BRIEF if self.detail == "brief" else BOXES
        return Picture(self.answer, most, self.opened, opening=lambda thing: at(PATH, [*self.given, ("open", thing)]))

    @cached_property
    def tellings(self) -> list[tuple[str, list[Telling]]]:
        """What the lines of the picture stand for, in its order, in tables for each kind from which they lead: caption, rows."""
        places = {box: (number, place) for number, members in enumerate(self.picture.columns) for place, box in enumerate(members)}
        lines = dict(sorted(self.picture.lines.items(), key=lambda item: (places[item[0][0]], places[item[0][1]])))
        found: dict[str, list[Telling]] = {}
        for ends, line in lines.items():
            found.setdefault(self.picture.boxes[ends[0]].kind, []).extend(tellings({ends: line}, self.picture.boxes, self.picture.names))
        return [(f"{plural(kind or 'thing').capitalize()}, and what they rest on", rows) for kind, rows in found.items()]

    @cached_property
    def alone(self) -> list[Any]:
        """The boxes to which no line leads, and from which none."""
        joined = {box for ends in self.picture.lines for box in ends}
        return [self.picture.boxes[box] for members in self.picture.columns for box in members if box not in joined]

    @cached_property
    def label(self) -> str:
        """What the thing is called."""
        return self.picture.names[self.answer["things"][0]]

    @property
    def title(self) -> str:
        """The question that the page answers."""
        return f"Where what is said of “{self.label}” comes from" if self.speaking else self.picture.title

    @cached_property
    def named(self) -> dict[str, str]:
        """What the things are called that the answer names."""
        beside = [*self.answer["companions"], *(self.answer["singlePoints"] or ()), *self.answer["withoutDesign"], *self.answer["undated"]]
        return labels(self.site, beside) if beside else {}

    @property
    def kind_choices(self) -> list[tuple[str, str]]:
        """The kinds of things in the lineage, with their words."""
        return [(kind, plural(kind)) for kind in self.there]

    @property
    def asked_sources(self) -> list[str]:
        """The sources that were asked for, by their names."""
        return [shorten(self.site.iri(asked.source_name(name)), self.site.base) for name in self.narrowed.source]

    @property
    def is_filtered(self) -> bool:
        """Whether something was asked for that stands under the filters."""
        narrowed = self.narrowed
        several = (narrowed.source, narrowed.design, narrowed.follow, narrowed.stance, self.asked_kinds)
        return any(several) or narrowed.as_of is not None or narrowed.depth is not None

    @property
    def closings(self) -> list[tuple[str, str]]:
        """The groups that are opened: what their first member is called, and the address with the group closed."""
        names = self.picture.names
        return [
            (names.get(one, one), at(PATH, [pair for pair in self.given if pair != ("open", one)])) for one in dict.fromkeys(self.opened)
        ]

    @cached_property
    def speaking(self) -> list[Answer]:
        """The claims that speak of the thing, where it is one that rests on nothing itself."""
        if self.answer["edges"]:
            return []
        found = sorted({URIRef(row["claim"]) for row in rows(self.site.store, "claims_of", {"thing": [self.site.iri(self.thing)]})})
        names = engine.named(self.site.store, found)
        return [node_answer(names, claim, self.site.base) for claim in found]

    def address(self, **changed: str) -> str:
        """Return the address of this page with parameters changed, or left out where they are changed to nothing."""
        kept = [pair for pair in self.given if pair[0] not in changed and pair[0] != "open"]
        return at(PATH, [*kept, *((name, value) for name, value in changed.items() if value)])


class Choices:
    """What can be chosen in the form, from what the base has."""

    directions = tuple(zip(DIRECTIONS, ("what it rests on", "what rests on it", "both"), strict=True))
    ways = tuple(
        zip(WAYS, ("what supports it", "who says it", "what several say alike", "theory of change", "who cites whom"), strict=True)
    )
    details = (("brief", "at a glance"), ("full", "everything"))
    speaking = SPEAKING

    def __init__(self, site: Site) -> None:
        self._site = site

    @cached_property
    def sources(self) -> list[tuple[str, str]]:
        """The sources, as (name, label)."""
        return sources(self._site)

    @cached_property
    def sources_by_name(self) -> dict[str, str]:
        """The labels of the sources."""
        return dict(self.sources)

    @cached_property
    def designs(self) -> list[tuple[str, str]]:
        """The designs that studies have."""
        return designs(self._site)

    @cached_property
    def stances(self) -> list[tuple[str, str]]:
        """The stances of citations."""
        return [(stance, stance) for stance in sorted(intents(self._site.store))]
