package ingest

// Rules names the rules.
const Rules = rules
