"""`python app.py` serves FADJMA; `quart …` and other ASGI servers find `app` here."""

import sys

from fadjma import create_app
from fadjma.config import Settings, SettingsError
from fadjma.server.serving import serve

_WITHOUT_SECRET = {"setup", "restore", "verify", "doctor"}  # commands

try:
    app = create_app(Settings.from_environment(setting_up=not _WITHOUT_SECRET.isdisjoint(sys.argv[1:])))
except SettingsError as error:
    sys.exit(str(error))

if __name__ == "__main__":
    serve(app)
