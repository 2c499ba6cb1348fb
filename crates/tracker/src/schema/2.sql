-- What the chain said of our neuron right after an epoch of a subnet was computed.
CREATE TABLE epochs (
    seq INTEGER PRIMARY KEY REFERENCES seen (seq),
    unix_ms INTEGER NOT NULL, -- the block's own time, in milliseconds since 1970
    netuid INTEGER NOT NULL,
    block INTEGER NOT NULL, -- the number of the finalized block whose state this is
    hotkey TEXT NOT NULL, -- ours, ss58
    tempo INTEGER NOT NULL, -- blocks from one epoch to the next
    commit_reveal INTEGER NOT NULL CHECK (commit_reveal IN (0, 1)), -- 1: weights are committed first and revealed later
    uid INTEGER, -- null, like the next seven, if the hotkey was not registered
    incentive INTEGER, -- our share of all incentives, in units of 1/65535
    emission_alpha_rao INTEGER, -- earned by this epoch, in units of 1e-9 alpha of the subnet
    rank INTEGER, -- 1 if nobody had more incentive
    earning INTEGER, -- how many neurons had any incentive
    neurons INTEGER, -- all neurons of the subnet
    immunity_blocks_left INTEGER,
    evicted_after INTEGER, -- so many registrations later we would be replaced, 1 is the next; null if never
    registration_price_rao INTEGER, -- of another hotkey, in units of 1e-9 TAO; null if the chain did not say
    alpha_price_rao INTEGER -- of one alpha, in units of 1e-9 TAO; null if the chain did not say
) STRICT;

CREATE INDEX epochs_by_block ON epochs (netuid, block);

-- Each validator's row of weights at an epoch, as far as it concerns us.
CREATE TABLE epoch_weights (
    epoch INTEGER NOT NULL REFERENCES epochs (seq),
    validator TEXT NOT NULL, -- hotkey, ss58
    mechanism INTEGER NOT NULL, -- of the subnet; most have only 0
    weight INTEGER NOT NULL, -- of our uid; only its share of total means something
    total INTEGER NOT NULL, -- of all uids together
    rated INTEGER NOT NULL, -- how many uids had more than nothing
    largest INTEGER NOT NULL, -- the largest weight of the row
    stake_alpha_rao INTEGER NOT NULL, -- the validator's stake weight, in units of 1e-9 alpha
    updated_block INTEGER NOT NULL, -- when it last set or committed weights; 0 if never
    PRIMARY KEY (epoch, validator, mechanism)
) STRICT, WITHOUT ROWID;

-- Weights that were committed at an epoch and that nobody could read yet.
CREATE TABLE epoch_commits (
    epoch INTEGER NOT NULL REFERENCES epochs (seq),
    validator TEXT NOT NULL, -- hotkey, ss58
    block INTEGER NOT NULL, -- when it was committed
    PRIMARY KEY (epoch, validator, block)
) STRICT, WITHOUT ROWID;

-- Epochs of which nothing can be known any more.
CREATE TABLE epoch_gaps (
    seq INTEGER PRIMARY KEY REFERENCES seen (seq),
    unix_ms INTEGER NOT NULL, -- when this was found, in milliseconds since 1970
    netuid INTEGER NOT NULL,
    from_block INTEGER NOT NULL, -- the first block that was not looked at
    to_block INTEGER NOT NULL, -- the last one
    reason TEXT NOT NULL -- pruned, unreadable or too_long
) STRICT;

-- When the hotkey got or lost its place in a subnet.
CREATE TABLE registrations (
    seq INTEGER PRIMARY KEY REFERENCES seen (seq),
    unix_ms INTEGER NOT NULL, -- when it was noticed, in milliseconds since 1970
    netuid INTEGER NOT NULL,
    hotkey TEXT NOT NULL, -- ss58
    block INTEGER NOT NULL, -- the block in which it was noticed
    uid INTEGER -- the place; null if it was lost
) STRICT;
