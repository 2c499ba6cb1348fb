-- Everything that was ever recorded. An entry whose id stands here is dropped when it comes again.
CREATE TABLE seen (
    seq INTEGER PRIMARY KEY, -- order of arrival; names the row of attempts, deliveries or refusals
    entry_id TEXT NOT NULL UNIQUE -- UUID, given by the sender
) STRICT;

-- One row for each billable call to a vendor, as it ended.
CREATE TABLE attempts (
    seq INTEGER PRIMARY KEY REFERENCES seen (seq),
    unix_ms INTEGER NOT NULL, -- when it ended, in milliseconds since 1970
    attempt_id TEXT NOT NULL, -- UUID
    task_id TEXT NOT NULL, -- UUID; the delivery has the same
    netuid INTEGER NOT NULL,
    caller TEXT NOT NULL, -- the validator's hotkey, ss58
    route TEXT NOT NULL, -- for the classic protocol the synapse's class name
    task_type TEXT NOT NULL, -- as the subnet profile names it
    vendor TEXT NOT NULL, -- a key of `vendors` in miner-config.json
    model TEXT NOT NULL, -- as the vendor calls it
    strategy TEXT NOT NULL, -- how the model was asked
    latency_ms INTEGER NOT NULL, -- from the call to its end
    input_uncached_tokens INTEGER NOT NULL, -- the four buckets never overlap
    input_cache_read_tokens INTEGER NOT NULL,
    input_cache_write_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cost_nano_usd INTEGER NOT NULL, -- in units of 1e-9 USD
    estimated INTEGER NOT NULL CHECK (estimated IN (0, 1)), -- 1: tokens and cost are the worst case, the vendor did not say
    outcome TEXT NOT NULL, -- completed, failed, cancelled or interrupted
    failure TEXT -- why it failed, such as rate_limited; null unless failed
) STRICT;

CREATE INDEX attempts_by_task ON attempts (task_id);

-- One row for each request that was admitted, as it ended for the validator.
CREATE TABLE deliveries (
    seq INTEGER PRIMARY KEY REFERENCES seen (seq),
    unix_ms INTEGER NOT NULL, -- when it ended, in milliseconds since 1970
    task_id TEXT NOT NULL, -- UUID
    netuid INTEGER NOT NULL,
    caller TEXT NOT NULL, -- the validator's hotkey, ss58
    route TEXT NOT NULL,
    task_type TEXT NOT NULL,
    outcome TEXT NOT NULL, -- answered, declined, failed, unavailable, undelivered or interrupted
    reason TEXT, -- why it was declined or failed, such as budget or vendor; else null
    detail TEXT, -- the limit that was reached, or the vendor's failure; else null
    status INTEGER NOT NULL, -- the HTTP status sent; 0 if none was
    total_ms INTEGER NOT NULL -- from the request's last byte to the answer's last
) STRICT;

CREATE INDEX deliveries_by_task ON deliveries (task_id);

-- Requests that were turned away before they became tasks; like ones that came together are one row.
CREATE TABLE refusals (
    seq INTEGER PRIMARY KEY REFERENCES seen (seq),
    unix_ms INTEGER NOT NULL, -- when, in milliseconds since 1970
    netuid INTEGER, -- null where the listener serves several and the route is unknown
    claimed TEXT, -- the hotkey the requests claimed to come from, ss58
    peer TEXT NOT NULL, -- the IP address they came from
    reason TEXT NOT NULL, -- such as bad_signature
    count INTEGER NOT NULL -- how many
) STRICT;

-- What deliveries and refusals add up to by UTC day: written with them, and rebuildable from them.
CREATE TABLE daily_counts (
    day INTEGER PRIMARY KEY, -- whole days since 1970-01-01 UTC
    answered INTEGER NOT NULL,
    declined INTEGER NOT NULL,
    failed INTEGER NOT NULL, -- failed, unavailable, undelivered or interrupted
    refused INTEGER NOT NULL
) STRICT;

-- What the operator wishes; the only row is the answer to every beat.
CREATE TABLE wishes (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL, -- number of the current strategy; 0 until something has been learnt
    paused INTEGER NOT NULL CHECK (paused IN (0, 1)), -- 1: no task should be answered
    frozen INTEGER NOT NULL CHECK (frozen IN (0, 1)) -- 1: the strategy should stay as it is
) STRICT;

INSERT INTO wishes (id, revision, paused, frozen) VALUES (1, 0, 0, 0);
