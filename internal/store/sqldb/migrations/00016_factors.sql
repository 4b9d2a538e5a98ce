-- Second factors, logins that wait for one, and what a client asks of a login.

-- +goose Up
create table authenticators (
	project_id text   not null,
	person_id  text   not null,
	sealed     bytea  not null,
	last_step  bigint not null,
	created_at bigint not null,
	primary key (project_id, person_id)
);

create table recovery_codes (
	project_id text  not null,
	person_id  text  not null,
	code       bytea not null,
	primary key (project_id, person_id, code)
);

create table half_logins (
	project_id   text   not null,
	id           text   not null,
	browser      bytea  not null,
	person_id    text   not null,
	auth_at      bigint not null,
	auth_methods text   not null,
	request_id   text   not null,
	tries        bigint not null,
	created_at   bigint not null,
	expires_at   bigint not null,
	primary key (project_id, id)
);
create index half_logins_person on half_logins (project_id, person_id);
create index half_logins_expires_at on half_logins (expires_at);

alter table requests add column acr text not null default '';
