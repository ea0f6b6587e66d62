-- What syncs of the corpus did, the last hundred of them.
create table ingest_runs (
    id         bigint generated always as identity primary key,
    started_at timestamptz not null,
    ended_at   timestamptz not null,
    report     json not null,            -- as it was made: jsonb takes no \u0000, which a file's fault may quote
    error      text not null default ''  -- why the sync broke off
);
