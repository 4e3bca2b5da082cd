"""What Prometheus reads: the intake's answers and times; the queue's state, read when asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from jobs.status import Queue

FindQueue = Callable[[], tuple[Queue, dict[str, int], dict[str, int]] | None]
# Item types of envelopes that SDKs are known to send; a label for each type that anybody makes up
# would fill the memory.
ITEM_TYPES = frozenset(
    [
        *("attachment", "check_in", "client_report", "feedback", "form_data", "log"),
        *("metric_buckets", "profile", "profile_chunk", "raw_security", "replay_event"),
        *("replay_recording", "replay_video", "session", "sessions", "span", "statsd"),
        *("trace_metric", "transaction", "unreal_report", "user_report"),
    ]
)
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """One registry an application, so that two in one process do not share numbers."""

    def __init__(self, find_queue: FindQueue) -> None:
        self.registry = CollectorRegistry()
        self._answers = Counter(
            "shiplog_intake_answers",
            "Answers of the webhook intake by HTTP status",
            ["status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "shiplog_intake_seconds",
            "Seconds from a webhook request to its answer",
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._event_answers = Counter(
            "shiplog_event_answers",
            "Answers of the event intake by HTTP status",
            ["status"],
            registry=self.registry,
        )
        self._event_seconds = Histogram(
            "shiplog_event_seconds",
            "Seconds from an SDK's request to its answer",
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._dropped = Counter(
            "shiplog_dropped_items",
            "Items of envelopes that were accepted and dropped, being no events, by type",
            ["type"],
            registry=self.registry,
        )
        self.registry.register(_QueueCollector(find_queue))

    def intake(self, status: int, seconds: float) -> None:
        """Count one answer of the intake."""
        self._answers.labels(str(status)).inc()
        self._seconds.observe(seconds)

    def events(self, status: int, seconds: float) -> None:
        """Count one answer of the event intake."""
        self._event_answers.labels(str(status)).inc()
        self._event_seconds.observe(seconds)

    def dropped(self, kind: str) -> None:
        """Count an envelope's item that nothing is made of."""
        self._dropped.labels(kind if kind in ITEM_TYPES else "other").inc()


class _QueueCollector(Collector):
    def __init__(self, find_queue: FindQueue) -> None:
        self._find_queue = find_queue

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        found = self._find_queue()
        if found is None:
            return
        queue, states, events = found
        deliveries = GaugeMetricFamily(
            "shiplog_deliveries", "Stored deliveries by state", labels=["state"]
        )
        for state, count in states.items():
            deliveries.add_metric([state], count)
        yield deliveries
        inbox = GaugeMetricFamily(
            "shiplog_received_events", "Events not digested yet, by state", labels=["state"]
        )
        for state, count in events.items():
            inbox.add_metric([state], count)
        yield inbox
        yield GaugeMetricFamily(
            "shiplog_pending_jobs", "Received and not worked off", value=queue.pending_jobs
        )
        yield GaugeMetricFamily(
            "shiplog_oldest_pending_seconds",
            "Age of the oldest of them",
            value=queue.oldest_pending_seconds,
        )
        yield GaugeMetricFamily("shiplog_failed_jobs", "Given up", value=queue.failed_jobs)
