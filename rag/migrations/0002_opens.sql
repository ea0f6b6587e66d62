-- Whether a passage begins where a sentence does; a quote may begin at its start only then.
alter table passages add column opens boolean not null default true;
