-- Other providers that say who somebody is, and people on their way to one.

-- +goose Up
create table providers (
	project_id text    not null,
	id         text    not null,
	kind       text    not null,
	name       text    not null,
	issuer     text    not null,
	client_id  text    not null,
	secret     bytea   not null,
	scopes     text    not null,
	org_id     text    not null,
	required   boolean not null,
	domains    text    not null,
	creates    boolean not null,
	disabled   boolean not null,
	created_at bigint  not null,
	primary key (project_id, id)
);

create table journeys (
	project_id  text    not null,
	state       bytea   not null,
	provider_id text    not null,
	browser     bytea   not null,
	request_id  text    not null,
	session     bytea   not null,
	person_id   text    not null,
	fresh       boolean not null,
	began_at    bigint  not null,
	expires_at  bigint  not null,
	primary key (project_id, state)
);
create index journeys_expires_at on journeys (expires_at);
