"""The look-alike of docker-py on its own: lifecycle, files, names, and the choice of engine."""

from __future__ import annotations

import io
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from docker.errors import APIError, DockerException, ImageNotFound, NotFound

from tests.engine.client import LocalClient, connect
from tests.engine.container import LocalContainer
from tests.servers import wait_until

SLEEP = ["python", "-c", "import time; print('up', flush=True); time.sleep(60)"]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalClient]:
    client = LocalClient(tmp_path)
    client.images.build(path="anywhere", tag="worker")
    yield client
    client.close()


def status(container: LocalContainer) -> str:
    container.reload()
    return container.status


def test_a_container_is_created_runs_exits_and_is_gone(engine: LocalClient) -> None:
    container = engine.containers.create("worker", command=SLEEP, name="one")
    assert container.status == "created"

    container.start()
    assert container.status == "created", "docker-py shows what the last reload saw"
    assert status(container) == "running"
    assert engine.containers.get("one") is engine.containers.get(container.id)

    container.kill()
    assert status(container) == "exited"
    assert container.wait()["StatusCode"] == 137
    assert engine.containers.list() == []

    container.remove()
    with pytest.raises(NotFound):
        engine.containers.get("one")


def test_stopping_asks_before_it_forces(engine: LocalClient) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf'); time.sleep(60)"
    container = engine.containers.run("worker", command=["python", "-uc", deaf])
    wait_until(lambda: b"deaf" in container.logs())
    container.stop(timeout=0.1)
    assert container.wait()["StatusCode"] == 137

    polite = engine.containers.run("worker", command=SLEEP)
    wait_until(lambda: b"up" in polite.logs())
    polite.stop()
    assert polite.wait()["StatusCode"] == 143


def test_logs_span_restarts_and_outlive_the_container(engine: LocalClient) -> None:
    container = engine.containers.run("worker", command=SLEEP)
    wait_until(lambda: container.logs() == b"up\n")
    container.restart()
    wait_until(lambda: container.logs() == b"up\nup\n")
    container.remove(force=True)
    assert container.logs() == b"up\nup\n"


def test_a_running_container_is_neither_removed_nor_a_dead_one_killed(engine: LocalClient) -> None:
    container = engine.containers.run("worker", command=SLEEP, name="one")
    with pytest.raises(APIError, match="is running"):
        container.remove()
    with pytest.raises(APIError, match="in use"):
        engine.containers.create("worker", command=SLEEP, name="one")
    container.kill("SIGKILL")
    for call in (container.kill, lambda: container.exec_run("python -V")):
        with pytest.raises(APIError, match="not running"):
            call()


def test_children_end_with_their_container(engine: LocalClient) -> None:
    spawn = "import subprocess, time; print(subprocess.Popen(['sleep', '60']).pid); time.sleep(60)"
    container = engine.containers.run("worker", command=["python", "-uc", spawn])
    wait_until(lambda: b"\n" in container.logs())
    child = psutil.Process(int(container.logs()))
    container.kill()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_files_go_in_and_out_through_a_volume(engine: LocalClient) -> None:
    volume = engine.volumes.create("files")
    volumes = {"files": {"bind": "/app"}}
    container = engine.containers.create("worker", command=SLEEP, volumes=volumes)
    archive = io.BytesIO()
    with tarfile.open(mode="w:gz", fileobj=archive) as tar:
        member = tarfile.TarInfo("package/module.py")
        member.size = 5
        tar.addfile(member, io.BytesIO(b"X = 1"))
    archive.seek(0)

    assert container.put_archive("/app", archive)
    assert (volume.path / "package/module.py").read_bytes() == b"X = 1"

    chunks, about = container.get_archive("/app/package")
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
        extracted = tar.extractfile("package/module.py")
        assert extracted is not None
        assert extracted.read() == b"X = 1"
    assert about["name"] == "package"

    for missing in ("/app/nothing", "/etc/passwd"):
        with pytest.raises(NotFound):
            container.get_archive(missing)


def test_a_python_path_within_the_container_is_found_on_this_machine(engine: LocalClient) -> None:
    volume = engine.volumes.create("code")
    (volume.path / "greeting.py").write_text("print('imported', flush=True)")
    container = engine.containers.run(
        "worker",
        command=["python", "-c", "import greeting, time; time.sleep(60)"],
        environment={"PYTHONPATH": "/code:/elsewhere"},
        volumes={"code": {"bind": "/code"}},
    )
    wait_until(lambda: container.logs() == b"imported\n", message=lambda: str(container.logs()))
    result = container.exec_run("python -c 'import greeting, sys; print(sys.executable)'")
    assert result == (0, f"imported\n{sys.executable}\n".encode())


def test_redis_keeps_its_port_and_its_data_over_a_restart(engine: LocalClient) -> None:
    container = engine.containers.run(
        "redis:latest", ports={"6379/tcp": None}, command=["redis-server", "--appendonly", "yes"]
    )
    table = "cat /proc/net/tcp /proc/net/tcp6"
    wait_until(lambda: b":18EB" in container.exec_run(table).output)
    container.reload()
    address = container.attrs["Config"]["Hostname"]
    port = container.attrs["NetworkSettings"]["Ports"]["6379/tcp"][0]["HostPort"]
    assert address == f"127.0.0.1:{port}"

    container.restart()
    container.reload()
    assert container.attrs["Config"]["Hostname"] == address
    chunks, _ = container.get_archive("/data/appendonlydir")
    assert b"appendonly.aof" in b"".join(chunks)


def test_what_the_local_engine_cannot_do_it_refuses(engine: LocalClient) -> None:
    with pytest.raises(ImageNotFound, match="rabbitmq"):
        engine.containers.run("rabbitmq:latest")
    with pytest.raises(APIError, match="Redis's port alone"):
        engine.containers.run("worker", command=SLEEP, ports={"5555/tcp": None})
    with pytest.raises(APIError, match="no command"):
        engine.containers.run("worker")
    with pytest.raises(NotFound, match="no such volume"):
        engine.containers.run("worker", command=SLEEP, volumes={"gone": {"bind": "/app"}})


def test_names_are_gone_once_removed(engine: LocalClient) -> None:
    network, volume = engine.networks.create("net"), engine.volumes.create("vol")
    assert engine.networks.get("net") is network
    network.remove()
    volume.remove()
    for find in (lambda: engine.networks.get("net"), lambda: engine.volumes.get("vol")):
        with pytest.raises(NotFound):
            find()
    assert not volume.path.exists()


@pytest.fixture
def nobody_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")


@pytest.mark.usefixtures("nobody_answers")
@pytest.mark.parametrize("choice", ["auto", "local"])
def test_without_a_real_engine_containers_are_processes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, choice: str
) -> None:
    monkeypatch.setenv("TEST_ENGINE", choice)
    client = connect(tmp_path)
    assert isinstance(client, LocalClient)
    assert client.ping()


@pytest.mark.usefixtures("nobody_answers")
def test_a_real_engine_that_was_asked_for_must_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TEST_ENGINE", "docker")
    with pytest.raises(DockerException, match="no engine answers"):
        connect(tmp_path)
    monkeypatch.setenv("TEST_ENGINE", "podman")
    with pytest.raises(ValueError, match="auto, docker, local"):
        connect(tmp_path)
