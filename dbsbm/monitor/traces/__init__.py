"""OpenTelemetry traces, for whoever has a collector. Nothing here is loaded where none is set."""
