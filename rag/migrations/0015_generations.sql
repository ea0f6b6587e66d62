-- The index is what is made of the corpus: these tables. Each generation of it, made with one embedding model and one set of
-- rules, is a schema of its own beside this one, so that a new one can be built while the old one answers; generations says
-- which there are. Connections have the schema of a generation before this one in their search_path.
--
-- A later migration that changes a table of the index has to change it in every schema that generations names.
create table generations (
    id         int generated always as identity primary key,
    schema     text not null unique,
    embedder   text not null default '', -- '': it is not known, look at the sources
    rules      text not null default '',
    state      text not null default 'building' check (state in ('building', 'live', 'old', 'gone')),
    changed_at timestamptz not null default now()
);
create unique index on generations (state) where state = 'live';

-- An id means one article, or one passage, in whatever generation.
create sequence article_ids;
create sequence passage_ids;
select setval('article_ids', greatest(1, max(id)), max(id) is not null) from articles;
select setval('passage_ids', greatest(1, max(id)), max(id) is not null) from passages;
alter table articles alter id drop identity, alter id set default nextval('article_ids');
alter table passages alter id drop identity, alter id set default nextval('passage_ids');

do $$
declare
    first text := current_schema() || '_index_1';
    moved text;
begin
    execute format('create schema %I', first);
    foreach moved in array array['sources', 'articles', 'passages', 'passage_vectors', 'passage_codes', 'postings', 'term_sounds', 'article_names', 'article_twins', 'article_samples'] loop
        execute format('alter table %I set schema %I', moved, first);
    end loop;
    insert into generations (schema, state) values (first, 'live');
end $$;
