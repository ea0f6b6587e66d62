-- Where the source says what is told of an article; where its text is torn by layout that is left out; and pages.
-- places become (first rune, line, byte, page); sources of before have no pages.
alter table articles
    add column affiliation text not null default '',
    add column facts jsonb not null default '{}',
    add column tears int[] not null default '{}';

update articles set places = coalesce((
    select array_agg(case k when 4 then 0 else places[3 * (run - 1) + k] end order by run, k)
    from generate_series(1, cardinality(places) / 3) run, generate_series(1, 4) k), '{}');

alter table passages add column page int not null default 0; -- 0: the source has none
