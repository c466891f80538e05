"""Adding to a file (records, corrections, measurements), by subject; the file itself is shown in fadjma/files.py."""

from quart import Blueprint

from fadjma.records.routes import allergies, consultations, measurements, problems, records, results, vaccinations

blueprint = Blueprint("records", __name__)
for part in (records, consultations, measurements, allergies, problems, results, vaccinations):
    blueprint.register_blueprint(part.blueprint)
