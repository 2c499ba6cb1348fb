-- The entry of llm-credentials.json that a call is made with; empty if there is none, null for calls before this was known.
ALTER TABLE journal ADD COLUMN key TEXT;

-- The only row: when the clocks were last known to be right, and whether the wall clock has jumped since.
CREATE TABLE clock (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    boot TEXT NOT NULL, -- the machine's name for the time since it was started; readings of one boot can be compared
    unix_ms INTEGER NOT NULL,
    steady_ms INTEGER NOT NULL,
    doubted_by_ms INTEGER, -- null unless nothing is spent until the operator confirms the clock
    is_carried INTEGER NOT NULL -- 1 if that was before the last boot
) STRICT;

-- The only row: the newest report of what the miner earns, as it came.
CREATE TABLE earnings (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    as_of_unix_ms INTEGER NOT NULL,
    report TEXT NOT NULL -- JSON
) STRICT;

-- Models that used more than was reserved, and how much is reserved for them since.
CREATE TABLE lift (
    vendor TEXT NOT NULL,
    model TEXT NOT NULL,
    input_permille INTEGER NOT NULL,
    output_permille INTEGER NOT NULL,
    PRIMARY KEY (vendor, model)
) STRICT, WITHOUT ROWID;
