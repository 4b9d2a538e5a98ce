-- Identities: who people are elsewhere.

-- +goose Up
create table identities (
	project_id text   not null,
	issuer     text   not null,
	subject    text   not null,
	person_id  text   not null,
	created_at bigint not null,
	used_at    bigint not null,
	primary key (project_id, issuer, subject)
);
create index identities_person on identities (project_id, person_id);
