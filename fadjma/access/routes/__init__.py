"""Pages and JSON about access, by subject."""

from quart import Blueprint

from fadjma.access.routes import requests, reviews

blueprint = Blueprint("access", __name__)
for part in (requests, reviews):
    blueprint.register_blueprint(part.blueprint)
