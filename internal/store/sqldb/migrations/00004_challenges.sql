-- Challenges: what a person has to prove once, by what was sent to them.

-- +goose Up
create table challenges (
	project_id text   not null,
	id         text   not null,
	purpose    text   not null,
	link       bytea  not null,
	code       bytea  not null,
	browser    bytea  not null,
	request_id text   not null,
	email      text   not null,
	person_id  text   not null,
	name       text   not null,
	password   text   not null,
	tries      bigint not null,
	created_at bigint not null,
	expires_at bigint not null,
	primary key (project_id, id)
);
create index challenges_person on challenges (project_id, person_id) where person_id <> '';
create index challenges_expires_at on challenges (expires_at);
