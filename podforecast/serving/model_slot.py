"""The model that answers, or the reason why there is none.

A service without a model starts all the same: it is alive, says on ``/readyz`` what to do, and
answers forecasts with the same words.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from podforecast.api_schema.predict import EXAMPLE, PredictRequest
from podforecast.errors import CurvesMissing, ModelNotReady, ModelRefused
from podforecast.model.curves import Curves, read_curves
from podforecast.model.scorer import Scorer
from podforecast.serving.logs import quoted
from podforecast.serving.refusals import ReloadFailed, ReloadUnderWay
from podforecast.telemetry.memory import give_back

logger = logging.getLogger(__name__)


RELOAD = "Then POST /model/reload."
Load = Callable[[Path], Scorer]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model with what was saved beside it; replaced as one."""

    scorer: Scorer
    drawn: Curves | CurvesMissing

    @property
    def version(self) -> str:
        return self.scorer.manifest.model_version

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


@dataclass(frozen=True, slots=True)
class Swap:
    """What a reload did."""

    now: Loaded
    version_before: str | None


class ModelSlot:
    """Holds what :meth:`load` brought, which is a model or an error."""

    def __init__(self, load: Load, folder: Path) -> None:
        self._load = load
        self._folder = folder
        self._loaded: Loaded | None = None
        self._reloading = Lock()
        self._reason: ModelNotReady | ModelRefused = ModelNotReady(
            "no model is loaded yet", hint="The service is starting; try again in a moment."
        )

    def load(self) -> None:
        """Read the folder; never raises for a missing or refused model, but remembers why."""
        try:
            self._loaded = self._read()
        except (ModelNotReady, ModelRefused) as error:
            self._reason = _without_traceback(error)
            logger.warning(
                "event=model_missing reason=%s hint=%s", quoted(error.message), quoted(error.hint)
            )

    def reload(self) -> Swap:
        """Read the folder again and swap models, at once for all who ask afterwards.

        Takes as long as a start. Who holds the model before keeps it until done with it, so both
        are in memory for a while.

        Raises
        ------
        ReloadUnderWay
            If another thread is at it.
        ReloadFailed
            If the folder has no model that can be used; what was loaded stays.
        """
        if not self._reloading.acquire(blocking=False):
            raise ReloadUnderWay(
                "the model is being reloaded already", hint="Try again when that is done."
            )
        try:
            now = self._read()
            _require_a_forecast(now.scorer)
        except (ModelNotReady, ModelRefused) as error:
            raise self._failed(error) from error
        finally:
            self._reloading.release()
        version_before = self._loaded.version if self._loaded else None
        self._loaded = now
        # The model before is free by now, unless a request is still being answered by it.
        give_back()
        return Swap(now=now, version_before=version_before)

    def _failed(self, error: ModelNotReady | ModelRefused) -> ReloadFailed:
        self._reason = _without_traceback(error)
        serves = self._loaded.version if self._loaded else "none"
        still = f"{serves} keeps answering" if self._loaded else "no model answers yet"
        logger.warning(
            "event=model_reload_failed serves=%s reason=%s", serves, quoted(error.message)
        )
        return ReloadFailed(f"{error.message}; {still}", hint=error.hint)

    def _read(self) -> Loaded:
        try:
            scorer = self._load(self._folder)
        except (ModelNotReady, ModelRefused) as error:
            hint = f"{self._outside(error.hint)} {RELOAD}".lstrip()
            raise type(error)(self._outside(error.message), hint=hint) from error
        manifest = scorer.manifest
        logger.info(
            "event=model_loaded model=%s algorithm=%s path=%s reason=%s",
            manifest.model_version,
            manifest.algorithm,
            scorer.path,
            quoted(scorer.path_reason),
        )
        for target, why in scorer.targets.missing.items():
            logger.warning("event=target_missing target=%s reason=%s", target, quoted(why))
        return Loaded(scorer, self._curves_of(scorer))

    @property
    def is_filled(self) -> bool:
        return self._loaded is not None

    def require_model(self) -> None:
        """Refuse what would find no model, before it has cost anything; see :meth:`loaded`."""
        self.loaded()

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
            raise _without_traceback(self._reason)
        return self._loaded

    def _curves_of(self, scorer: Scorer) -> Curves | CurvesMissing:
        try:
            return read_curves(self._folder, scorer.manifest)
        except CurvesMissing as missing:
            logger.warning("event=curves_missing reason=%s", quoted(missing.message))
            return missing

    def _outside(self, text: str) -> str:
        """Name the folder without saying where on this machine it is."""
        return text.replace(str(self._folder), self._folder.name)


def _without_traceback(error: ModelNotReady | ModelRefused) -> ModelNotReady | ModelRefused:
    """Keep what an error says, not the frames it came through: these hold the refused model."""
    return type(error)(error.message, hint=error.hint)


def _require_a_forecast(scorer: Scorer) -> None:
    """Ask for one forecast before anybody else does; that of the old model would be lost."""
    scores = scorer.score(PredictRequest.model_validate(EXAMPLE).row())
    if scores.shape != (1,) or not 0.0 <= scores[0] <= 1.0:
        raise ModelRefused(
            f"the model answers {scores.tolist()} for the example, which is no probability",
            hint=f"Train it again with `python train_model.py`. {RELOAD}",
        )
