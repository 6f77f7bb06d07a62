"""The `metrics` command: a home's figures for Prometheus, through its official client.

They are read from what the programs of a home share on disk, so a console elsewhere on this machine is measured
without being asked. Totals count from local midnight and begin again there, as a counter does at a restart.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Self

import click

from .._version import __version__
from ..core.clock import Clock, SystemClock
from ..core.limiter.schedule import FROZEN
from ..core.limiter.throttle import limits_from
from ..core.limiter.view import budget_state
from ..core.types import Priority
from ..errors import HubSoftError, InvalidInput, SharedServerLost, StoreError
from ..services.reports.figures import Sums
from ..services.reports.service import ReportReader
from ..services.reports.types import DayReport
from ..services.storage import State, open_reports, open_state
from ..settings.places import expanded
from ..settings.tree import Settings
from ..texts import N_, _, say
from ..values import dataclass
from .output import write_lines
from .session import CommandSession, loaded_settings, until_signal
from .translation import Command, Number, Option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.registry import CollectorRegistry

    from ..services.shared_ports import SharedFigures

EMPTY: Final[tuple[tuple[()], ...]] = ((), (), (), ())


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric. `samples` are values by the values of `labels`; a counter's name does not end in `_total` yet."""

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    samples: Mapping[tuple[str, ...], float]
    labels: tuple[str, ...] = ()


