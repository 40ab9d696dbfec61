"""The service: ``uvicorn app:app``, or ``python app.py`` to listen where the settings say."""

import uvicorn

from podforecast.serving import logs
from podforecast.serving.entry import KEEP_ALIVE_SECONDS, service
from podforecast.settings import or_exit, settings_or_exit

settings = settings_or_exit()
logs.configure(settings.log.level)
app = or_exit(lambda: service(settings))

if __name__ == "__main__":
    host, port = settings.api.host, settings.api.port
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
