"""The `metrics` command: a home's figures for Prometheus, through its official client."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ..core.clock import SystemClock
from ..errors import HubSoftError, InvalidInput
from ..settings.places import expanded
from ..texts import N_, _, say
from .output import write_lines
from .session import CommandSession, loaded_settings, until_signal
from .translation import Command, Number, Option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.registry import CollectorRegistry

    from ..services.metrics import Figure, HomeMetrics

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
    from ..services.metrics import HomeMetrics  # noqa: PLC0415 - heavy: help loads no service

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
