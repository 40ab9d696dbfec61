"""``python -m lab.app``: serve the demo app."""

from __future__ import annotations

import argparse
import os

from lab.app.run import serve


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m lab.app",
        description="Serve the demo app. Open / in a browser to switch its failures.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8080, help="port to listen on")
    arguments = parser.parse_args()
    serve(arguments.host, arguments.port, os.environ)  # noqa: TID251  (an entry point of its own)


if __name__ == "__main__":
    main()
