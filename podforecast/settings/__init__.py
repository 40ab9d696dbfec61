"""Everything that can be set from outside, read once, at an entry point.

``app.py``, ``streamlit_app.py`` and the commands build a :class:`Settings` and hand the values
down as plain arguments. A variable is named after its place here: ``PODFORECAST_MODEL_DIR``,
``PODFORECAST_PROMETHEUS__URL``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

from pydantic import ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from podforecast.errors import ConfigurationError
from podforecast.settings.serving import (
    ApiSettings,
    DashboardSettings,
    LogSettings,
    ReplaySettings,
)
from podforecast.settings.values import ApiKey
from podforecast.settings.watching import (
    AlertSettings,
    PrometheusSettings,
    StoreSettings,
    WatchSettings,
)

__all__ = [
    "AlertSettings",
    "ApiSettings",
    "DashboardSettings",
    "LogSettings",
    "PrometheusSettings",
    "ReplaySettings",
    "Settings",
    "StoreSettings",
    "WatchSettings",
    "or_exit",
    "read_settings",
    "settings_or_exit",
]

PREFIX = "PODFORECAST_"
Made = TypeVar("Made")


class Settings(BaseSettings):
    """All settings; frozen, so that nothing changes under a running service."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_file=".env",
        frozen=True,
        extra="ignore",
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )

    model_dir: Path = Path("models")
    """Folder that ``train_model.py`` writes and the service reads."""

    api_keys: Annotated[tuple[ApiKey, ...], NoDecode] = ()
    """Keys of which callers have to show one, separated by commas or as a JSON list; each has 16
    to 256 characters. Without any, the service is open. Never logged. Take, for example, what
    ``openssl rand -hex 24`` prints."""

    api: ApiSettings = ApiSettings()
    log: LogSettings = LogSettings()
    dashboard: DashboardSettings = DashboardSettings()
    prometheus: PrometheusSettings = PrometheusSettings()

    source: Literal["replay", "prometheus", "none"] = "replay"
    """What is watched: ``replay`` replays a recorded campaign, ``prometheus`` watches the cluster
    that ``PODFORECAST_PROMETHEUS__URL`` knows, ``none`` watches nothing and leaves ``GET /pods``
    unanswered."""

    replay: ReplaySettings = ReplaySettings()
    watch: WatchSettings = WatchSettings()
    store: StoreSettings = StoreSettings()
    alerts: AlertSettings = AlertSettings()

    @field_validator("api_keys", mode="before")
    @classmethod
    def _separate(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        if not value.lstrip().startswith("["):
            return [key for part in value.split(",") if (key := part.strip())]
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            # Not chained: the original error carries the text, which is a secret.
            raise ValueError("is not a JSON list") from None


def read_settings(given: Mapping[str, Any] = MappingProxyType({})) -> Settings:
    """Read the environment and ``.env``.

    Parameters
    ----------
    given
        What a command line says instead, nested as the settings are.

    Raises
    ------
    ConfigurationError
        Names every variable that can not be used. Values stay out of it: some are secrets.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        faults = "; ".join(
            f"{PREFIX}{'__'.join(str(part).upper() for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        )
        raise ConfigurationError(
            f"settings can not be used: {faults}",
            hint="Correct the environment variable or its line in .env, or remove it."
            if not given
            else "Correct the option, the environment variable, or its line in .env.",
        ) from error
    except SettingsError as error:
        raise ConfigurationError(
            f"settings can not be used: {error}",
            hint="A whole group, a list or a set of headers is written as JSON.",
        ) from error


def settings_or_exit() -> Settings:
    """Read the settings for a process that can not start without them; see :func:`or_exit`."""
    return or_exit(read_settings)


def or_exit(make: Callable[[], Made]) -> Made:
    """Make what a process can not start without.

    Raises
    ------
    SystemExit
        With code 2, after two sentences on stderr, where a setting is at fault: a traceback would
        bury them.
    """
    try:
        return make()
    except ConfigurationError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        raise SystemExit(2) from error
