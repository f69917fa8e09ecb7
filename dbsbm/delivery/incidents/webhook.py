"""Carries out the effect "tell the webhook of an incident", as JSON that others can read.

Signed and numbered as https://www.standardwebhooks.com says, so that libraries can check it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import httpx
from pydantic import SecretStr

from dbsbm.db import outbox
from dbsbm.db.engine import Database
from dbsbm.db.models import AlertSilence, Effect, Incident
from dbsbm.delivery.attempts import Attempts
from dbsbm.delivery.incidents import message, wording
from dbsbm.errors import PermanentError, TransientError
from dbsbm.monitor.alerts import silences

log = logging.getLogger(__name__)

WEBHOOK_TASK = "tasks.incidents.webhook"
Outcome = Literal["told", "told by a newer one", "not set", "gone", "dead", "done already"]

_TIMEOUT = httpx.Timeout(10.0, connect=3.0)
# What asks for another try; every other refusal would be the same again.
_LATER = frozenset({408, 425, 429})
_LONGEST_PAUSE = 3600.0
_KEY_PREFIX = "whsec_"


class Webhook:
    """Tells one address of incidents. It may be told twice, under the same idempotency key."""

    def __init__(
        self,
        database: Database,
        *,
        url: SecretStr | None,
        secret: SecretStr | None,
        style: message.Style,
    ) -> None:
        """Describe the address; nothing is connected yet.

        Args:
            database: Where the incidents are.
            url: May hold a password or a token, so it appears nowhere; None tells nobody.
            secret: Signs; None leaves the signature out.
            style: Knows where the handbook is.
        """
        self._database = database
        self._attempts = Attempts(
            database,
            lost="The webhook was not told of an incident",
            action="incident.dead_letter",
        )
        self._url = url
        self._key = None if secret is None else signing_key(secret)
        self._style = style
        # Redirects are not followed: what they lead to was not set by the operator.
        self._client = httpx.Client(timeout=_TIMEOUT, follow_redirects=False)

    def deliver(self, effect_id: int) -> Outcome:
        """Deliver one effect.

        Raises:
            TransientError: Not now; the effect stays in the outbox.
        """
        return self._attempts.carry_out(effect_id, self._deliver)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _deliver(self, effect_id: int) -> Outcome:
        with self._database.read() as session:
            effect = session.get(Effect, effect_id)
            if effect is None or effect.state != "pending":
                return "done already"
            incident = session.get(Incident, effect.payload["incident_id"])
            silence = None if incident is None else silences.of(session, incident)
        outcome = self._tell(incident, silence, effect.payload["version"])
        self._database.transact(
            lambda session: outbox.finish(session, effect_id, {"outcome": outcome})
        )
        log.info(
            "Telling the webhook: %s.",
            outcome,
            extra={"action": "incident.webhook", "effect_id": effect_id, "outcome": outcome},
        )
        return outcome

    def _tell(
        self, incident: Incident | None, silence: AlertSilence | None, version: int
    ) -> Outcome:
        if incident is None:
            return "gone"
        if self._url is None:
            return "not set"
        if incident.version > version:
            return "told by a newer one"
        self._send(self._url, incident, silence)
        return "told"

    def _send(self, url: SecretStr, incident: Incident, silence: AlertSilence | None) -> None:
        number = f"incident-{incident.id}-{incident.version}"
        content = json.dumps(payload(incident, silence, self._style)).encode()
        headers = signed(number, int(datetime.now(UTC).timestamp()), content, self._key)
        try:
            with self._client.stream(
                "POST", url.get_secret_value(), content=content, headers=headers
            ) as answer:
                _check(answer)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Not chained: httpx's error holds the address, and the address may hold a token.
            raise TransientError(f"The webhook did not answer: {type(error).__name__}.") from None


def payload(
    incident: Incident, silence: AlertSilence | None, style: message.Style
) -> dict[str, Any]:
    """What is sent, as docs/alerts.md describes it."""
    over = wording.is_over(incident)
    return {
        "type": "incident.resolved" if over else "incident.firing",
        "timestamp": incident.updated_at.isoformat(),
        "text": wording.one_line(incident),
        "data": {
            "id": incident.id,
            "version": incident.version,
            "rule": incident.rule,
            "series": incident.series,
            "severity": incident.severity,
            "state": incident.state,
            "effect": incident.effect,
            "value": incident.value,
            "worst": incident.worst,
            "threshold": incident.threshold,
            "unit": incident.unit,
            "started_at": _moment(incident.started_at),
            "fired_at": _moment(incident.fired_at),
            "resolved_at": _moment(incident.resolved_at),
            "resolution": incident.resolution,
            "duration_seconds": wording.seconds(incident),
            "acknowledged_by": incident.acknowledged_by,
            "acknowledged_at": _moment(incident.acknowledged_at),
            "silenced_by": None if silence is None else silence.by,
            "silenced_until": None if silence is None else _moment(silence.until),
            "runbook": message.runbook(incident, style),
            "evidence": incident.evidence,
        },
    }


def signing_key(secret: SecretStr) -> bytes:
    """The bytes of a secret: after `whsec_` they are written in base64, otherwise as text."""
    text = secret.get_secret_value()
    if not text.startswith(_KEY_PREFIX):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(_KEY_PREFIX), validate=True)
    except binascii.Error:
        return text.encode()


def signed(number: str, at: int, content: bytes, key: bytes | None) -> dict[str, str]:
    """The headers that name, date and sign a message; without a key it is not signed."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "DBSBM",
        "Idempotency-Key": number,
        "webhook-id": number,
        "webhook-timestamp": str(at),
    }
    if key is not None:
        digest = hmac.new(key, f"{number}.{at}.".encode() + content, hashlib.sha256).digest()
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers


def _check(answer: httpx.Response) -> None:
    """Raise where it was not taken. What else it says is not read: it may have no end."""
    if answer.is_success:
        return
    refusal = f"The webhook answers HTTP {answer.status_code}."
    if answer.status_code in _LATER or answer.is_server_error:
        raise TransientError(refusal, retry_after=_pause(answer.headers))
    raise PermanentError(refusal)


def _pause(headers: Mapping[str, str]) -> float | None:
    """The seconds that it asks to wait, None where it does not say, or says it as a date."""
    text = headers.get("Retry-After", "")
    return min(float(text), _LONGEST_PAUSE) if text.isascii() and text.isdecimal() else None


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
