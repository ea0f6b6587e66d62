-- Articles that say the same, wholly or nearly, or of which one holds the other. Both directions of a pair are
-- kept. Articles of an older store are compared when their source is next replaced.
create table article_twins (
    article_id bigint not null references articles on delete cascade,
    twin_id    bigint not null references articles on delete cascade,
    primary key (article_id, twin_id)
);
create index on article_twins (twin_id);

-- A sample of each article's shingles, by which twins are found without comparing all pairs.
create table article_samples (
    hash       bigint not null,
    article_id bigint not null references articles on delete cascade,
    primary key (hash, article_id)
);
create index on article_samples (article_id);

alter table articles
    add column samples int not null default 0, -- how many of them it has in article_samples
    add column length int not null generated always as (char_length(body)) stored;
