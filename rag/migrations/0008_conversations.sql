-- What was asked and answered before in a conversation, by which a question like "who wrote it?" is understood.
create table conversation_turns (
    conversation text not null,
    n            int not null,
    asked_at     timestamptz not null default now(),
    question     text not null, -- as it was asked
    resolved     text not null, -- as it was understood
    status       text not null,
    cited        jsonb not null,
    primary key (conversation, n)
);
create index on conversation_turns (asked_at);
