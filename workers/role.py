"""What this process is, for its log lines: `worker.images`, `beat`, `flower`."""

name = "worker"
