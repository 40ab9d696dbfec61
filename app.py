"""The service: ``uvicorn app:app``, or ``python app.py`` to listen where the settings say."""

import uvicorn

from podforecast.model.scorer import load
from podforecast.serving import logs
from podforecast.serving.application import create_app
from podforecast.serving.options import ServiceOptions
from podforecast.settings import settings_or_exit
from podforecast.watcher.replay import ReplayPlan, ReplaySource

settings = settings_or_exit()
logs.configure(settings.log.level)
options = ServiceOptions(
    **settings.api.model_dump(exclude={"port"}),
    api_keys=tuple(key.get_secret_value() for key in settings.api_keys),
    log_requests=settings.log.requests,
)
replay = ReplayPlan(**settings.replay.model_dump())
fleet = ReplaySource(replay) if settings.source == "replay" else None
app = create_app(settings.model_dir, load=load, options=options, fleet=fleet)

if __name__ == "__main__":
    host, port = settings.api.host, settings.api.port
    uvicorn.run(app, host=host, port=port, log_config=None, access_log=False, server_header=False)
