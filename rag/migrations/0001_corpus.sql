-- A source is a file of the corpus; made_by says which rules and which model its rows come from.
create table sources (
    id          bigint generated always as identity primary key,
    path        text not null unique,
    root        text not null,
    hash        bytea not null,
    made_by     text not null,
    embedder    text not null,
    passages    bigint not null,
    terms       bigint not null,
    ingested_at timestamptz not null default now()
);

-- places: (first rune, line, byte) triples, from runes of body to the source.
create table articles (
    id          bigint generated always as identity primary key,
    source_id   bigint not null references sources on delete cascade,
    ordinal     int not null,
    title       text not null,
    authors     text[] not null,
    publication text not null,
    published   text not null,
    section     text not null,
    body        text not null,
    places      int[] not null,
    unique (source_id, ordinal)
);

create table passages (
    id         bigint generated always as identity primary key,
    article_id bigint not null references articles on delete cascade,
    start_char int not null,
    end_char   int not null,
    start_line int not null,
    end_line   int not null,
    body       text not null,
    unique (article_id, start_char)
);

-- Vectors stand apart from the texts: the rows stay narrow and inline, which is what an exact scan reads.
create table passage_vectors (
    passage_id bigint primary key references passages on delete cascade,
    embedding  halfvec(512) not null
);
alter table passage_vectors alter column embedding set storage plain;

-- The lexical index: one row a source and term, three arrays side by side.
create table postings (
    source_id bigint not null references sources on delete cascade,
    term      text not null,
    passages  bigint[] not null,
    counts    int[] not null,
    lengths   int[] not null,
    primary key (term, source_id)
);
create index on postings (source_id);

-- Every answer as it was given, its citations frozen.
create table answers (
    id       bigint generated always as identity primary key,
    asked_at timestamptz not null default now(),
    question text not null,
    status   text not null,
    answer   jsonb not null
);
