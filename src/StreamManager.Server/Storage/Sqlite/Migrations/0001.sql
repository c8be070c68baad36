-- Times are milliseconds since 1970 in UTC.

CREATE TABLE documents (
    kind       TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    expires_at INTEGER,
    body       BLOB    NOT NULL,
    PRIMARY KEY (kind, id)
);

CREATE INDEX documents_by_expiry ON documents (expires_at) WHERE expires_at IS NOT NULL;

-- state:version is the version given last; probe counts trials whether the disk takes writes again.
CREATE TABLE counters (
    name  TEXT    NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO counters (name, value) VALUES ('state:version', 0), ('probe', 0);

-- AUTOINCREMENT: a position is never given twice, even when all entries were dropped.
CREATE TABLE journal (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    time     INTEGER NOT NULL,
    body     BLOB    NOT NULL
);
