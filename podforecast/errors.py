"""Every error that podforecast raises on purpose: one class per decision a caller can take.

Errors of dependencies are caught where they are called and chained, so that nothing above
an adapter has to import its library to write an ``except``. The HTTP status of each class
is the business of :mod:`podforecast.serving.problems`.
"""

from __future__ import annotations


class PodforecastError(Exception):
    """Root of the tree. Catch it only at an entry point.

    Parameters
    ----------
    message
        What happened, with the offending value in it.
    hint
        The way out, one sentence. Shown under the message.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigurationError(PodforecastError):
    """A setting or argument is missing, malformed or contradicts another one."""


class TelemetryUnavailable(PodforecastError):
    """The source did not answer. Trying again later may help."""


class TelemetryRefused(PodforecastError):
    """The source answered that it will not: credentials, tenant or query. Retrying won't help."""


class TelemetryMalformed(PodforecastError):
    """The source answered with something that can not be read as telemetry."""


class DataUnusable(PodforecastError):
    """A table or recording lacks what training needs: a target, two classes, required columns."""


class InsufficientData(PodforecastError):
    """Too few samples of this pod for a forecast. Waiting helps."""


class ModelNotReady(PodforecastError):
    """No model has been trained, or none is loaded yet."""


class ModelRefused(PodforecastError):
    """There is a model, but it must not be used: changed on disk, or of another catalogue."""


class CurvesMissing(PodforecastError):
    """The model answers, but what it was measured by was not saved with it, or was changed."""


class StoreUnavailable(PodforecastError):
    """The database did not answer, or is locked. Trying again later may help."""


class StoreRefused(PodforecastError):
    """The database must not be used: wrong address, no rights, or of a newer version."""


class ChannelFailed(PodforecastError):
    """Nobody took an alert: the channel is down or refuses it."""


class PodNotFound(PodforecastError):
    """The pod is not in the latest scan."""
