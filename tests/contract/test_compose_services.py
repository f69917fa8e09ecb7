"""Every service is fit to run unattended, and to be reached by nobody."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

import celeryconfig
from dbsbm.health import heartbeat_file
from tests.contract.compose import (
    COMPOSE,
    OURS,
    ROOT,
    SERVICES,
    WORKERS,
    mebibytes,
    profile_of,
    seconds,
)
from workers.profiles import PROFILES, canary_deadline
from workers.stack.fleet import WORKERS as SMALL_HOST
from workers.watchdog import PERIOD

LASTING = sorted(set(SERVICES) - {"migrate"})

OTHER_USERS = {"valkey", "mysql", "nobody", "grafana"}

# A worker's main process, measured at 60 MiB with the bare app, and what its children share.
MAIN_MEMORY = 160


def test_every_profile_is_one_service_or_meant_for_small_hosts() -> None:
    served = [profile_of(service) for service in WORKERS.values()]

    assert len(served) == len(set(served))
    assert set(PROFILES) == {*served, *SMALL_HOST}
    assert all(name == profile_of(service) for name, service in WORKERS.items())


def test_every_queue_is_eaten_by_one_service() -> None:
    eaten = [queue for name in WORKERS for queue in PROFILES[name].queues]

    assert sorted(eaten) == sorted(celeryconfig.QUEUES)


def test_there_are_two_beats_one_flower_and_one_bot() -> None:
    replicas = {name: service["deploy"].get("replicas", 1) for name, service in SERVICES.items()}

    assert replicas.pop("beat") == 2
    assert set(replicas.values()) == {1}
    assert {"flower", "dashboard", "bot", "migrate", "broker", "cache", "mysql"} <= set(SERVICES)


def test_nothing_is_published_but_pages_for_operators_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert set(published) == {"flower", "dashboard", "grafana"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert all("network_mode" not in service for service in SERVICES.values())


def test_servers_and_what_needs_no_internet_cannot_reach_it() -> None:
    assert COMPOSE["networks"]["inside"]["internal"] is True
    shut_in = {name for name, service in SERVICES.items() if service["networks"] == ["inside"]}

    servers = {"broker", "cache", "mysql", "prometheus"}
    assert shut_in == {*servers, "migrate", "interactive", "beat"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_confined(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert "no-new-privileges:true" in service["security_opt"]
    assert service.get("user") in ({None} if name in OURS else OTHER_USERS)
    limits = service["deploy"]["resources"]["limits"]
    assert mebibytes(limits["memory"]) > 0
    assert limits["pids"] > 0


@pytest.mark.parametrize("name", SERVICES)
def test_a_services_log_is_bounded(name: str) -> None:
    assert set(SERVICES[name]["logging"]["options"]) == {"max-size", "max-file"}


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_pinned_to_a_full_version(name: str) -> None:
    assert re.fullmatch(r"[\w/]+:v?\d+\.\d+\.\d+", SERVICES[name]["image"])


def test_the_base_image_is_pinned_to_a_full_version() -> None:
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", bases[0])


@pytest.mark.parametrize("name", LASTING)
def test_a_lasting_service_comes_back_and_says_how_it_is(name: str) -> None:
    service = SERVICES[name]

    assert service["restart"] == "unless-stopped"
    check = service["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert seconds(check["timeout"]) < seconds(check["interval"])
    assert check["retries"] >= 2
    assert seconds(check["start_period"]) > 0


def test_the_schema_is_up_to_date_before_anything_uses_it() -> None:
    done = "service_completed_successfully"

    assert SERVICES["migrate"]["restart"] == "no"
    for name in (*WORKERS, "beat", "dashboard"):
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == done


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_may_finish_before_it_is_killed(name: str) -> None:
    grace = seconds(WORKERS[name]["stop_grace_period"])

    assert grace >= celeryconfig.worker_soft_shutdown_timeout + 10
    assert WORKERS[name]["init"] is True  # the first process of a container ignores SIGTERM


@pytest.mark.parametrize("name", WORKERS)
def test_a_workers_children_reach_their_own_limit_before_the_containers(name: str) -> None:
    profile = PROFILES[name]
    limit = mebibytes(WORKERS[name]["deploy"]["resources"]["limits"]["memory"])

    assert limit >= MAIN_MEMORY + profile.concurrency * profile.child_memory_mib


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_is_unhealthy_soon_after_it_should_have_ended_itself(name: str) -> None:
    silence = canary_deadline(PROFILES[name].queues) + PERIOD
    minutes = re.search(r"-mmin -(\d+)", WORKERS[name]["healthcheck"]["test"][1])

    assert minutes is not None
    assert silence + 5 <= int(minutes[1]) * 60 <= silence + 120


@pytest.mark.parametrize("name", [*WORKERS, "beat"])
@pytest.mark.parametrize(("age", "healthy"), [(0, True), (3600, False), (None, False)])
def test_the_health_check_goes_by_the_age_of_the_heartbeat(
    name: str, age: int | None, healthy: bool, tmp_path: Path
) -> None:
    kind, command = SERVICES[name]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    if age is not None:
        sign = heartbeat_file(tmp_path, f"{name}@container")
        sign.parent.mkdir(parents=True)
        sign.touch()
        os.utime(sign, (time.time() - age,) * 2)

    done = subprocess.run(
        ["/bin/sh", "-c", command.replace("$$", "$")],
        env={"DATA_DIR": str(tmp_path), "PATH": os.defpath},
        capture_output=True,
        check=False,
    )

    assert (done.returncode == 0) is healthy


def test_the_bot_is_healthy_while_it_is_connected_to_the_gateway() -> None:
    kind, command = SERVICES["bot"]["healthcheck"]["test"]
    pattern = command.split("grep -q ")[1].strip("'")
    line = "   1: 0A00A8C0:C6D2 {} {} 00000000:00000000 02:000005A1 00000000 10001 0 1 2 0 20 4 30"

    assert kind == "CMD-SHELL"
    assert re.search(pattern, line.format("0B62A19A:01BB", "01"))
    assert not re.search(pattern, line.format("0B62A19A:01BB", "06"))  # TIME_WAIT
    assert not re.search(pattern, line.format("0200A8C0:18EB", "01"))  # the broker


def test_the_volume_of_the_heartbeats_is_the_containers_own() -> None:
    """Two containers of one service must not keep each other's health up."""
    for name, service in OURS.items():
        assert any("/var/lib/dbsbm/run:" in mount for mount in service["tmpfs"]), name


