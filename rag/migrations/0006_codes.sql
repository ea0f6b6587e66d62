-- The codes of a passage's tokens, for late interaction; codes.go says how they are laid out. Random bits do not
-- compress. Passages of a model without codes have no row.
create table passage_codes (
    passage_id bigint primary key references passages on delete cascade,
    codes      bytea not null
);
alter table passage_codes alter column codes set storage external;
