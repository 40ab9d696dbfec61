"""The model that answers, or the reason why there is none.

A service without a model starts all the same: it is alive, says on ``/readyz`` what to do, and
answers forecasts with the same words.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from podforecast.errors import ModelNotReady, ModelRefused
from podforecast.model.scorer import Scorer

logger = logging.getLogger(__name__)


RESTART = "Then start the service again."
Load = Callable[[Path], Scorer]


class ModelSlot:
    """Holds what :meth:`load` brought, which is a model or an error."""

    def __init__(self, load: Load, folder: Path) -> None:
        self._load = load
        self._folder = folder
        self._model: Scorer | None = None
        self._reason: ModelNotReady | ModelRefused = ModelNotReady(
            "no model is loaded yet", hint="The service is starting; try again in a moment."
        )

    def load(self) -> None:
        """Read the folder; never raises for a missing or refused model, but remembers why."""
        try:
            self._model = self._load(self._folder)
        except (ModelNotReady, ModelRefused) as error:
            hint = f"{self._outside(error.hint)} {RESTART}"
            self._reason = type(error)(self._outside(error.message), hint=hint)
            logger.warning("model=none reason=%s hint=%s", error.message, error.hint)
        else:
            manifest = self._model.manifest
            logger.info("model=%s algorithm=%s", manifest.model_version, manifest.algorithm)

    @property
    def is_filled(self) -> bool:
        return self._model is not None

    def model(self) -> Scorer:
        """Return the model.

        Raises
        ------
        ModelNotReady, ModelRefused
            Afresh each time: a raised error collects a traceback, which must not pile up.
        """
        if self._model is None:
            raise type(self._reason)(self._reason.message, hint=self._reason.hint)
        return self._model

    def _outside(self, text: str) -> str:
        """Name the folder without saying where on this machine it is."""
        return text.replace(str(self._folder), self._folder.name)
