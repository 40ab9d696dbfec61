"""``python -m podforecast``."""

from podforecast.cli.main import main


def _openapi() -> str:
    # Here, because the other commands need no web framework.
    from podforecast.serving.openapi_file import text

    return text()


if __name__ == "__main__":
    raise SystemExit(main({"openapi.json": _openapi}))
