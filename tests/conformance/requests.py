"""The requests of the suites of protocols, as their manifests write them (HTTP in RDF, Content in RDF)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import httpx
from rdflib import Graph, Namespace
from rdflib.term import Node

from conformance.manifests import MF, TurtleCase
from conformance.moving import Place

HT = Namespace("http://www.w3.org/2011/http#")
CNT = Namespace("http://www.w3.org/2011/content#")


@dataclass(frozen=True)
class Request:
    """A request with the headers and the body that its suite gives it, and no others that could help; its answer is a node."""

    method: str
    address: str
    headers: Mapping[str, str]
    text: str | None
    encoding: str
    expected: Node | None

    def sent(self, client: httpx.Client, path: str, headers: Mapping[str, str] = {}) -> httpx.Response:
        """Send it to a path in place of that in the manifest, as manifests say to."""
        query = self.address.partition("?")[1:]
        content = None if self.text is None else self.text.encode(self.encoding)
        return client.request(self.method, path + "".join(query), content=content, headers={**self.headers, **headers})


def requests(case: TurtleCase) -> Iterator[Request]:
    """Yield the requests of a case in their order; none where it is no case of a protocol."""
    graph, listed = case.graph, case.one(MF.action, HT.requests)
    for node in graph.items(listed) if listed else ():
        body = graph.value(node, HT.body)
        yield Request(
            str(graph.value(node, HT.methodName)), str(graph.value(node, HT.absolutePath)), headers_of(graph, node),
            str(graph.value(body, CNT.chars)) if body else None, str(graph.value(body, CNT.characterEncoding)), graph.value(node, HT.resp),
        )  # fmt: skip


def headers_of(graph: Graph, message: Node | None) -> dict[str, str]:
    """Return the headers of a request or of what is expected of an answer, by their names in small letters."""
    listed = graph.value(message, HT.headers)
    headers = graph.items(listed) if listed else ()
    return {str(graph.value(header, HT.fieldName)).lower(): str(graph.value(header, HT.fieldValue)) for header in headers}


def moved(request: Request, place: Place) -> Request:
    """Return a request with the example hosts of its address and body under the place of its case."""
    return replace(request, address=place.moved(request.address), text=None if request.text is None else place.moved(request.text))
