-- What holds now, as it was last told.
CREATE TABLE alerts (
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    alert TEXT NOT NULL, -- common::alert::Alert as JSON
    told INTEGER NOT NULL CHECK (told IN (0, 1)), -- whether the operator was sent a message of it
    PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;

-- What held until lately: if it returns soon, no message is sent again.
CREATE TABLE ended (
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    unix_ms INTEGER NOT NULL, -- when it ended, in milliseconds since 1970
    PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;

-- What happened; the oldest are forgotten.
CREATE TABLE events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    unix_ms INTEGER NOT NULL, -- in milliseconds since 1970
    event TEXT NOT NULL -- common::alert::AlertEvent as JSON, without its sequence
) STRICT;

-- Messages that are still to be sent.
CREATE TABLE messages (
    channel TEXT NOT NULL,
    sequence INTEGER NOT NULL, -- of the event
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    begins INTEGER NOT NULL CHECK (begins IN (0, 1)), -- whether it is the first that is told of the trouble
    due_ms INTEGER NOT NULL, -- not to be sent before, in milliseconds since 1970
    tries INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (channel, sequence)
) STRICT, WITHOUT ROWID;

-- Texts that an operator sent for wallet-manager and that it has not fetched; single use, soon stale.
CREATE TABLE approvals (
    update_id INTEGER PRIMARY KEY,
    unix_ms INTEGER NOT NULL, -- when it was heard, in milliseconds since 1970
    text TEXT NOT NULL
) STRICT;

-- How far the chats' texts were heard.
CREATE TABLE heard (
    channel TEXT PRIMARY KEY,
    update_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
