"""Pages and JSON about prescriptions, by subject."""

from quart import Blueprint

from fadjma.prescriptions.routes import (
    acts,
    alerts,
    covering,
    flagged,
    prescribing,
    printing,
    reading,
    recalling,
    renewing,
    replacing,
    sets,
)

blueprint = Blueprint("prescriptions", __name__)
for part in (reading, printing, prescribing, replacing, alerts, acts, renewing, covering, recalling, flagged, sets):
    blueprint.register_blueprint(part.blueprint)
