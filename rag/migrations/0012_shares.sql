-- An answer is shown to whoever was given its share id. Ids that count up could be guessed.
alter table answers add column share text not null default replace(gen_random_uuid()::text, '-', '');
create unique index on answers (share);
