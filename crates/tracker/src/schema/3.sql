-- Why a vendor was called just so; null in rows from older releases.
ALTER TABLE attempts ADD COLUMN revision INTEGER; -- of the strategy
ALTER TABLE attempts ADD COLUMN epoch INTEGER; -- as the revision counts them
ALTER TABLE attempts ADD COLUMN class TEXT; -- what the task asks for, as task-handler found out
ALTER TABLE attempts ADD COLUMN effort TEXT; -- how much the model was told to think; null too if it was not told
ALTER TABLE attempts ADD COLUMN role TEXT; -- drawn, canary or fallback
ALTER TABLE attempts ADD COLUMN part TEXT; -- answer, sample, critic or repair
