"""The only reader of the environment: every setting, typed, validated and described once.

The table in docs/settings.md is generated from this class (`python -m dbsbm settings --markdown`).
"""

from __future__ import annotations

import json
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, quote, urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from dbsbm.errors import ConfigError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
# Where container engines mount secrets: one file each, named like the setting.
SECRETS_DIR = Path("/run/secrets")

LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
    BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value),
]


def _redis_url(value: SecretStr) -> SecretStr:
    parts = urlsplit(value.get_secret_value())
    place = parts.path if parts.scheme == "unix" else parts.hostname
    if parts.scheme not in {"redis", "rediss", "unix"} or not place or not _has_port(parts):
        raise ValueError("must look like redis://[:password@]host:port/db")
    return value


def _has_port(parts: SplitResult) -> bool:
    """False where a slash in the password made a part of it look like the port."""
    try:
        _ = parts.port
    except ValueError:
        return False
    return True


def _database_url(value: SecretStr) -> SecretStr:
    parts = urlsplit(value.get_secret_value())
    if parts.scheme == "sqlite":
        is_place = value.get_secret_value().startswith("sqlite:///") and len(parts.path) > 1
    else:
        is_server = parts.scheme in {"mysql+pymysql", "mariadb+pymysql"}
        is_whole = bool(parts.hostname) and len(parts.path) > 1 and parts.netloc.count("@") <= 1
        is_place = is_server and is_whole and _has_port(parts)
    if not is_place:
        raise ValueError(
            "must look like mysql+pymysql://user:password@host:3306/name?charset=utf8mb4 "
            "or sqlite:///path/to/file.db; write /, # and @ in a password as %2F, %23 and %40"
        )
    return value


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an http:// or https:// address")
    return value.rstrip("/")


def _secret_http_url(value: SecretStr) -> SecretStr:
    _http_url(value.get_secret_value())
    return value


