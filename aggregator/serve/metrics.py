"""Prometheus metrics, fed from outcomes and requests. Names are documented in docs/operating.md."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from aggregator.errors import CrawlError
from aggregator.model.document import counted
from aggregator.model.source import Outcome, Saved

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """One registry a process; the tests make as many as they like."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.fetches = Counter(
            "aggregator_fetches", "Polls of sources, by how they ended.", ["outcome"], registry=registry
        )
        self.failures = Counter(
            "aggregator_failures",
            "Failed polls, by stage and error.",
            ["stage", "error"],
            registry=registry,
        )
        self.items = Counter(
            "aggregator_items", "Items, by what became of them.", ["kind"], registry=registry
        )
        self.drops = Counter(
            "aggregator_drops",
            "Entries left out, by stage and reason.",
            ["stage", "reason"],
            registry=registry,
        )
        self.parts = Counter(
            "aggregator_parts_dropped",
            "Parts of stored entries left out, by reason.",
            ["reason"],
            registry=registry,
        )
        self.articles = Counter(
            "aggregator_articles_fetched", "Articles that came, for items to be published.", registry=registry
        )
        self.article_failures = Counter(
            "aggregator_articles_failed",
            "Articles asked for in vain, by stage and error; most are asked for again.",
            ["stage", "error"],
            registry=registry,
        )
        self.crawl_s = Histogram(
            "aggregator_crawl_duration_seconds",
            "From claim to outcome, politeness included.",
            registry=registry,
        )
        self.request_s = Histogram(
            "aggregator_request_duration_seconds",
            "Answering a request.",
            ["route", "status"],
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
            registry=registry,
        )
        self.connections_cut = Counter(
            "aggregator_connections_cut", "Clients' connections that were cut.", ["reason"], registry=registry
        )
        self.backlog = Gauge("aggregator_due_backlog", "Sources that are due now.", registry=registry)
        self.owed = Gauge(
            "aggregator_articles_owed", "Articles still to be asked for, or again.", registry=registry
        )
        self.active = Gauge("aggregator_crawls_active", "Crawls under way.", registry=registry)
        self.stored = Gauge("aggregator_items_stored", "Items in the store.", registry=registry)
        self.outage = Gauge(
            "aggregator_store_outage",
            "1 while nothing can be stored: the disk is full, read-only or failing.",
            registry=registry,
        )
        self.reload_success = Gauge(
            "aggregator_config_reload_success",
            "0 after the configuration was read again and refused, until it is read well.",
            registry=registry,
        )
        self.reload_at = Gauge(
            "aggregator_config_reload_timestamp_seconds",
            "When the configuration in force was read.",
            registry=registry,
        )
        for outcome in ("fetched", "not_modified", "unchanged", "failed", "held"):
            self.fetches.labels(outcome)
        for reason in ("crowded", "full", "slow_request", "slow_reader"):
            self.connections_cut.labels(reason)
        for kind in ("new", "updated", "unchanged", "dropped"):
            self.items.labels(kind)

    def crawled(self, outcome: Outcome, saved: Saved) -> None:
        """Count one finished crawl."""
        self.fetches.labels(outcome.result).inc()
        self.crawl_s.observe(outcome.elapsed_s)
        self.items.labels("new").inc(saved.new)
        self.items.labels("updated").inc(saved.updated)
        self.items.labels("unchanged").inc(outcome.unchanged + saved.unchanged)
        drops = (*outcome.drops, *saved.drops)
        self.items.labels("dropped").inc(counted(drops))
        for drop in drops:
            self.drops.labels(drop.stage, drop.reason).inc(drop.count)
        for note in (note for change in outcome.changes for note in change.notes):
            self.parts.labels(note.reason).inc()
        if outcome.result == "failed" and outcome.state.error is not None:
            self.failures.labels(outcome.state.error.stage, outcome.state.error.type).inc()

    def asked_for_article(self, failure: CrawlError | None) -> None:
        """Count one article that came, or did not."""
        if failure is None:
            self.articles.inc()
        else:
            self.article_failures.labels(failure.stage, type(failure).__name__).inc()

    def cut(self, reason: str) -> None:
        """Count one connection that was cut."""
        self.connections_cut.labels(reason).inc()

    def text(self) -> bytes:
        return generate_latest(self.registry)
