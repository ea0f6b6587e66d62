-- The thresholds that were fitted to this corpus, one row at most. They hold for the embedder and the reckoning
-- of confidence (made_by) that they were fitted with, and no other.
create table calibration (
    one       boolean primary key default true check (one),
    answered  float8 not null,
    related   float8 not null,
    fitted_at timestamptz not null default now(),
    questions int not null,
    embedder  text not null,
    made_by   text not null,
    check (0 <= related and related <= answered and answered <= 1)
);
