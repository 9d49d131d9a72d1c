"""Figures of the running service for Prometheus, and whether it is alive and ready.

Where several web processes serve, each tells the figures of all. What ended is counted in files that all of them write
(prometheus_client's multiprocess mode), so that no count gets smaller when one is replaced; how things are now, each is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from fastapi import APIRouter
from fastapi import Request as HttpRequest
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.responses import Response

from wherefrom.problems import Problem
from wherefrom.version import __version__
from wherefrom.web.log import Ended
from wherefrom.web.peers import Peers
from wherefrom.web.pool import Pool, Request

READ = ["GET", "HEAD"]
METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"}
NEVER_KEPT = "ASK { FILTER(RAND() >= 0) }"  # a query that is always evaluated
LEAST = ("process_start_time_seconds",)  # of several processes; what is not here and no description is added up
FIGURES = "figures"  # what the other web processes are asked
PATIENCE = 2.0  # seconds in which a query must be answered for the service to be called ready
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class NotReady(Problem):
    """No query is answered at present."""

    slug, title, status = "not-ready", "The service is not ready", 503
    remedy = "Ask again in a moment; /health tells whether it is alive."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "2"}


class Metrics:
    """What ended since the program started, whatever build was served; by all web processes where they share a folder."""

    def __init__(self, shared: Path | None = None) -> None:
        self.registry = CollectorRegistry()
        own = None if shared else self.registry  # what is shared is read from the files
        self.requests = Counter("wherefrom_requests", "Requests that ended.", ("method", "route", "status"), registry=own)
        self.seconds = Histogram(
            "wherefrom_request_seconds", "Time from request to last byte.", ("route",), buckets=SECONDS, registry=own
        )  # fmt: skip
        self.queries = Counter("wherefrom_queries", "SPARQL queries by where and how they ended.", ("lane", "end"), registry=own)
        if shared:
            MultiProcessCollector(self.registry, str(shared))  # type: ignore[no-untyped-call]

    def count(self, ended: Ended) -> None:
        """Count one request. Addresses that nobody serves are one route, so that no client makes the figures grow."""
        method, route = ended.method if ended.method in METHODS else "other", ended.route or "none"
        self.requests.labels(method, route, str(ended.status)).inc()
        self.seconds.labels(route).observe(ended.seconds)
        if ended.query is not None:
            self.queries.labels(ended.query.lane or "none", ended.query.problem or ("answered" if ended.whole else "left")).inc()


class Now(Collector):
    """How full the pool of the build is that is served now."""

    def __init__(self, pool: Pool, version: str) -> None:
        self.pool, self.version = pool, version

    def collect(self) -> Iterator[Metric]:
        """Yield the figures as they are."""
        pool, lanes = self.pool, {"fast": self.pool.fast, "slow": self.pool.slow}
        yield GaugeMetricFamily("wherefrom_web_processes", "Web processes whose figures these are.", 1)
        yield InfoMetricFamily("wherefrom", "Which program and data.", {"version": __version__, "data": self.version})
        for name, told in (("busy", "Queries in the lane."), ("waiting", "Queries that wait for it."), ("places", "How many it takes.")):
            family = GaugeMetricFamily(f"wherefrom_lane_{name}", told, labels=("lane",))
            for lane in lanes:
                family.add_metric((lane,), getattr(lanes[lane], name))
            yield family
        yield GaugeMetricFamily("wherefrom_queries_in_memory", "Web processes whose queries are evaluated in memory.", pool.is_in_memory)
        yield GaugeMetricFamily("wherefrom_cache_bytes", "Size of the answers that are kept.", pool.cache.size)
        yield GaugeMetricFamily("wherefrom_cache_answers", "Number of the answers that are kept.", len(pool.cache))
        yield CounterMetricFamily("wherefrom_cache_hits", "Answers given from what is kept.", pool.cache.hits)
        yield CounterMetricFamily("wherefrom_cache_misses", "Answers that had to be made.", pool.cache.misses)


def figures(now: Now) -> list[Any]:
    """Return how one web process is now, as plain data: families with their samples."""
    families = (*now.collect(), *ProcessCollector(registry=None).collect())
    return [(one.name, one.documentation, one.type, [(row.name, row.labels, row.value) for row in one.samples]) for one in families]


class Together(Collector):
    """The figures of several web processes as those of one."""

    def __init__(self, told: Iterable[list[Any]]) -> None:
        self.told = told

    def collect(self) -> Iterator[Metric]:
        """Yield each family once."""
        families: dict[str, Metric] = {}
        rows: dict[str, dict[tuple[str, tuple[tuple[str, str], ...]], list[float]]] = {}
        for name, documentation, kind, samples in (family for process in self.told for family in process):
            families.setdefault(name, Metric(name, documentation, kind))
            for sample, labels, value in samples:
                rows.setdefault(name, {}).setdefault((sample, tuple(labels.items())), []).append(value)
        for name, family in families.items():
            add = max if family.type == "info" else min if name in LEAST else sum
            for (sample, labels), values in rows.get(name, {}).items():
                family.add_sample(sample, dict(labels), add(values))
            yield family


def routes(metrics: Metrics, pool: Pool, peers: Peers) -> APIRouter:
    """Return the routes /metrics and /ready."""
    router = APIRouter()

    @router.api_route("/metrics", methods=READ, include_in_schema=False)
    async def told(request: HttpRequest) -> Response:
        now = CollectorRegistry()
        now.register(Together([figures(request.app.state.now), *await peers.ask(FIGURES, PATIENCE)]))
        text = generate_latest(now) + generate_latest(metrics.registry)
        return Response(text, 200, {"Cache-Control": "no-store"}, CONTENT_TYPE_LATEST)

    @router.api_route("/ready", methods=READ, include_in_schema=False)
    async def ready() -> Response:
        try:
            async with asyncio.timeout(PATIENCE):
                await pool.answer(Request(NEVER_KEPT))
        except (Problem, TimeoutError):
            raise NotReady(f"No query was answered within {PATIENCE:g} seconds.") from None
        return Response("ready\n", 200, {"Cache-Control": "no-store"}, "text/plain; charset=utf-8")

    return router
