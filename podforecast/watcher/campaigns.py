"""Which of the recorded campaigns is replayed."""

from __future__ import annotations

from pathlib import Path

import orjson

from podforecast.errors import TelemetryUnavailable

FACTS = "campaign.json"
WITHOUT_DATA = (
    "The recorded campaigns are the folder data/ of the source code; point"
    " PODFORECAST_REPLAY__DATA_DIR to it, or set PODFORECAST_SOURCE=none to do without the fleet."
)


def find_campaign(data_dir: Path, name: str = "") -> Path:
    """Return the folder of a campaign, by default the first whose role is to test.

    Raises
    ------
    TelemetryUnavailable
        If there is none.
    """
    if name:
        if (data_dir / name / FACTS).is_file():
            return data_dir / name
        found = ", ".join(folder.name for folder in _campaigns(data_dir)) or "none"
        raise TelemetryUnavailable(
            f"there is no recorded campaign {name!r} in {data_dir.name}/, which has: {found}",
            hint="Set PODFORECAST_REPLAY__CAMPAIGN to one of them, or leave it empty.",
        )
    testing = (folder for folder in _campaigns(data_dir) if _role(folder) == "test")
    folder = next(testing, None)
    if folder is None:
        raise TelemetryUnavailable(
            f"there is no recorded campaign with the role `test` in {data_dir.name}/",
            hint=WITHOUT_DATA,
        )
    return folder


def _campaigns(data_dir: Path) -> list[Path]:
    return sorted(facts.parent for facts in data_dir.glob(f"*/{FACTS}"))


def _role(folder: Path) -> str:
    try:
        facts = orjson.loads((folder / FACTS).read_bytes())
        return str(facts.get("role", ""))
    except (OSError, ValueError, AttributeError):
        return ""  # a folder that is no recording is not the one that is looked for
