-- Lists: what a page reads grows with the page, not with the table. Each index has its list's order to the end, the id
-- last (ties); where a list is of some states only, the state stands before the order, and a list of several takes the
-- newest of each.
DROP INDEX access_requests_patient;
DROP INDEX access_requests_doctor;
CREATE INDEX access_requests_patient ON access_requests (patient_id, status, created_at, id);
CREATE INDEX access_requests_doctor ON access_requests (doctor_id, status, created_at, id);

DROP INDEX prescriptions_prescriber;
DROP INDEX prescriptions_pharmacy;
DROP INDEX prescriptions_unclaimed;
CREATE INDEX prescriptions_patient_states ON prescriptions (patient_id, status, updated_at, id);
CREATE INDEX prescriptions_prescriber ON prescriptions (prescriber_id, status, updated_at, id);
CREATE INDEX prescriptions_pharmacy ON prescriptions (pharmacy_id, status, updated_at, id);
CREATE INDEX prescriptions_unclaimed ON prescriptions (addressed_to, status, updated_at, id) WHERE pharmacy_id IS NULL;

CREATE INDEX records_types ON records (patient_id, type, occurred_on, id);

DROP INDEX movements_lot;
CREATE INDEX movements_lot ON movements (lot_id, at, id);

DROP INDEX users_phone;
DROP INDEX users_waiting;
CREATE INDEX users_phone ON users (phone, created_at, id) WHERE phone IS NOT NULL;
CREATE INDEX users_waiting ON users (created_at, id) WHERE status = 'pending';
CREATE INDEX users_known ON users (created_at, id) WHERE status <> 'pending';

DROP INDEX sessions_open;
CREATE INDEX sessions_open ON sessions (user_id, created_at, id) WHERE ended_at IS NULL;

-- The inbox has one line for unread news about one thing: the newest, which says how many it stands for. The others are
-- folded into it and stay events of the queue.
ALTER TABLE notifications ADD COLUMN folded INTEGER NOT NULL DEFAULT 0;
ALTER TABLE notifications ADD COLUMN times INTEGER NOT NULL DEFAULT 1;
CREATE INDEX notifications_folding ON notifications (user_id, subject_kind, subject_id, seq)
    WHERE read_at IS NULL AND message IS NOT NULL;
UPDATE notifications SET folded = 1
WHERE read_at IS NULL AND message IS NOT NULL AND EXISTS (
    SELECT 1 FROM notifications n
    WHERE n.user_id = notifications.user_id AND n.subject_kind = notifications.subject_kind
    AND n.subject_id = notifications.subject_id AND n.seq > notifications.seq
    AND n.read_at IS NULL AND n.message IS NOT NULL
);
UPDATE notifications SET times = (
    SELECT count(*) FROM notifications n
    WHERE n.user_id = notifications.user_id AND n.subject_kind = notifications.subject_kind
    AND n.subject_id = notifications.subject_id AND n.read_at IS NULL AND n.message IS NOT NULL
)
WHERE read_at IS NULL AND message IS NOT NULL AND folded = 0;
DROP INDEX notifications_folding;
DROP INDEX notifications_unread;
CREATE INDEX notifications_folded ON notifications (user_id, seq) WHERE read_at IS NULL AND folded = 1;
CREATE INDEX notifications_lines ON notifications (user_id, seq) WHERE message IS NOT NULL AND folded = 0;
CREATE UNIQUE INDEX notifications_unread ON notifications (user_id, subject_kind, subject_id)
    WHERE read_at IS NULL AND message IS NOT NULL AND folded = 0;
