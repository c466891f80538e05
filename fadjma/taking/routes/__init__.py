"""Addresses of what is taken away: the patient's own, and those of a link."""

from quart import Blueprint

from fadjma.taking.routes import linked, own

blueprint = Blueprint("taking", __name__)
blueprint.register_blueprint(own.blueprint)
blueprint.register_blueprint(linked.blueprint)
