-- Terms: what the operator set for one client; and what was given without asking.

-- +goose Up
alter table clients add column terms text not null default '{}';

alter table consents add column presumed text not null default ''; -- a scope, given without asking

alter table grants add column presumed boolean not null default false;

-- Who took back what a client of the operator's had. They are asked from then on.
create table withdrawals (
	project_id text   not null,
	person_id  text   not null,
	client_id  text   not null,
	at         bigint not null,
	primary key (project_id, person_id, client_id)
);
create index withdrawals_client on withdrawals (project_id, client_id);
