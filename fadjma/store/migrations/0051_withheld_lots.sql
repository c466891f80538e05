-- The few lots of a product that are withheld, whatever else it has had: by it the stock of one place says what the
-- other places of its house withhold of the same.
CREATE INDEX lots_withheld ON lots (product_id) WHERE withheld_at IS NOT NULL;
