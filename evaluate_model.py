"""Judge the saved model: ``python evaluate_model.py --help``."""

from podforecast.cli.evaluate import main

if __name__ == "__main__":
    raise SystemExit(main())
