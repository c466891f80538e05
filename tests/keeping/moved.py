"""`quart copy-database` as it is typed."""

from click.testing import CliRunner, Result

from fadjma import create_app
from fadjma.config import Settings


def copy(source: str, target: str) -> Result:
    app = create_app(Settings(secret_key="k" * 40, database_url="sqlite:///of-no-account.db"))
    return CliRunner().invoke(app.cli.commands["copy-database"], [source, target])
