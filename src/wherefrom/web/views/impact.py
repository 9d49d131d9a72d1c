"""The page of withdrawals: what falls, is weakened or becomes suspect without publications, studies, findings or people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from wherefrom.answers import Answer
from wherefrom.drawing import kind_order
from wherefrom.web import asked
from wherefrom.web.api import known_parameters
from wherefrom.web.respond import READ, as_json, see_other
from wherefrom.web.site import Entry, Site
from wherefrom.web.views.asking import FormRoute, at, examples, labels, meant
from wherefrom.web.views.view import show, table
from wherefrom.words import count

ENTRY = Entry("/impact", "Withdraw", "head", "What falls if a paper or a trial is withdrawn?")
PATH = ENTRY.path
GROUPS = (
    ("falls", "Falls", "No support is left."),
    ("weakened", "Weakened", "Other support is left."),
    ("suspect", "Suspect", "Rests on another report of the same trial."),
)
FIELDS = 2  # empty fields for more things
READINGS = (("one", "one way is enough"), ("all", "every way is needed"))


def routes(site: Site) -> APIRouter:
    """Return the routes of the page and its data."""
    router = APIRouter(route_class=FormRoute, dependencies=[Depends(known_parameters)])

    @router.api_route(PATH, methods=READ, include_in_schema=False)
    @router.api_route(f"{PATH}.{{suffix}}", methods=READ, include_in_schema=False)
    def impact(
        request: Request,
        withdraw: Annotated[list[str] | None, Query()] = None,
        policy: str = "stated",
        reading: str = "one",
        suffix: str = "",
    ) -> Response:
        things = list(dict.fromkeys(meant(site, text) for text in withdraw or ()))
        if things != (withdraw or []):
            others = [(name, value) for name, value in request.query_params.multi_items() if name != "withdraw"]
            return see_other(at(request.url.path, [*(("withdraw", thing) for thing in things), *others]))
        asking = asked.impact(things, policy, reading)
        chosen = {"fields": [*things, *[""] * FIELDS], "chosen_policy": policy, "reading": reading, "readings": READINGS}

        def page(**shared: Any) -> bytes:
            answer = asking(site) if things else None
            told = _told(site, answer) if answer else {}
            return site.page("impact.html", answer=answer, stones=examples(site), **chosen, **told, **shared)

        data = {"json": lambda: as_json(asking(site)), "csv": lambda: _csv(asking(site))}
        return show(site, request, PATH, suffix, page, data if things else {})

    return router


def _told(site: Site, answer: Answer) -> dict[str, Any]:
    """Return the groups of an answer, each with its counts in words and its things by kind and source."""
    named = {source for group, *_ in GROUPS for thing in answer[group] for source in thing["sources"]}
    called = labels(site, named)
    groups = [
        {"name": group, "title": title, "words": words, "counts": _counted(answer[group]), "parts": _parts(answer[group], called)}
        for group, title, words in GROUPS
    ]
    return {"groups": groups}


def _counted(things: list[Answer]) -> str:
    """Return how many things there are of each kind, in words.

    >>> _counted([{"kind": "finding"}, {"kind": "claim"}, {"kind": "claim"}]), _counted([])
    ('2 claims, 1 finding', 'nothing')
    """
    found = Counter(thing["kind"] for thing in things)
    return ", ".join(count(found[kind], kind) for kind in sorted(found, key=kind_order)) or "nothing"


def _parts(things: list[Answer], called: Mapping[str, str]) -> list[tuple[str, list[Answer]]]:
    """Return things by kind, what people ask about first, and source: a heading, and the things by label.

    >>> _parts([{"kind": "claim", "sources": ["source/x"], "label": "It works"}], {"source/x": "X"})[0][0]
    '1 claim by X'
    """
    found: dict[tuple[tuple[int, str], str, str], list[Answer]] = {}
    for thing in things:
        by = ", ".join(called[source] for source in thing["sources"])
        found.setdefault((kind_order(thing["kind"]), by, thing["kind"]), []).append(thing)
    parts = [(f"{count(len(found[key]), key[2])}{f' by {key[1]}' if key[1] else ''}", found[key]) for key in sorted(found)]
    return [(heading, sorted(members, key=lambda thing: str(thing["label"]))) for heading, members in parts]


def _csv(answer: Answer) -> bytes:
    """Return every thing with its group; what is withdrawn, with what goes along, first; then ratings with what they lose and keep."""
    groups = ["withdrawn", "authored", "withdrawnAlong", *(name for name, *_ in GROUPS)]
    found = [(group, thing["id"], thing["kind"], thing["label"], " ".join(thing["sources"])) for group in groups for thing in answer[group]]
    found += [(f"rating {one['basis']}", one["id"], one["kind"], one["label"], " ".join(one["sources"])) for one in answer["ratings"]]
    return table(("group", "id", "kind", "label", "sources"), found)
