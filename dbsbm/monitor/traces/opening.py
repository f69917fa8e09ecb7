"""Whether spans are made at all: only with an address to send them to."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from dbsbm.errors import ConfigError
from dbsbm.settings import Settings

if TYPE_CHECKING:
    from dbsbm.monitor.traces.tracing import Tracing

_NEEDED = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")


def check_tracing(settings: Settings) -> None:
    """Refuse to start where spans are wanted and cannot be made.

    Raises:
        ConfigError: A package is missing.
    """
    if settings.otel_exporter_otlp_endpoint is not None and not all(map(_is_there, _NEEDED)):
        raise ConfigError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and the packages that send traces are missing: "
            "install them with `pip install 'dbsbm[otel]'`, or unset it."
        )


def open_tracing(settings: Settings, service: str) -> Tracing | None:
    """This process's spans, sent by a thread of their own; None where no address is set.

    Args:
        settings: With the collector's address.
        service: What the process is called there.

    Raises:
        ConfigError: A package is missing.
    """
    if settings.otel_exporter_otlp_endpoint is None:
        return None
    check_tracing(settings)
    # Here, not above: the packages are optional, and loading them takes a tenth of a second.
    from dbsbm.monitor.traces.tracing import send_to  # noqa: PLC0415

    return send_to(settings.otel_exporter_otlp_endpoint, service)


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
