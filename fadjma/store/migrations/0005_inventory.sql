-- Medicines by DCI/INN, and what each pharmacy has of them.
CREATE TABLE medicines (
    id TEXT PRIMARY KEY,
    dci TEXT NOT NULL,  -- dénomination commune internationale, French
    form TEXT NOT NULL,
    strength TEXT NOT NULL,
    unit TEXT NOT NULL,  -- what is counted: comprimé, flacon…
    atc TEXT NOT NULL DEFAULT '',
    search_key TEXT NOT NULL,  -- dci, strength and form in lower case without accents
    UNIQUE (dci, form, strength)
);
CREATE INDEX medicines_search ON medicines (search_key);

CREATE TABLE products (
    id TEXT PRIMARY KEY,
    pharmacy_id TEXT NOT NULL REFERENCES organizations (id),
    medicine_id TEXT NOT NULL REFERENCES medicines (id),
    threshold INTEGER NOT NULL DEFAULT 0 CHECK (threshold >= 0),
    UNIQUE (pharmacy_id, medicine_id)
);

CREATE TABLE lots (
    id TEXT PRIMARY KEY,
    product_id TEXT NOT NULL REFERENCES products (id),
    number TEXT NOT NULL,
    expires_on TEXT NOT NULL,  -- ISO 8601 date, the last day of use
    on_hand INTEGER NOT NULL CHECK (on_hand >= 0),
    reserved INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0 AND reserved <= on_hand),
    expiry_told_at BIGINT,  -- when its pharmacy was told that it expires soon: once
    version INTEGER NOT NULL DEFAULT 1,
    UNIQUE (product_id, number)
);
CREATE INDEX lots_expiring ON lots (expires_on) WHERE on_hand > 0 AND expiry_told_at IS NULL;
CREATE INDEX lots_first_expired ON lots (product_id, expires_on) WHERE on_hand > 0;

CREATE TABLE movements (
    id TEXT PRIMARY KEY,
    lot_id TEXT NOT NULL REFERENCES lots (id),
    kind TEXT NOT NULL CHECK (kind IN ('received', 'delivered', 'adjusted')),
    quantity INTEGER NOT NULL CHECK (quantity <> 0),  -- signed change of on_hand
    reason TEXT NOT NULL DEFAULT '',
    actor_id TEXT NOT NULL REFERENCES users (id),
    prescription_id TEXT,
    at BIGINT NOT NULL
);
CREATE INDEX movements_lot ON movements (lot_id, at);
CREATE TRIGGER movements_are_kept BEFORE DELETE ON movements
BEGIN SELECT RAISE(ABORT, 'movements are never deleted'); END;
CREATE TRIGGER movements_are_final BEFORE UPDATE ON movements
BEGIN SELECT RAISE(ABORT, 'movements are never changed'); END;
