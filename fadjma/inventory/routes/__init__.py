"""Pages and JSON about medicines and stock, by subject."""

from quart import Blueprint

from fadjma.inventory.routes import counts, covering, exports, receipts, stock, transfers

blueprint = Blueprint("inventory", __name__)
for part in (stock, receipts, counts, covering, exports, transfers):
    blueprint.register_blueprint(part.blueprint)
