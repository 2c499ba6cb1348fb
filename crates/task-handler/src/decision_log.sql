-- Revisions of the strategy as they were followed, as long as a decision below refers to them.
CREATE TABLE revision (
    key TEXT PRIMARY KEY, -- number and digest
    json TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The newest decisions: what each depended on and what it came to. Numbers and names only, never a prompt.
CREATE TABLE decision (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    task TEXT NOT NULL UNIQUE, -- UUID
    revision TEXT NOT NULL REFERENCES revision (key),
    facts TEXT NOT NULL, -- JSON
    outcome TEXT NOT NULL -- JSON
) STRICT;

CREATE INDEX decision_revision ON decision (revision);
