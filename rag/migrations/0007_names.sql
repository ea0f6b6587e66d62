-- How index terms of two Han characters sound. A term that no posting holds any more stays: search meets it only
-- through the postings, and there are at most some hundred thousand pairs of characters in use.
create table term_sounds (
    sound text not null, -- a key of package sound
    term  text not null,
    primary key (sound, term)
);

-- What articles are asked for by: their authors, publications and titles. Sources of before get theirs when they
-- are next ingested.
create table article_names (
    article_id bigint not null references articles on delete cascade,
    kind       text not null check (kind in ('author', 'publication', 'title')),
    name       text not null, -- letters and digits only, small
    sound      text not null, -- a key of package sound; or the name with a gap in place of one character; or ''
    shown      text not null, -- the name as the source writes it
    primary key (article_id, kind, name, sound)
);
create index on article_names (name);
create index on article_names (sound);
