-- What language models have used, by the database's day: a limit a day holds over all processes.
create table model_usage (
    day        date not null default current_date,
    model      text not null,
    reserved   bigint not null default 0, -- tokens of calls that are under way, or whose program was ended
    prompt     bigint not null default 0, -- tokens
    completion bigint not null default 0,
    calls      bigint not null default 0,
    cost       double precision not null default 0,
    primary key (day, model)
);
