"""docker-compose.yml keeps to the Compose specification and names only what exists."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dbsbm.settings import Settings
from tests.contract.compose import COMPOSE, FILE, OURS, ROOT, SERVICES

SETTINGS = {name.upper() for name in Settings.model_fields}
EXAMPLE = ROOT / "deploy" / "example.env"


def specification() -> Any:
    """The Compose specification's own schema, as check-jsonschema ships it."""
    folder = resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    schema = json.loads((folder / "compose-spec.json").read_text())
    return jsonschema.validators.validator_for(schema)(schema)


def test_the_file_fits_the_compose_specification() -> None:
    specification().validate(COMPOSE)


def test_a_misspelt_key_would_not_fit_the_specification() -> None:
    wrong = {"services": {"bot": {"imagee": "dbsbm"}}}

    with pytest.raises(jsonschema.ValidationError, match="imagee"):
        specification().validate(wrong)


def test_networks_volumes_configs_and_secrets_are_declared_and_used() -> None:
    for kind in ("networks", "configs", "secrets"):
        used = {_source(item) for service in SERVICES.values() for item in service.get(kind, [])}
        assert used == set(COMPOSE[kind]), kind
    mounted = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    assert {mount.split(":")[0] for mount in mounted} == set(COMPOSE["volumes"])


def _source(item: Any) -> str:
    return str(item["source"] if isinstance(item, dict) else item)


def test_files_that_are_mounted_exist() -> None:
    assert all((ROOT / config["file"]).is_file() for config in COMPOSE["configs"].values())


@pytest.mark.parametrize("name", OURS)
def test_every_variable_and_secret_of_our_services_is_a_setting(name: str) -> None:
    given = {*OURS[name]["environment"], *(secret.upper() for secret in OURS[name]["secrets"])}

    assert given <= SETTINGS


def test_every_variable_of_the_example_reaches_a_service() -> None:
    offered = set(re.findall(r"^#?([A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE))
    taken = set(re.findall(r"\$\{([A-Z_]+)", FILE.read_text()))
    for service in OURS.values():
        taken |= {name for name, value in service["environment"].items() if value is None}

    assert offered <= taken
    assert "DBSBM_SECRETS" in offered


def test_the_example_holds_no_secret() -> None:
    secret = {name.upper() for name in COMPOSE["secrets"]}

    assert not secret & set(re.findall(r"([A-Z_]+)=", EXAMPLE.read_text()))
    assert "DBSBM_SECRETS=\n" in EXAMPLE.read_text()


def test_without_the_folder_of_secrets_compose_says_what_to_do() -> None:
    required = re.findall(r"\$\{DBSBM_SECRETS:\?([^}]+)\}", FILE.read_text())

    assert len(required) == 1
    assert "make-secrets" in required[0]
    assert required[0].endswith(".")


def test_the_image_holds_what_the_processes_import_and_nothing_else() -> None:
    copied = set(re.findall(r"^COPY (?!--from)(.+) \S+$", _dockerfile(), re.MULTILINE))
    names = {name for line in copied for name in line.split()}
    passed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }

    assert names == passed
    assert all((ROOT / name).exists() for name in names)
    assert names - {"requirements/base.txt"} == _top_level_imports()


def _dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()


def _top_level_imports() -> set[str]:
    """What of this project's root any of the processes has loaded in the end."""
    code = (
        "import importlib, os, sys, celeryconfig\n"
        "for name in ('bot.__main__', 'workers.__main__', 'workers.lifecycle', 'dbsbm.cli',\n"
        "             'workers.scheduler', *celeryconfig.imports): importlib.import_module(name)\n"
        "here = os.getcwd() + os.sep\n"
        "print(*{m.__file__.removeprefix(here).split(os.sep)[0] for m in sys.modules.values()\n"
        "        if (getattr(m, '__file__', None) or '').startswith(here)})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={}, capture_output=True, text=True, check=True
    )
    return {name for name in done.stdout.split() if name != Path(sys.prefix).name}


def test_the_image_runs_as_a_user_of_its_own_from_locked_packages() -> None:
    text = _dockerfile()

    assert re.search(r"^USER (?!root|0)\w+$", text, re.MULTILINE)
    assert "--require-hashes" in text
    assert "WORKDIR /srv/dbsbm" in text
    assert not re.search(r"^(ENV|ARG) .*(PASSWORD|TOKEN|SECRET|_KEY)", text, re.MULTILINE)
