"""Where telemetry comes from. Every source answers in the same blocks."""