RedisUrl = Annotated[SecretStr, AfterValidator(_redis_url)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
SecretHttpUrl = Annotated[SecretStr, AfterValidator(_secret_http_url)]


class Settings(BaseSettings):
    """What an operator can set. Secrets are `SecretStr`: they never show in a repr or a log."""

    model_config = SettingsConfigDict(
        env_file=PROJECT_ROOT / ".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        secrets_dir=SECRETS_DIR if SECRETS_DIR.is_dir() else None,
        extra="ignore",
        frozen=True,
    )

    # --- places -------------------------------------------------------------------------------
    data_dir: Path = Field(
        PROJECT_ROOT / "var",
        description="Folder for all the fleet writes: embedded database, logs, Flower's state.",
    )
    database_url: DatabaseUrl | None = Field(
        None,
        description="SQLAlchemy address of MySQL 8 or MariaDB 10.6+. "
        "Empty: an SQLite file in DATA_DIR, which serves one machine.",
    )
    broker_url: RedisUrl | None = Field(
        None,
        description="Redis or Valkey that carries the tasks. It must not evict "
        "(`maxmemory-policy noeviction`) and should be append-only.",
    )
    cache_url: RedisUrl | None = Field(
        None,
        description="Redis or Valkey that holds the cache. It may lose everything at any time.",
    )
    redis_host: str | None = Field(
        None,
        description="Host of a Redis that serves as cache where CACHE_URL is not set, and as "
        "broker, on the database number after REDIS_DB, where BROKER_URL is not set.",
    )
    redis_port: int = Field(6379, ge=1, le=65535, description="Port that goes with REDIS_HOST.")
    redis_password: SecretStr | None = Field(
        None, description="Password that goes with REDIS_HOST."
    )
    redis_db: int = Field(
        0, ge=0, le=1023, description="Database number that goes with REDIS_HOST."
    )
    secret_key: SecretStr = Field(
        description="At least 32 characters. Seals the interaction tokens that travel through the "
        "broker and the database. The same in every process; `./dev up` makes one.",
    )

    # --- Discord ------------------------------------------------------------------------------
    discord_token: SecretStr | None = Field(
        None,
        description="The bot's token. Empty: `./dev up` connects to the local Discord stand-in.",
    )
    discord_api_url: HttpUrl = Field(
        "https://discord.com/api/v10", description="Discord's REST address."
    )
    discord_gateway_url: str = Field(
        "wss://gateway.discord.gg/", description="Discord's gateway address."
    )

    discord_cdn_url: HttpUrl = Field(
        "https://cdn.discordapp.com", description="Where Discord serves avatars."
    )

    # --- sports data --------------------------------------------------------------------------
    providers: Annotated[tuple[Literal["espn", "apisports"], ...], NoDecode] = Field(
        ("espn",),
        description="Providers in order of preference, separated by commas: espn, apisports.",
    )
    espn_base_url: HttpUrl = Field(
        "https://site.api.espn.com", description="ESPN's address. It needs no key."
    )
    apisports_key: SecretStr | None = Field(None, description="Key for API-Sports.")
    apisports_base_url: str = Field(
        "https://{host}",
        description="API-Sports' address; `{host}` becomes the host of the sport's own API.",
    )
    apisports_daily_limit: int = Field(
        100, ge=1, description="Calls a day that the API-Sports plan allows for each sport."
    )
    sandbox_data: bool = Field(
        False, description="The sports data is made up: every reply and slip says so."
    )
    leagues: Annotated[tuple[str, ...], NoDecode] = Field(
        ("nfl", "nba", "mlb", "nhl", "epl", "mls"),
        description="Leagues the fleet follows, separated by commas.",
    )

    # --- observing ----------------------------------------------------------------------------
    enable_performance_monitoring: bool = Field(
        True, description="Measure queries, provider calls, cache, tasks and the system."
    )
    performance_log_level: LogLevel = Field(
        "INFO", description="Lowest level of the performance log lines that are written."
    )
    log_level: LogLevel = Field("INFO", description="Lowest level of all other log lines.")
    log_format: Literal["json", "text"] = Field(
        "json", description="`json` for machines, `text` for a terminal."
    )
    slow_query_seconds: float = Field(
        1.0, gt=0, description="A statement slower than this is recorded with its plan."
    )

    otel_exporter_otlp_endpoint: HttpUrl | None = Field(
        None,
        description="Address of an OpenTelemetry collector that takes OTLP over HTTP, such as "
        "`http://localhost:4318`. Needs the extra `otel`. Empty: no traces are made.",
    )

    alert_rules: Path | None = Field(
        None,
        description="TOML file with alert rules of your own, which add to the shipped ones or "
        "change them by name; see docs/alerts.md.",
    )

    alert_channel_id: int | None = Field(
        None,
        gt=0,
        description="Discord channel that incidents are told in, one message each; needs "
        "DISCORD_TOKEN. Empty: nothing is posted.",
    )
    alert_page_role_id: int | None = Field(
        None,
        gt=0,
        description="Discord role that is mentioned when an incident of severity `page` begins.",
    )
    alert_handbook: HttpUrl | None = Field(
        None,
        description="Address of your copy of docs/alerts.md; messages link to its sections.",
    )
    alert_webhook_url: SecretHttpUrl | None = Field(
        None,
        description="Address that every news of an incident is sent to as JSON; see "
        "docs/alerts.md.",
    )
    alert_webhook_secret: SecretStr | None = Field(
        None, description="Signs what ALERT_WEBHOOK_URL is sent, as Standard Webhooks do."
    )

    # --- database pool ------------------------------------------------------------------------
    db_pool_size: int = Field(5, ge=1, le=100, description="Connections a process keeps open.")
    db_max_overflow: int = Field(
        5, ge=0, le=100, description="Connections it may open beyond that."
    )
    db_pool_timeout: float = Field(
        5.0, gt=0, description="Seconds to wait for a free connection before the task is retried."
    )

    # --- unattended ---------------------------------------------------------------------------
    schedule_overrides: Annotated[dict[str, float], NoDecode] = Field(
        default_factory=dict,
        description="JSON object from a job of beat_schedule.py to seconds, for example "
        '`{"cache-cleanup": 600}`; 0 switches the job off.',
    )
    optimizer_auto: Literal["off", "advise", "apply"] = Field(
        "advise",
        description="What the optimizer does by itself with findings about indexes of the "
        "fleet's own MySQL or MariaDB database: nothing, say what it would try, or try on copies, "
        "apply what is proved and safe, watch it, and keep it or take it back. "
        "Lifetimes of the cache that were learned are set likewise, with `apply`.",
    )
    retention_days: int = Field(
        30,
        ge=1,
        description="Days that slow statements, sent effects, finished slots and runs, dead "
        "letters that cannot be replayed any more, and the steps of findings that ended are kept. "
        "What can still be replayed or undone stays. "
        "Measurements and incidents have times of their own.",
    )
    flower_user: str = Field("operator", description="User name for Flower's pages.")
    flower_password: SecretStr | None = Field(
        None, description="Password for Flower's pages. `./dev up` makes one if it is empty."
    )
    flower_port: int = Field(5555, ge=1, le=65535, description="Port of Flower.")
    flower_address: str = Field("127.0.0.1", description="Address that Flower listens on.")
    flower_read_only: bool = Field(
        True, description="Flower shows and changes nothing. False lets operators revoke and scale."
    )
    dashboard_user: str = Field("operator", description="User name for the dashboard.")
    dashboard_password: SecretStr | None = Field(
        None, description="Password for the dashboard. `./dev up` makes one if it is empty."
    )
    dashboard_port: int = Field(8081, ge=1, le=65535, description="Port of the dashboard.")
    dashboard_address: str = Field(
        "127.0.0.1", description="Address that the dashboard listens on."
    )
    metrics_token: SecretStr | None = Field(
        None,
        description="Bearer token for the dashboard's `/metrics`, which Prometheus reads. "
        "Empty: nobody may read it.",
    )
    standin_port: int = Field(
        8080, ge=1, le=65535, description="Port of the Discord stand-in's page, on loopback."
    )

    @field_validator(
        *("redis_password", "discord_token", "apisports_key", "flower_password"),
        *("dashboard_password", "metrics_token", "alert_webhook_url", "alert_webhook_secret"),
        mode="before",
    )
    @classmethod
    def _empty_file_is_unset(cls, value: object) -> object:
        return value or None

    @field_validator("providers", "leagues", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip().lower() for part in value.split(",") if part.strip())
        return value

    @field_validator("schedule_overrides", mode="before")
    @classmethod
    def _parse_overrides(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except json.JSONDecodeError as error:
            raise ValueError('must be a JSON object such as {"cache-cleanup": 600}') from error

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < 32:
            raise ValueError("must have at least 32 characters")
        return value

    @model_validator(mode="before")
    @classmethod
    def _use_the_key(cls, data: dict[str, object]) -> dict[str, object]:
        """Whoever gives a key wants it used: without PROVIDERS, API-Sports then comes first."""
        if data.get("apisports_key") and not data.get("providers"):
            return {**data, "providers": "apisports,espn"}
        return data

    @model_validator(mode="after")
    def _provider_keys(self) -> Self:
        if "apisports" in self.providers and self.apisports_key is None:
            raise ValueError("APISPORTS_KEY is missing, and PROVIDERS names apisports")
        return self

    @cached_property
    def database(self) -> SecretStr:
        """Address of the database, the embedded SQLite file where none is set."""
        return self.database_url or SecretStr(f"sqlite:///{self.data_dir / 'dbsbm.db'}")

    @cached_property
    def broker(self) -> SecretStr:
        """Address of the broker. Raises ConfigError where neither setting names one."""
        return self.broker_url or self._redis_url("BROKER_URL", self.redis_db + 1)

    @cached_property
    def cache(self) -> SecretStr:
        """Address of the cache. Raises ConfigError where neither setting names one."""
        return self.cache_url or self._redis_url("CACHE_URL", self.redis_db)

    @property
    def is_shared_redis(self) -> bool:
        """True where one Redis is broker and cache at once, which risks evicted tasks."""
        broker, cache = (urlsplit(url.get_secret_value()) for url in (self.broker, self.cache))
        return (broker.hostname, broker.port) == (cache.hostname, cache.port)

    @property
    def is_local_discord(self) -> bool:
        """True where Discord is the stand-in on this machine."""
        host = urlsplit(self.discord_api_url).hostname or ""
        try:
            return host == "localhost" or ip_address(host).is_loopback
        except ValueError:
            return False

    def _redis_url(self, wanted: str, database: int) -> SecretStr:
        if self.redis_host is None:
            raise ConfigError(f"{wanted} is missing: set it, or set REDIS_HOST.")
        login = ""
        if self.redis_password is not None:
            login = ":" + quote(self.redis_password.get_secret_value(), safe="") + "@"
        return SecretStr(f"redis://{login}{self.redis_host}:{self.redis_port}/{database}")


def load_settings() -> Settings:
    """Read the settings: environment first, then `.env` in the project's root, then SECRETS_DIR.

    Raises:
        ConfigError: One sentence that names every variable that is wrong or missing.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise ConfigError(_one_sentence(error)) from None


def _one_sentence(error: ValidationError) -> str:
    """Name the variables, never their values: a wrong value may be a secret."""
    problems = []
    for item in error.errors(include_input=False, include_url=False):
        name = ".".join(str(part) for part in item["loc"][:1]).upper()
        text = item["msg"].removeprefix("Value error, ")
        if item["type"] == "missing":
            text = "is missing; set it in the environment or in .env"
        text = text.replace("Input should be", "must be").partition(", unable to")[0]
        problems.append(f"{name} {_lower_first(text)}".strip())
    return "Settings: " + "; ".join(problems) + "."


def _lower_first(text: str) -> str:
    return text if text[:2].isupper() else text[:1].lower() + text[1:]
