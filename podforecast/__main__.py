"""``python -m podforecast``."""

from podforecast.cli.main import main
from podforecast.cli.outside import Outside
from podforecast.settings import Settings


def _openapi() -> str:
    # Here, because the other commands need no web framework.
    from podforecast.serving.openapi_file import text

    return text()


def _serve_watcher(settings: Settings) -> None:
    from podforecast.serving.entry import serve_watcher

    serve_watcher(settings)


if __name__ == "__main__":
    raise SystemExit(main(Outside(pages={"openapi.json": _openapi}, serve_watcher=_serve_watcher)))
