CREATE TABLE outbox (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    state INTEGER NOT NULL, -- 0 ready, 1 staged, 2 unreadable
    entry TEXT NOT NULL
) STRICT;

CREATE INDEX outbox_line ON outbox (state, sequence);
