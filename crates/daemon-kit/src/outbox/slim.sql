CREATE TABLE slim (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    state INTEGER NOT NULL, -- 0 ready, 1 staged, 2 unreadable; few are not ready, so the line is read past them
    entry TEXT NOT NULL
) STRICT;

INSERT INTO slim SELECT sequence, id, state, entry FROM outbox;
DROP TABLE outbox;
ALTER TABLE slim RENAME TO outbox;
