"""`python app.py` serves FADJMA; `quart …` and other ASGI servers find `app` here."""

import sys

from fadjma import create_app
from fadjma.config import Settings, SettingsError
from fadjma.server.serving import serve

try:
    app = create_app(Settings.from_environment(setting_up="setup" in sys.argv[1:]))
except SettingsError as error:
    sys.exit(str(error))

if __name__ == "__main__":
    serve(app)
