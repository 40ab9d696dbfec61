"""``python -m podforecast``."""

from podforecast.cli.main import main

raise SystemExit(main())
