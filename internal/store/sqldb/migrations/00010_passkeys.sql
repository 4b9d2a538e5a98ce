-- Passkeys of people, and the questions put to them.

-- +goose Up
create table passkeys (
	project_id text    not null,
	id         text    not null,
	person_id  text    not null,
	name       text    not null,
	public_key bytea   not null,
	counter    bigint  not null,
	syncable   boolean not null,
	backed_up  boolean not null,
	transports text    not null,
	aaguid     text    not null,
	created_at bigint  not null,
	used_at    bigint  not null,
	primary key (project_id, id)
);
create index passkeys_person on passkeys (project_id, person_id);

create table ceremonies (
	project_id text    not null,
	challenge  bytea   not null,
	kind       text    not null,
	browser    bytea   not null,
	person_id  text    not null,
	verified   boolean not null,
	expires_at bigint  not null,
	primary key (project_id, challenge)
);
create index ceremonies_expires_at on ceremonies (expires_at);
