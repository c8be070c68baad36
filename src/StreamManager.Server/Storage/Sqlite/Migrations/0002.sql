-- Entries that say who changed what count apart, so that nobody pushes them out. An event begins with its id and its type.

ALTER TABLE journal ADD COLUMN is_audit INTEGER NOT NULL DEFAULT 0;

UPDATE journal SET is_audit = 1 WHERE instr(CAST(substr(body, 1, 200) AS TEXT), '"type":"audit.') > 0;

CREATE INDEX journal_by_sort ON journal (is_audit, position);
