# One image for every process of the fleet; docker-compose.yml says which one a container runs.

FROM python:3.13.16-slim-trixie AS packages
RUN python -m venv /opt/venv
COPY requirements/base.txt /tmp/base.txt
# Wheels alone, each the very file that was locked: nothing is compiled, nothing is substituted.
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check \
    --no-deps --only-binary :all: --require-hashes --requirement /tmp/base.txt

FROM python:3.13.16-slim-trixie
RUN useradd --system --uid 10001 --home-dir /var/lib/dbsbm --no-create-home dbsbm \
    && install --directory --owner dbsbm --group dbsbm --mode 0700 \
    /var/lib/dbsbm /var/lib/dbsbm/run
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/dbsbm
COPY celeryconfig.py beat_schedule.py ./
COPY dbsbm dbsbm
COPY tasks tasks
COPY workers workers
COPY bot bot
# The containers' file systems are read-only: Python could not store what it compiles later.
RUN python -m compileall -q .
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    DATA_DIR=/var/lib/dbsbm
USER 10001
CMD ["python", "-m", "dbsbm", "--help"]
