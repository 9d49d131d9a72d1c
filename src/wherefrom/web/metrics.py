"""Figures of the running service for Prometheus, and whether it is alive and ready."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import ClassVar

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.responses import Response

from wherefrom.problems import Problem
from wherefrom.version import __version__
from wherefrom.web.log import Ended
from wherefrom.web.pool import Pool, Request

READ = ["GET", "HEAD"]
METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"}
NEVER_KEPT = "ASK { FILTER(RAND() >= 0) }"  # a query that is always evaluated
PATIENCE = 2.0  # seconds in which a query must be answered for the service to be called ready
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class NotReady(Problem):
    """No query is answered at present."""

    slug, title, status = "not-ready", "The service is not ready", 503
    remedy = "Ask again in a moment; /health tells whether it is alive."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "2"}


class Metrics:
    """What ended since the program started, whatever build was served."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("wherefrom_requests", "Requests that ended.", ("method", "route", "status"), registry=self.registry)
        self.seconds = Histogram(
            "wherefrom_request_seconds", "Time from request to last byte.", ("route",), buckets=SECONDS, registry=self.registry
        )
        self.queries = Counter("wherefrom_queries", "SPARQL queries by where and how they ended.", ("lane", "end"), registry=self.registry)
        ProcessCollector(registry=self.registry)

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
        yield InfoMetricFamily("wherefrom", "Which program and data.", {"version": __version__, "data": self.version})
        for name, told in (("busy", "Queries in the lane."), ("waiting", "Queries that wait for it."), ("places", "How many it takes.")):
            family = GaugeMetricFamily(f"wherefrom_lane_{name}", told, labels=("lane",))
            for lane in lanes:
                family.add_metric((lane,), getattr(lanes[lane], name))
            yield family
        yield GaugeMetricFamily("wherefrom_cache_bytes", "Size of the answers that are kept.", pool.cache.size)
        yield GaugeMetricFamily("wherefrom_cache_answers", "Number of the answers that are kept.", len(pool.cache))
        yield CounterMetricFamily("wherefrom_cache_hits", "Answers given from what is kept.", pool.cache.hits)
        yield CounterMetricFamily("wherefrom_cache_misses", "Answers that had to be made.", pool.cache.misses)


def routes(metrics: Metrics, pool: Pool, version: str) -> APIRouter:
    """Return the routes /metrics and /ready."""
    router = APIRouter()
    now = CollectorRegistry()
    now.register(Now(pool, version))

    @router.api_route("/metrics", methods=READ, include_in_schema=False)
    async def figures() -> Response:
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
