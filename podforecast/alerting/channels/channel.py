"""What the policy's voice needs of a way to reach people."""

from __future__ import annotations

from typing import Protocol

from podforecast.alerting.tally import ChannelKind
from podforecast.domain.alerts import Standing
from podforecast.errors import ChannelFailed


class Channel(Protocol):
    """One address that is told of alerts, by a thread of its own."""

    @property
    def kind(self) -> ChannelKind:
        """Channels of a kind stand in for each other."""
        ...

    @property
    def trouble(self) -> ChannelFailed | None:
        """Why the latest attempt failed; None if it did not, or there was none."""
        ...

    def tell(self, standing: Standing) -> None:
        """Take note of what there is to tell; never waits for anybody."""
        ...

    def finish(self) -> None:
        """Nothing more will be told: send what is left; does not wait for it."""
        ...

    def close(self) -> None:
        """Wait for that, for a bounded time, and let go of everything."""
        ...
