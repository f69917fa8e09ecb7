"""Drives a stand-in from another process: what tests, benchmarks and `./dev up` talk through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from dbsbm.errors import DbsbmError
from dbsbm.sandbox.discord.client_views import (
    InteractionState,
    Json,
    SentMessage,
    Suggestions,
)

_MARGIN_SECONDS = 10.0


class StandinError(DbsbmError):
    """The stand-in refused a request; the text says why.

    Attributes:
        status: HTTP status.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class StandinTimeoutError(StandinError):
    """What was waited for did not happen in time."""


@dataclass(frozen=True, slots=True)
class Place:
    """Who acts, and where: names or ids. Left out, the first one of each is meant."""

    guild: str | None = None
    channel: str | None = None
    member: str | None = None

    def fields(self) -> Json:
        """Return the fields that are given."""
        named = {"guild": self.guild, "channel": self.channel, "member": self.member}
        return {name: value for name, value in named.items() if value is not None}


ANYWHERE = Place()


def _answer(response: httpx.Response) -> Any:
    if response.status_code == 408:
        raise StandinTimeoutError(f"Waited in vain; the state is: {response.text}", 408)
    if response.is_error:
        raise StandinError(response.json()["message"], response.status_code)
    return response.json() if response.content else None


class StandinClient:
    """The control API, method by method.

    Args:
        url: Where the stand-in is, such as http://127.0.0.1:8080.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=_MARGIN_SECONDS, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _get(self, path: str, params: Mapping[str, Any], wait: float = 0.0) -> Any:
        timeout = wait + _MARGIN_SECONDS
        return _answer(self._http.get(f"/standin{path}", params=dict(params), timeout=timeout))

    def _post(self, path: str, body: Json) -> Any:
        return _answer(self._http.post(f"/standin{path}", json=body))

    def state(self) -> Json:
        """Return guilds, people, registered commands and whether a bot is connected."""
        found: Json = self._get("/state", {})
        return found

    def stats(self) -> Json:
        """Return counters and latencies."""
        found: Json = self._get("/stats", {})
        return found

    def wait_for_bot(self, *, commands: int = 0, within: float = 30.0) -> None:
        """Wait until a bot is connected and has registered so many commands.

        Raises:
            StandinTimeoutError: It did not in time.
        """
        self._get("/bot/wait", {"commands": commands, "timeout": within}, within)

    def commands(self, at: Place = ANYWHERE) -> list[Json]:
        """Return the commands a member is offered in a channel."""
        found: list[Json] = self._get("/commands", at.fields())
        return found

    def run(
        self, command: str, options: Mapping[str, Any] | None = None, at: Place = ANYWHERE
    ) -> str:
        """Run a slash command, such as "bet place", and return the interaction's id.

        Raises:
            StandinError: Discord's client would not let the member send it.
        """
        body = {**at.fields(), "command": command, "options": dict(options or {})}
        return str(self._post("/interactions", body)["id"])

    def ask(
        self,
        command: str,
        options: Mapping[str, Any] | None = None,
        at: Place = ANYWHERE,
        *,
        within: float = 30.0,
    ) -> InteractionState:
        """Run a slash command and wait for its answer.

        Raises:
            StandinError: Discord's client would not let the member send it.
            StandinTimeoutError: There was no answer in time.
        """
        return self.wait(self.run(command, options, at), "answer", within=within)

    def autocomplete(
        self,
        command: str,
        option: str,
        typed: str,
        options: Mapping[str, Any] | None = None,
        at: Place = ANYWHERE,
    ) -> Suggestions:
        """Type in an option and return what is suggested."""
        body = {**at.fields(), "command": command, "option": option, "value": typed}
        answer = self._post("/autocomplete", {**body, "options": dict(options or {})})
        return Suggestions(answer["choices"], answer["ms"], answer["error"])

    def click(
        self,
        message_id: str,
        custom_id: str,
        at: Place = ANYWHERE,
        *,
        values: list[str] | None = None,
    ) -> str:
        """Press a button or choose from a menu, and return the interaction's id."""
        body = {"message_id": message_id, "custom_id": custom_id, "values": values or []}
        return str(self._post("/components", {**at.fields(), **body})["id"])

    def submit_modal(self, interaction_id: str, values: Mapping[str, Any]) -> str:
        """Fill in the modal an interaction showed, and return the new interaction's id."""
        body = {"interaction_id": interaction_id, "values": dict(values)}
        return str(self._post("/modals", body)["id"])

    def interaction(self, interaction_id: str) -> InteractionState:
        """Return what became of an interaction so far."""
        return InteractionState.read(self._get(f"/interactions/{interaction_id}", {}))

    def wait(
        self, interaction_id: str, until: str = "answer", *, count: int = 1, within: float = 30.0
    ) -> InteractionState:
        """Wait for something to happen to an interaction; a failure ends most waits too.

        Args:
            interaction_id: The interaction.
            until: ack, answer, edits, followups, failure or late.
            count: How many, for edits, followups and late.
            within: Seconds to wait at most.

        Raises:
            StandinTimeoutError: It did not happen in time.
        """
        params = {"for": until, "count": count, "timeout": within}
        path = f"/interactions/{interaction_id}/wait"
        return InteractionState.read(self._get(path, params, within))

    def messages(self, channel_id: str, member_id: str | None = None) -> list[SentMessage]:
        """Return a channel's messages, oldest first; to one member's eyes where given."""
        params = {} if member_id is None else {"member": member_id}
        found = self._get(f"/channels/{channel_id}/messages", params)
        return [SentMessage.read(raw) for raw in found]

    def wait_for_messages(
        self, channel_id: str, *, after: str = "0", count: int = 1, within: float = 30.0
    ) -> list[SentMessage]:
        """Wait until a channel has so many messages newer than `after`, and return them.

        Raises:
            StandinTimeoutError: It had not in time.
        """
        params = {"after": after, "count": count, "timeout": within}
        found = self._get(f"/channels/{channel_id}/messages/wait", params, within)
        return [SentMessage.read(raw) for raw in found]

    def write(self, content: str, at: Place = ANYWHERE) -> SentMessage:
        """Post an ordinary message in a member's name."""
        return SentMessage.read(self._post("/messages", {**at.fields(), "content": content}))

    def download(self, path: str) -> bytes:
        """Return the bytes of an attachment, by the path of its URL."""
        return self._http.get(path).raise_for_status().content

    def add_fault(self, **fault: Any) -> Json:
        """Make the next matching REST requests fail; see `faults.Fault` for the fields."""
        added: Json = self._post("/faults", fault)
        return added

    def faults(self) -> list[Json]:
        """Return the faults that still wait for a request."""
        found: list[Json] = self._get("/faults", {})
        return found

    def clear_faults(self) -> None:
        """Forget all faults."""
        _answer(self._http.delete("/standin/faults"))

    def gateway(self, action: str, **fields: Any) -> int:
        """Disturb the gateway and return how many connections it hit.

        Args:
            action: drop, close (with `code`), reconnect, invalidate (with `resumable`), mute
                (heartbeats stay unanswered) or unmute.
            fields: What the action takes.
        """
        return int(self._post("/gateway", {"action": action, **fields})["connections"])

    def set_rate_limits(self, **limits: Any) -> None:
        """Change rate limits: enabled=False, or webhook={"requests": 5, "seconds": 2} and so on."""
        _answer(self._http.put("/standin/rate-limits", json=limits))

    def expire(self, interaction_id: str) -> None:
        """End the life of an interaction's token now."""
        self._post(f"/interactions/{interaction_id}/expire", {})