def test_no_secret_is_written_into_the_file() -> None:
    inline = re.compile(r"PASSWORD|TOKEN|SECRET|_KEY|_URL")
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if inline.search(name):
                assert name.endswith("_FILE"), name
                assert str(value).startswith("/run/secrets/")
    for secret in COMPOSE["secrets"].values():
        assert secret["file"].startswith("${DBSBM_SECRETS")


def test_a_service_is_given_no_secret_that_it_does_not_need() -> None:
    holders = {
        secret: {name for name, service in SERVICES.items() if secret in service.get("secrets", [])}
        for secret in COMPOSE["secrets"]
    }

    assert holders["discord_token"] == {"bot", "deliver"}
    assert holders["alert_webhook_url"] == holders["alert_webhook_secret"] == {"deliver"}
    assert holders["flower_password"] == {"flower"}
    assert holders["dashboard_password"] == {"dashboard"}
    assert holders["metrics_token"] == {"dashboard", "prometheus"}
    assert holders["grafana_password"] == {"grafana"}
    assert holders["database_url"] == {*WORKERS, "beat", "migrate", "dashboard"}
    assert holders["mysql_password"] == holders["mysql_root_password"] == {"mysql"}
    assert holders["broker_users"] == {"broker"}
    assert holders["cache_users"] == {"cache"}


def test_the_databases_user_gets_its_rights_when_the_database_is_made() -> None:
    mysql = SERVICES["mysql"]
    (grants,) = mysql["configs"]
    text = (ROOT / COMPOSE["configs"][grants["source"]]["file"]).read_text()

    assert grants["target"].startswith("/docker-entrypoint-initdb.d/")
    assert grants["target"].endswith(".sql")
    assert set(re.findall(r"TO '(\w+)'@'%'", text)) == {mysql["environment"]["MYSQL_USER"]}
    assert "GRANT ALL ON `%\\_\\_shadow\\_%`.*" in text
