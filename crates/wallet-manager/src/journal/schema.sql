-- What was wanted, decided and done with the coldkey, step by step. Steps are added, never changed or removed.
CREATE TABLE journal (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    operation TEXT NOT NULL,
    unix_ms INTEGER NOT NULL,
    step TEXT NOT NULL
) STRICT;
CREATE TRIGGER journal_stays BEFORE UPDATE ON journal BEGIN SELECT raise(ABORT, 'the journal is only added to'); END;
CREATE TRIGGER journal_keeps BEFORE DELETE ON journal BEGIN SELECT raise(ABORT, 'the journal is only added to'); END;

-- What came and went: rao and alpha-rao, negative if they went; price in rao for 1 alpha.
CREATE TABLE earnings (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    unix_ms INTEGER NOT NULL,
    block INTEGER NOT NULL,
    kind TEXT NOT NULL,
    netuid INTEGER,
    hotkey TEXT,
    tao INTEGER NOT NULL,
    alpha INTEGER NOT NULL,
    price INTEGER,
    "transaction" TEXT,
    operation TEXT
) STRICT;
CREATE UNIQUE INDEX earnings_once ON earnings (netuid, hotkey, block) WHERE kind = 'emission';
CREATE TRIGGER earnings_stay BEFORE UPDATE ON earnings BEGIN SELECT raise(ABORT, 'the ledger is only added to'); END;
CREATE TRIGGER earnings_keep BEFORE DELETE ON earnings BEGIN SELECT raise(ABORT, 'the ledger is only added to'); END;

-- Up to which epoch the emission of a hotkey on a chain has been written down.
CREATE TABLE progress (
    chain TEXT NOT NULL,
    netuid INTEGER NOT NULL,
    hotkey TEXT NOT NULL,
    block INTEGER NOT NULL,
    PRIMARY KEY (chain, netuid, hotkey)
) STRICT;
