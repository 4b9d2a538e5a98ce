-- Events: what happened. They are written once, read, and swept when their time is over.

-- +goose Up
create table events (
	project_id text   not null,
	id         text   not null, -- begins with the time
	at         bigint not null,
	kind       text   not null,
	actor_kind text   not null,
	actor_id   text   not null, -- '' when the actor is the event's own person or client
	address    text   not null,
	detail     text   not null,
	count      bigint not null,
	person_id  text   not null,
	client_id  text   not null,
	org_id     text   not null,
	grant_id   text   not null,
	resource   text   not null,
	primary key (project_id, id)
);
create index events_person on events (project_id, person_id, id) where person_id <> '';
create index events_client on events (project_id, client_id, id) where client_id <> '';
create index events_org on events (project_id, org_id, id) where org_id <> '';