class AsyncStandinClient:
    """The part of the control API that load benchmarks need, for many interactions at once.

    Args:
        url: Where the stand-in is.
        connections: Connections at most.
    """

    def __init__(self, url: str, *, connections: int = 200) -> None:
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._http = httpx.AsyncClient(
            base_url=url, timeout=_MARGIN_SECONDS, limits=limits, trust_env=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def run(
        self, command: str, options: Mapping[str, Any] | None = None, at: Place = ANYWHERE
    ) -> str:
        """Run a slash command and return the interaction's id."""
        body = {**at.fields(), "command": command, "options": dict(options or {})}
        return str(_answer(await self._http.post("/standin/interactions", json=body))["id"])

    async def wait(
        self, interaction_id: str, until: str = "answer", *, count: int = 1, within: float = 30.0
    ) -> InteractionState:
        """Wait for something to happen to an interaction; see `StandinClient.wait`."""
        params: dict[str, str | int | float] = {"for": until, "count": count, "timeout": within}
        response = await self._http.get(
            f"/standin/interactions/{interaction_id}/wait",
            params=params,
            timeout=within + _MARGIN_SECONDS,
        )
        return InteractionState.read(_answer(response))

    async def stats(self) -> Json:
        """Return counters and latencies."""
        found: Json = _answer(await self._http.get("/standin/stats"))
        return found
