-- One row for each vendor call that was ever allowed; the only truth about what was spent.
CREATE TABLE journal (
    attempt TEXT PRIMARY KEY,
    task TEXT NOT NULL,
    unix_ms INTEGER NOT NULL, -- when it was reserved; every window counts it at this time
    vendor TEXT NOT NULL,
    model TEXT NOT NULL,
    netuid INTEGER NOT NULL,
    validator TEXT NOT NULL,
    reserved_tokens INTEGER NOT NULL,
    reserved_cost INTEGER NOT NULL, -- 1e-9 USD
    settled_unix_ms INTEGER, -- null while the vendor may be at work
    tokens INTEGER,
    cost INTEGER, -- 1e-9 USD
    estimated INTEGER -- 1 if the vendor did not say, and the reservation was taken
) STRICT;

CREATE INDEX journal_time ON journal (unix_ms);
CREATE INDEX journal_task ON journal (task);
CREATE INDEX journal_open ON journal (attempt) WHERE settled_unix_ms IS NULL;

-- Sums of the journal, so that a reservation need not read it; made anew where they differ from it.
CREATE TABLE spent (
    period TEXT NOT NULL, -- 2026-11-22, 2026-11, total, or a second of the last minute
    vendor TEXT NOT NULL,
    model TEXT NOT NULL,
    netuid INTEGER NOT NULL,
    validator TEXT NOT NULL,
    settled_tokens INTEGER NOT NULL,
    settled_cost INTEGER NOT NULL,
    reserved_tokens INTEGER NOT NULL,
    reserved_cost INTEGER NOT NULL,
    PRIMARY KEY (period, vendor, model, netuid, validator)
) STRICT, WITHOUT ROWID;

CREATE TABLE switch (
    name TEXT PRIMARY KEY,
    is_on INTEGER NOT NULL
) STRICT;
