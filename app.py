"""`python app.py` serves FADJMA; `quart …` and other ASGI servers find `app` here."""

import sys
from pathlib import Path

from fadjma import create_app
from fadjma.config import Settings, SettingsError, unknown
from fadjma.server.lines import ERRORS, open_what_is_closed, say
from fadjma.server.serving import serve

_WITHOUT_SECRET = {"setup", "restore", "verify", "doctor", "copy-database"}  # commands
_TAKE_A_VALUE = {"--app", "-A", "--env-file", "-e"}  # options of quart itself


def _command() -> str | None:
    """The command that `quart` was called with: the first word that is no option of its own, nor an option's value."""
    program, *words = sys.argv
    if Path(program).stem != "quart" and Path(program).parent.name != "quart":  # `python -m quart` names its __main__
        return None
    said = iter(words)
    for word in said:
        if word in _TAKE_A_VALUE:
            next(said, None)
        elif not word.startswith("-"):
            return word
    return None


open_what_is_closed()
for said in unknown():  # first: a name that is misspelt may be why the start is refused
    say(said, ERRORS)
try:
    app = create_app(Settings.from_environment(setting_up=_command() in _WITHOUT_SECRET))
except SettingsError as error:
    sys.exit(str(error))

if __name__ == "__main__":
    serve(app)
