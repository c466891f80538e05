"""Pages and JSON about access, by subject."""

from quart import Blueprint

from fadjma.access.routes import proof, requests, reviews

blueprint = Blueprint("access", __name__)
for part in (requests, reviews, proof):
    blueprint.register_blueprint(part.blueprint)
