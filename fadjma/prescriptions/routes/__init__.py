"""Pages and JSON about prescriptions, by subject."""

from quart import Blueprint

from fadjma.prescriptions.routes import acts, prescribing, reading

blueprint = Blueprint("prescriptions", __name__)
for part in (reading, prescribing, acts):
    blueprint.register_blueprint(part.blueprint)
