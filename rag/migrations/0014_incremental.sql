-- What is needed to ingest only what has changed. A source's version is what its file looked like when it was read, such
-- as its size and time; '' is not to be trusted. A passage's digest is of what was embedded of it.
alter table sources
    add column version text not null default '',
    add column size    bigint not null default 0;

alter table passages add column digest bytea not null default '';
create index on passages (digest) where digest <> '';

-- Articles keep their ids while their order in the source changes: it is unique at the end of a transaction.
alter table articles
    drop constraint articles_source_id_ordinal_key,
    add unique (source_id, ordinal) deferrable initially deferred;
