"""Pages and JSON about prescriptions, by subject."""

from quart import Blueprint

from fadjma.prescriptions.routes import acts, prescribing, printing, reading

blueprint = Blueprint("prescriptions", __name__)
for part in (reading, printing, prescribing, acts):
    blueprint.register_blueprint(part.blueprint)
