"""The model that answers, or the reason why there is none.

A service without a model starts all the same: it is alive, says on ``/readyz`` what to do, and
answers forecasts with the same words.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from podforecast.errors import CurvesMissing, ModelNotReady, ModelRefused
from podforecast.model.curves import Curves, read_curves
from podforecast.model.scorer import Scorer

logger = logging.getLogger(__name__)


RESTART = "Then start the service again."
Load = Callable[[Path], Scorer]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model with what was saved beside it; replaced as one."""

    scorer: Scorer
    drawn: Curves | CurvesMissing

    def curves(self) -> Curves:
        """Return the curves of this model.

        Raises
        ------
        CurvesMissing
            Afresh each time, as :meth:`ModelSlot.loaded` does.
        """
        if isinstance(self.drawn, CurvesMissing):
            raise CurvesMissing(self.drawn.message, hint=self.drawn.hint)
        return self.drawn


class ModelSlot:
    """Holds what :meth:`load` brought, which is a model or an error."""

    def __init__(self, load: Load, folder: Path) -> None:
        self._load = load
        self._folder = folder
        self._loaded: Loaded | None = None
        self._reason: ModelNotReady | ModelRefused = ModelNotReady(
            "no model is loaded yet", hint="The service is starting; try again in a moment."
        )

    def load(self) -> None:
        """Read the folder; never raises for a missing or refused model, but remembers why."""
        try:
            scorer = self._load(self._folder)
        except (ModelNotReady, ModelRefused) as error:
            hint = f"{self._outside(error.hint)} {RESTART}"
            self._reason = type(error)(self._outside(error.message), hint=hint)
            logger.warning("model=none reason=%s hint=%s", error.message, error.hint)
        else:
            manifest = scorer.manifest
            self._loaded = Loaded(scorer, self._curves_of(scorer))
            logger.info("model=%s algorithm=%s", manifest.model_version, manifest.algorithm)

    @property
    def is_filled(self) -> bool:
        return self._loaded is not None

    def model(self) -> Scorer:
        """Return the model; see :meth:`loaded`."""
        return self.loaded().scorer

    def loaded(self) -> Loaded:
        """Return the model and what belongs to it.

        Raises
        ------
        ModelNotReady, ModelRefused
            Afresh each time: a raised error collects a traceback, which must not pile up.
        """
        if self._loaded is None:
            raise type(self._reason)(self._reason.message, hint=self._reason.hint)
        return self._loaded

    def _curves_of(self, scorer: Scorer) -> Curves | CurvesMissing:
        try:
            return read_curves(self._folder, scorer.manifest)
        except CurvesMissing as missing:
            logger.warning("curves=none reason=%s", missing.message)
            return missing

    def _outside(self, text: str) -> str:
        """Name the folder without saying where on this machine it is."""
        return text.replace(str(self._folder), self._folder.name)
