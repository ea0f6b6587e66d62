-- Updates of Telegram, stored before they are acknowledged, and what becomes of each. One without done_at waits, or is
-- worked on while its lease lasts. Of a lane only the first that is not done may be taken.
create table telegram_updates (
    bot         bigint not null,
    id          bigint not null,
    lane        text not null,
    person      bigint not null,
    received_at timestamptz not null default now(),
    turn        timestamptz not null default now(), -- those of other people come between a person's
    body        bytea not null,               -- as it came; empty when it is done
    tries       int not null default 0,       -- taken so often since it was last put off
    put_off     int not null default 0,       -- so often
    alone       int not null default 0,       -- so often while other calls went well
    lost        int not null default 0,       -- sends of one message of which it is not known whether they went through
    not_before  timestamptz not null default now(),
    claimed_by  text not null default '',
    leased      timestamptz not null default '-infinity',
    acted_at    timestamptz,                  -- when it was counted as something that a person set off
    asked_at    timestamptz,                  -- when it was counted as a question
    outbox      json,                         -- what is sent, once that is known
    sent        bigint[] not null default '{}', -- the messages that hold it, or will
    filled      int not null default 0,       -- of these, so many hold their texts
    done_at     timestamptz,
    failure     text not null default '',     -- why it was given up
    primary key (bot, id)
);
create index on telegram_updates (bot, lane, id) where done_at is null;
create index on telegram_updates (bot, id) where done_at is null;
create index on telegram_updates (bot, person, turn) where done_at is null;
create index on telegram_updates (bot, person, acted_at) where acted_at is not null;
create index on telegram_updates (bot, asked_at) where asked_at is not null;
create index on telegram_updates (bot, person, asked_at) where asked_at is not null;
create index on telegram_updates (done_at);

-- The messages of the bot's that can be gone on from: answers, and lists that can be paged.
create table telegram_messages (
    bot          bigint not null,
    chat         bigint not null,
    message      bigint not null,
    topic        bigint not null,
    question     bigint not null,               -- the message that it answers
    answer       bigint not null default 0,     -- in answers; 0: none
    conversation text not null default '',      -- that ends with the answer
    parent       text not null default '',      -- that the question went on from
    words        text not null default '',      -- that a list was narrowed by
    sent_at      timestamptz not null default now(),
    primary key (bot, chat, message)
);
create index on telegram_messages (bot, chat, question);
create index on telegram_messages (sent_at);

-- What holds for a chat (topic 0), and the conversation that the next question in a topic goes on from.
create table telegram_chats (
    bot      bigint not null,
    chat     bigint not null,
    topic    bigint not null,
    settings jsonb not null default '{}',
    head     text not null default '',
    refused  timestamptz not null default '-infinity', -- when whoever may not ask was last told so
    primary key (bot, chat, topic)
);

-- How a bot gets its updates: the processes that were started last have said it.
create table telegram_modes (
    bot   bigint primary key,
    mode  text not null,
    url   text not null,                        -- of the webhook; empty when polling
    since timestamptz not null default now()
);

-- The process that polls, as long as it goes on saying so.
create table telegram_poller (
    bot    bigint primary key,
    holder text not null,
    beat   timestamptz not null
);

-- Groups that have become supergroups, which have another id.
create table telegram_moves (
    bot      bigint not null,
    old_chat bigint not null,
    new_chat bigint not null,
    primary key (bot, old_chat)
);

-- Files that were sent and wait for a word whether they come into the corpus.
create table telegram_files (
    bot     bigint not null,
    chat    bigint not null,
    message bigint not null,                    -- with the buttons
    sender  bigint not null,
    name    text not null,
    body    bytea not null,
    sent_at timestamptz not null default now(),
    primary key (bot, chat, message)
);