class HomeMetrics:
    """The figures of one profile's home, for any thread. Use it in a `with` block; opening raises StoreError."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._state: State = self._stack.enter_context(open_state(self._settings, self._clock))
        self._reports: ReportReader = open_reports(self._settings, self._clock)
        self._stack.callback(self._reports.close)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def figures(self) -> list[Figure]:
        """Return every figure as it is now. What cannot be read is left out, and `hubsoft_readable` says so."""
        found: list[Figure] = []
        readable: dict[tuple[str, ...], float] = {}
        parts = {
            "budget": self._budget,
            "cache": self._cache,
            "token": self._token,
            "trace": self._today,
            "shared": self._shared,
        }
        with self._lock:
            self._seen = self._looked_at()
            for name, read in parts.items():
                try:
                    found += read()
                except StoreError:
                    readable[name,] = 0.0
                else:
                    readable[name,] = 1.0
        profile = self._settings.profile.name
        return [
            Figure(
                "hubsoft_info",
                "gauge",
                "The version of hubsoft-tui and the profile measured.",
                {(__version__, profile): 1.0},
                ("version", "profile"),
            ),
            Figure(
                "hubsoft_readable",
                "gauge",
                "Whether a part of the state on disk could be read (1) or not (0).",
                readable,
                ("part",),
            ),
            *found,
        ]

    def _budget(self) -> list[Figure]:
        ledger, now = self._state.ports.permits.read(), self._clock.now()
        limits = limits_from(self._settings.limiter)
        state = budget_state(ledger, "", limits, now, arrivals=EMPTY, waits=EMPTY)
        waiting: dict[tuple[str, ...], float] = {(priority.name.lower(),): 0.0 for priority in Priority}
        for head in ledger.queue.values():
            if now - head.seen < FROZEN:
                waiting[head.priority.name.lower(),] += head.waiting
        used, paused = state.used, state.paused_for
        if self._seen is not None:  # all machines together
            held = self._seen.ledger
            used, paused = held.used, max(held.paused, held.quarantine)
            waiting = {(each.name.lower(),): float(held.waiting[each]) for each in Priority}
        return [
            _gauge("hubsoft_budget_limit", "Requests allowed in 60 seconds now, after any 429.", state.limit),
            _gauge(
                "hubsoft_budget_configured",
                "Requests allowed in 60 seconds by the settings.",
                state.configured,
            ),
            _gauge(
                "hubsoft_budget_used",
                "Requests of the last 60 seconds, those on their way included.",
                used,
            ),
            _gauge("hubsoft_paused_seconds", "Seconds until the pause after a 429 ends.", paused),
            Figure(
                "hubsoft_queue_waiting",
                "gauge",
                "Requests that wait for their turn, by class.",
                waiting,
                ("class",),
            ),
        ]

    def _looked_at(self) -> SharedFigures | None:
        """Look at the shared server; None without one, or while it is lost."""
        if self._state.shared is None:
            return None
        from ..services.shared_ports import figures_at  # noqa: PLC0415 - heavy library: redis and cryptography

        try:
            return asyncio.run(figures_at(self._settings, self._settings.profile.account))
        except SharedServerLost:
            return None

    def _shared(self) -> list[Figure]:
        if self._state.shared is None:
            return []
        up, seen = "Whether the server that machines share answers (1) or not (0).", self._seen
        if seen is None:
            return [_gauge("hubsoft_shared_up", up, 0)]
        ledger = seen.ledger
        told = {
            "hubsoft_shared_up": (up, 1),
            "hubsoft_shared_machines": (
                "Machines that share the budget, silent ones included.",
                len(seen.machines),
            ),
            "hubsoft_shared_turn_seconds": (
                "Seconds of one round trip to the shared server.",
                seen.round_trip,
            ),
            "hubsoft_shared_set_aside": (
                "Requests in 60 seconds kept free for machines that are silent.",
                seen.set_aside,
            ),
            "hubsoft_shared_quarantine_seconds": (
                "Seconds until the shared budget grants again after it was lost.",
                ledger.quarantine,
            ),
            "hubsoft_shared_unknown_seconds": (
                "Seconds for which two thirds are kept free for machines that are not known.",
                ledger.unknown,
            ),
        }
        jumped = (
            "Seconds that the shared server's clock jumped ahead and was not believed, in the budget's life."
        )
        return [
            *(_gauge(name, text, value) for name, (text, value) in told.items()),
            Figure("hubsoft_shared_clock_held_back_seconds", "counter", jumped, {(): ledger.held_back}),
            Figure(
                "hubsoft_shared_calls",
                "counter",
                "Calls of all machines at the shared budget in its life, by what they were answered.",
                _by_name(ledger.answers),
                ("answer",),
            ),
            Figure(
                "hubsoft_shared_alone_requests",
                "counter",
                "Requests that machines sent alone while the server was lost, as far as they reported them.",
                {(): float(ledger.alone)},
            ),
            Figure(
                "hubsoft_shared_flights",
                "counter",
                "Questions looked for at the server: had, asked by the machine, asked by another, failed.",
                _by_name(ledger.flights),
                ("how",),
            ),
        ]

    def _cache(self) -> list[Figure]:
        return [
            _gauge("hubsoft_cache_records", "Customers remembered.", self._state.ports.records.count()),
            _gauge(
                "hubsoft_cache_records_max",
                "Customers remembered at most.",
                self._settings.cache.max_entries,
            ),
        ]

    def _token(self) -> list[Figure]:
        token = self._state.ports.tokens.load()
        left = 0.0 if token is None else max(0.0, token.expires_wall - self._clock.wall())
        return [_gauge("hubsoft_token_seconds", "Seconds the login is still good for; 0 without one.", left)]

    def _today(self) -> list[Figure]:
        report = self._reports.day(self._reports.today())
        figures = [*_totals(report), *_parts(report)]
        last = self._reports.last_answer()
        if last is not None:
            figures.append(
                _gauge(
                    "hubsoft_last_answer_timestamp_seconds",
                    "When the last request that HubSoft answered was sent, in seconds since 1970.",
                    last,
                )
            )
        return figures


def _totals(report: DayReport) -> Iterator[Figure]:
    total = report.total
    counted = {
        "hubsoft_errors": ("Requests that HubSoft or the way to it failed, today.", total.errors),
        "hubsoft_rate_limited": ("Requests that HubSoft refused with 429, today.", total.rate_limited),
        "hubsoft_repeats": ("Requests that repeated a failed one, today.", total.repeats),
        "hubsoft_unsent": ("Tries that never reached HubSoft, today.", total.unsent),
        "hubsoft_answer_bytes": ("Bytes of HubSoft's answers, today.", total.size),
        "hubsoft_wait_seconds": (
            "Seconds that requests waited for their turn, together, today.",
            total.waited,
        ),
    }
    for name, (told, value) in counted.items():
        yield Figure(name, "counter", told, {(): float(value)})
    yield _gauge(
        "hubsoft_saved_requests",
        "Requests that one for each question, ticket or member would have cost in addition, today.",
        total.saved,
    )
    quantiles = {("0.5",): total.p50, ("0.95",): total.p95}
    yield Figure(
        "hubsoft_answer_seconds",
        "gauge",
        "How long HubSoft's answers took, today: the time within which this share of them came.",
        {labels: value for labels, value in quantiles.items() if value is not None},
        ("quantile",),
    )


def _parts(report: DayReport) -> Iterator[Figure]:
    yield Figure(
        "hubsoft_questions",
        "counter",
        "Questions asked, today, by what they were about and how they were answered.",
        {
            (category, outcome): float(count)
            for category, sums in report.categories.items()
            for outcome, count in _outcomes(sums).items()
        },
        ("category", "outcome"),
    )
    yield _requests(
        "hubsoft_requests", "Requests HubSoft received, today, by endpoint.", "endpoint", report.endpoints
    )
    yield _requests(
        "hubsoft_class_requests", "Requests HubSoft received, today, by class.", "class", report.priorities
    )
    yield Figure(
        "hubsoft_answers",
        "counter",
        "Requests HubSoft received, today, by HTTP status, or by what happened in place of an answer.",
        {(status,): float(count) for status, count in report.statuses.items()},
        ("status",),
    )


def _outcomes(sums: Sums) -> dict[str, int]:
    shown = {
        "hit": sums.hits,
        "coalesced": sums.coalesced,
        "negative": sums.negative,
        "stale": sums.stale,
        "failed": sums.failed,
    }
    return {**shown, "miss": sums.questions - sum(shown.values())}


def _requests(name: str, told: str, label: str, groups: Mapping[str, Sums]) -> Figure:
    return Figure(
        name, "counter", told, {(key,): float(sums.requests) for key, sums in groups.items()}, (label,)
    )


def _by_name(counts: Mapping[str, int]) -> dict[tuple[str, ...], float]:
    return {(name,): float(count) for name, count in counts.items()}


def _gauge(name: str, told: str, value: float) -> Figure:
    return Figure(name, "gauge", told, {(): float(value)})


LOOPBACK: Final = "127.0.0.1"


@click.command(cls=Command)
@click.option(
    "--port",
    cls=Option,
    type=click.IntRange(0, 65535),
    metavar="N",
    help=N_("Serve at /metrics on this port until Ctrl+C; 0 takes a free one."),
)
@click.option(
    "--address",
    cls=Option,
    default=LOOPBACK,
    metavar="ADDRESS",
    help=N_("Serve on this address of the machine; without it only this machine can ask."),
)
@click.option(
    "--file",
    "path",
    cls=Option,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("Write into this file, which ends in .prom, for node_exporter's textfile collector."),
)
@click.option(
    "--every",
    cls=Option,
    type=Number(1, 86_400),
    metavar="SECONDS",
    help=N_("With --file: write again and again until Ctrl+C."),
)
@click.pass_obj
def metrics(
    session: CommandSession, port: int | None, address: str, path: Path | None, every: float | None
) -> None:
    """Answer `metrics`."""
    if port is not None and path is not None:
        raise click.UsageError(_("Choose one of --port and --file."))
    if every is not None and path is None:
        raise click.UsageError(_("--every belongs to --file."))
    if path is not None and path.suffix != ".prom":
        raise InvalidInput(say("{file} must end in .prom: node_exporter reads no other.", file=path))
    settings = loaded_settings(session, with_secrets=False).settings

    with HomeMetrics(settings, SystemClock()) as home:
        registry = _registry(home)
        if port is not None:
            _serve(registry, address, port)
        elif path is not None:
            _write(registry, expanded(path), every)
        else:
            from prometheus_client import generate_latest  # noqa: PLC0415 - heavy, and optional

            sys.stdout.write(generate_latest(registry).decode())


class Collector:
    """Reads the home anew each time it is asked, and hands the figures to Prometheus's client."""

    def __init__(self, home: HomeMetrics) -> None:
        self._home = home

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Yield every figure."""
        for figure in self._home.figures():
            yield _family(figure)


def _registry(home: HomeMetrics) -> CollectorRegistry:
    try:
        from prometheus_client import CollectorRegistry  # noqa: PLC0415 - heavy, and optional
    except ImportError:
        raise HubSoftError(
            say("Metrics need the package prometheus-client. Install it: pip install 'hubsoft-tui[metrics]'.")
        ) from None
    registry = CollectorRegistry()
    registry.register(Collector(home))
    return registry


def _serve(registry: CollectorRegistry, address: str, port: int) -> None:
    from prometheus_client import start_http_server  # noqa: PLC0415 - heavy, and optional

    try:
        server, thread = start_http_server(port, address, registry)
    except OSError as error:
        raise HubSoftError(
            say(
                "{address}, port {port} cannot be used: {reason}. Choose another with --port or --address.",
                address=address,
                port=port,
                reason=error.strerror or type(error).__name__,
            )
        ) from error
    with until_signal() as ended:
        shown = f"[{address}]" if ":" in address else address
        write_lines([_("Metrics at {url}").format(url=f"http://{shown}:{server.server_port}/metrics")])
        ended.wait()
    server.shutdown()
    thread.join()


def _write(registry: CollectorRegistry, path: Path, every: float | None) -> None:
    if every is None:
        _write_once(registry, path)
        return
    with until_signal() as ended:
        while not ended.is_set():
            _write_once(registry, path)
            ended.wait(every)


def _write_once(registry: CollectorRegistry, path: Path) -> None:
    from prometheus_client import write_to_textfile  # noqa: PLC0415 - heavy, and optional

    try:
        # Beside it first and then renamed: node_exporter never reads half a file.
        write_to_textfile(str(path), registry)
    except OSError as error:
        raise HubSoftError(
            say(
                "The metrics cannot be written to {path}: {reason}. Choose another place.",
                path=path,
                reason=error.strerror or type(error).__name__,
            )
        ) from error


def _family(figure: Figure) -> CounterMetricFamily | GaugeMetricFamily:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily  # noqa: PLC0415 - heavy, and optional

    kind = CounterMetricFamily if figure.kind == "counter" else GaugeMetricFamily
    family = kind(figure.name, figure.help, labels=figure.labels)
    for labels, value in figure.samples.items():
        family.add_metric(labels, value)
    return family
