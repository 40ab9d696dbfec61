"""Where the stages meet: telemetry -> features -> labels is a data set.

Each moment of a recording is looked at as serving would have, by
:func:`podforecast.features.build.build` on a block that ends there.
"""
