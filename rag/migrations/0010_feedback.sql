-- What readers found of answers, one verdict a reader and answer: the last one counts.
create table feedback (
    answer_id bigint not null references answers on delete cascade,
    by        text not null check (char_length(by) between 1 and 200), -- the reader, as the channel names him
    good      boolean not null,
    note      text not null default '' check (char_length(note) <= 2000),
    given_at  timestamptz not null default now(),
    primary key (answer_id, by)
);
create index on feedback (given_at);
