-- The sync of the corpus that goes on, at most one in the whole database: the row is the right to plan it. When it ends,
-- its report goes to ingest_runs under the same id, and the row goes away with its files.
create table ingest_syncs (
    single     boolean primary key default true check (single),
    id         bigint not null unique,               -- of ingest_runs' sequence
    job        bigint not null,                      -- of the queue, that plans it
    corpus     text not null,                        -- where the files are; the processes that can read it know it by this
    queue      text not null,                        -- which they work
    forced     boolean not null,                     -- though it removes a large part
    planned    boolean not null default false,       -- its files are in ingest_files
    started_at timestamptz not null default now(),
    resumed_at timestamptz not null default now(),   -- since when somebody works on it without a break
    resumed_passages bigint not null default 0,      -- done by then
    report     json not null default '{}',           -- what the planning found and did
    in_a_row   int not null default 0                -- files that failed in the model or the store, one after the other
);

create table ingest_files (
    sync     bigint not null references ingest_syncs (id) on delete cascade,
    path     text not null,
    file     jsonb not null,                         -- as the corpus lists it
    bytes    bigint not null,
    passages int,                                    -- that it has; null: not cut yet
    embedded int not null default 0,                 -- of them, now or before
    outcome  json,                                   -- null: not done
    failed   boolean not null default false,
    primary key (sync, path)
);
create index ingest_files_left on ingest_files (sync) where outcome is null;

-- Files that are not in the store as they are in the corpus, and why.
create table ingest_failures (
    corpus   text not null,
    path     text not null,
    error    text not null,
    since    timestamptz not null,
    last     timestamptz not null,
    attempts int not null,
    primary key (corpus, path)
);

alter table ingest_runs
    add column corpus text not null default '',      -- '': not by way of the queue
    add column job bigint;                           -- of the queue, that planned it
create index ingest_runs_job on ingest_runs (job);
