-- A file that is taken away: made whole for its patient, or shown through a link to a doctor who has no account.

-- What it holds is beside the papers, for a day; here is how far it is, and whose.
CREATE TABLE exports (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES users (id),
    owner_id TEXT NOT NULL REFERENCES users (id),  -- who has asked for it: the patient, or who acts for them
    parts TEXT NOT NULL,       -- codes (taking/scope.py), with spaces between
    since TEXT,                -- the first day, and the last, of what is dated
    until TEXT,
    language TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'making',
    done INTEGER NOT NULL DEFAULT 0,   -- entries so far
    total INTEGER NOT NULL DEFAULT 0,  -- 0: it waits for its turn
    size BIGINT,               -- bytes, once it is ready
    failure TEXT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    expires_at BIGINT,         -- it is removed then
    fetched_at BIGINT,         -- when somebody first began to fetch it
    version INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT exports_status_check CHECK (status IN ('making', 'ready', 'failed', 'removed')),
    CONSTRAINT exports_failure_check CHECK (
        (status = 'failed') = (failure IS NOT NULL) AND (failure IS NULL OR failure IN ('full', 'interrupted', 'broken'))
    ),
    CONSTRAINT exports_ready_check CHECK (status <> 'ready' OR (size IS NOT NULL AND expires_at IS NOT NULL)),
    CONSTRAINT exports_done_check CHECK (done >= 0 AND total >= 0)
);
CREATE UNIQUE INDEX exports_making ON exports (owner_id) WHERE status = 'making';
CREATE INDEX exports_owned ON exports (patient_id, owner_id, created_at);
CREATE INDEX exports_standing ON exports (status, changed_at);

-- Neither the link nor its code stands here: both are made of the id and the program's key; the link is found by a hash.
CREATE TABLE shares (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES users (id),
    by_id TEXT REFERENCES users (id),  -- who made it for the patient, where somebody did
    whom TEXT NOT NULL,        -- for whom, in the patient's words; empty: not said
    parts TEXT NOT NULL,
    since TEXT,
    until TEXT,
    link_hash TEXT NOT NULL CONSTRAINT shares_link UNIQUE,
    failures INTEGER NOT NULL DEFAULT 0,  -- wrong codes
    last_wrong TEXT,           -- the submission of the last of them: a form sent twice is one error
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,  -- unopened, it ends then
    opened_at BIGINT,
    closes_at BIGINT,          -- opened, it ends then
    session_hash TEXT,         -- of the cookie of the browser that opened it
    submission TEXT,           -- that opened it
    ended_at BIGINT,           -- taken back by the patient, closed by the reader, or locked by wrong codes
    ended_why TEXT,
    version INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT shares_failures_check CHECK (failures BETWEEN 0 AND 5),
    CONSTRAINT shares_opened_check CHECK (
        (opened_at IS NULL) = (closes_at IS NULL) AND (opened_at IS NULL) = (session_hash IS NULL)
    ),
    CONSTRAINT shares_ended_check CHECK (
        (ended_at IS NULL) = (ended_why IS NULL) AND (ended_why IS NULL OR ended_why IN ('revoked', 'closed', 'locked'))
    )
);
CREATE INDEX shares_patient ON shares (patient_id, created_at, id);
CREATE TRIGGER shares_are_kept BEFORE DELETE ON shares
BEGIN SELECT RAISE(ABORT, 'shares are never deleted'); END;
CREATE TRIGGER shares_stay_ended BEFORE UPDATE ON shares
WHEN OLD.ended_at IS NOT NULL AND (NEW.ended_at IS NULL OR coalesce(NEW.opened_at, 0) <> coalesce(OLD.opened_at, 0))
BEGIN SELECT RAISE(ABORT, 'a share that has ended stays so'); END;
CREATE TRIGGER shares_are_opened_once BEFORE UPDATE ON shares
WHEN OLD.opened_at IS NOT NULL AND (
    NEW.opened_at IS NULL OR NEW.opened_at <> OLD.opened_at OR NEW.session_hash <> OLD.session_hash
    OR NEW.closes_at <> OLD.closes_at
)
BEGIN SELECT RAISE(ABORT, 'a share is opened once'); END;

-- Which papers were opened through one, each once.
CREATE TABLE share_papers (
    share_id TEXT NOT NULL REFERENCES shares (id),
    paper_id TEXT NOT NULL REFERENCES papers (id),
    at BIGINT NOT NULL,
    PRIMARY KEY (share_id, paper_id)
);
