"""The service: ``uvicorn app:app``, or ``python app.py`` to listen where the settings say."""

import uvicorn

from podforecast.model.scorer import load
from podforecast.serving.application import create_app
from podforecast.serving.options import ServiceOptions
from podforecast.settings import settings_or_exit
from podforecast.watcher.replay import ReplayPlan, ReplaySource

settings = settings_or_exit()
options = ServiceOptions(cors_origins=settings.api.cors_origins)
replay = ReplayPlan(**settings.replay.model_dump())
fleet = ReplaySource(replay) if settings.source == "replay" else None
app = create_app(settings.model_dir, load=load, options=options, fleet=fleet)

if __name__ == "__main__":
    uvicorn.run(app, host=settings.api.host, port=settings.api.port)
