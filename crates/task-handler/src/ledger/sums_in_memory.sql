-- The sums are made of the journal at every start, which reads it backwards: its rows are in the order of their times.
DROP TABLE spent;
DROP INDEX journal_time;
