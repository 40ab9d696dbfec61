"""Record a labelled table from Prometheus: ``python scripts/collect_metrics.py --help``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that it runs from a checkout

from podforecast.cli.collect import main

if __name__ == "__main__":
    raise SystemExit(main())
