-- rebuild: movements, delivery_requests
-- Lots that are withheld, transfers between places of one house, and a delivery at home that its patient wants no more.

-- A lot that is recalled, or doubted: counted and kept, neither put aside nor handed over, until somebody says that it was a mistake.
ALTER TABLE lots ADD COLUMN withheld_at BIGINT;
ALTER TABLE lots ADD COLUMN withheld_by TEXT REFERENCES users (id);
ALTER TABLE lots ADD COLUMN withheld_reason TEXT NOT NULL DEFAULT ''
    CONSTRAINT lots_withheld_check CHECK ((withheld_at IS NULL) = (withheld_by IS NULL) AND (withheld_at IS NULL) = (withheld_reason = ''));

-- What it is a part of: a clinic's pharmacy and its cupboards of a clinic, a branch of a pharmacy. NULL: it is its own.
ALTER TABLE organizations ADD COLUMN part_of TEXT REFERENCES organizations (id)
    CONSTRAINT organizations_part_of_check CHECK (part_of <> id);
CREATE INDEX organizations_parts ON organizations (part_of) WHERE part_of IS NOT NULL;

-- A lot, or some of it, on its way from one place of a house to another: it leaves the one when it is sent, and is in the stock of the
-- other once that has received it; until then the sender takes it back.
CREATE TABLE transfers (
    id TEXT PRIMARY KEY,
    from_id TEXT NOT NULL REFERENCES organizations (id),
    to_id TEXT NOT NULL REFERENCES organizations (id),
    lot_id TEXT NOT NULL REFERENCES lots (id),  -- of the sender
    quantity INTEGER NOT NULL CONSTRAINT transfers_quantity_check CHECK (quantity > 0),
    sent_by TEXT NOT NULL REFERENCES users (id),
    sent_at BIGINT NOT NULL,
    received_lot_id TEXT REFERENCES lots (id),  -- of the receiver
    received_by TEXT REFERENCES users (id),
    received_at BIGINT,
    undone_by TEXT REFERENCES users (id),
    undone_at BIGINT,
    version INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT transfers_places_check CHECK (from_id <> to_id),
    CONSTRAINT transfers_received_check CHECK (
        (received_at IS NULL) = (received_by IS NULL) AND (received_at IS NULL) = (received_lot_id IS NULL)),
    CONSTRAINT transfers_undone_check CHECK ((undone_at IS NULL) = (undone_by IS NULL)),
    CONSTRAINT transfers_end_check CHECK (received_at IS NULL OR undone_at IS NULL)
);
CREATE INDEX transfers_sent ON transfers (from_id, sent_at, id);
CREATE INDEX transfers_to_receive ON transfers (to_id, sent_at, id);
CREATE INDEX transfers_of_lot ON transfers (lot_id);
CREATE TRIGGER transfers_are_kept BEFORE DELETE ON transfers
BEGIN SELECT RAISE(ABORT, 'transfers are never deleted'); END;
CREATE TRIGGER transfers_are_not_replaced BEFORE INSERT ON transfers
WHEN EXISTS (SELECT 1 FROM transfers WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'transfers are never replaced'); END;
CREATE TRIGGER transfers_end_once BEFORE UPDATE ON transfers
WHEN OLD.received_at IS NOT NULL OR OLD.undone_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a transfer ends once'); END;
CREATE TRIGGER transfers_stay_what_they_are BEFORE UPDATE OF id, from_id, to_id, lot_id, quantity, sent_by, sent_at ON transfers
BEGIN SELECT RAISE(ABORT, 'what was sent never changes'); END;

CREATE TABLE movements_new (
    id TEXT PRIMARY KEY,
    lot_id TEXT NOT NULL REFERENCES lots (id),
    kind TEXT NOT NULL CONSTRAINT movements_kind_check CHECK (kind IN ('received', 'delivered', 'adjusted', 'transferred')),
    quantity INTEGER NOT NULL CONSTRAINT movements_quantity_check CHECK (quantity <> 0),  -- signed change of on_hand
    reason TEXT NOT NULL DEFAULT '',
    actor_id TEXT NOT NULL REFERENCES users (id),
    prescription_id TEXT,
    at BIGINT NOT NULL,
    receipt_id TEXT REFERENCES receipts (id),
    count_id TEXT REFERENCES counts (id),
    transfer_id TEXT REFERENCES transfers (id),
    CONSTRAINT movements_transfer_check CHECK ((kind = 'transferred') = (transfer_id IS NOT NULL))
);
INSERT INTO movements_new (id, lot_id, kind, quantity, reason, actor_id, prescription_id, at, receipt_id, count_id)
SELECT id, lot_id, kind, quantity, reason, actor_id, prescription_id, at, receipt_id, count_id FROM movements;
DROP TABLE movements;
ALTER TABLE movements_new RENAME TO movements;
CREATE INDEX movements_lot ON movements (lot_id, at, id);
CREATE INDEX movements_receipt ON movements (receipt_id) WHERE receipt_id IS NOT NULL;
CREATE INDEX movements_count ON movements (count_id) WHERE count_id IS NOT NULL;
CREATE INDEX movements_transfer ON movements (transfer_id) WHERE transfer_id IS NOT NULL;
CREATE INDEX movements_time ON movements (at, id);
CREATE TRIGGER movements_are_kept BEFORE DELETE ON movements
BEGIN SELECT RAISE(ABORT, 'movements are never deleted'); END;
CREATE TRIGGER movements_are_final BEFORE UPDATE ON movements
BEGIN SELECT RAISE(ABORT, 'movements are never changed'); END;
CREATE TRIGGER movements_are_not_replaced BEFORE INSERT ON movements
WHEN EXISTS (SELECT 1 FROM movements WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'movements are never replaced'); END;

CREATE TABLE delivery_requests_new (
    prescription_id TEXT PRIMARY KEY REFERENCES prescriptions (id),
    address TEXT NOT NULL,
    phone TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    status TEXT NOT NULL DEFAULT 'asked'
        CONSTRAINT delivery_requests_status_check CHECK (status IN ('asked', 'accepted', 'declined', 'withdrawn')),
    answered_at BIGINT,  -- by the pharmacy; or when it was withdrawn
    answered_by TEXT REFERENCES users (id),
    reason TEXT NOT NULL DEFAULT ''  -- of what was declined; empty else
        CONSTRAINT delivery_requests_reason_check CHECK ((status = 'declined') = (reason <> ''))
);
INSERT INTO delivery_requests_new (prescription_id, address, phone, created_at, status, answered_at, answered_by, reason)
SELECT prescription_id, address, phone, created_at, status, answered_at, answered_by, reason FROM delivery_requests;
DROP TABLE delivery_requests;
ALTER TABLE delivery_requests_new RENAME TO delivery_requests;
