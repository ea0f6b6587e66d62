alter table ingest_syncs
    add column whole boolean not null default false; -- its corpus is all that there is, not some files by name
