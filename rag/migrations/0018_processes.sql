-- The processes that work the queue, and when each last showed that it goes on. One that is stopped keeps its locks: it is
-- told by its silence, and its session is ended.
create table ingest_processes (
    client  text primary key,                        -- as the queue and its lock know it
    seen_at timestamptz not null
);
