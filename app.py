"""The service: ``uvicorn app:app``, or ``python app.py`` to listen where the settings say."""

from podforecast.serving import logs
from podforecast.serving.entry import listen, service
from podforecast.settings import or_exit, settings_or_exit

settings = settings_or_exit()
logs.configure(settings.log.level)
app = or_exit(lambda: service(settings))

if __name__ == "__main__":
    listen(app, settings.api.host, settings.api.port)
