"""Azure's VM traces as a table of features: ``python scripts/convert_azure_traces.py --help``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that it runs from a checkout

from podforecast.cli.azure import main

if __name__ == "__main__":
    raise SystemExit(main())
