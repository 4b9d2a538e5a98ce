-- Who was invited to an organization, which clients its members ask it to let in, and for which one a person acts in a
-- browser.

-- +goose Up
create table invitations (
	project_id text   not null,
	id         text   not null,
	link       bytea  not null,
	org_id     text   not null,
	email      text   not null,
	roles      text   not null,
	invited_by text   not null,
	created_at bigint not null,
	expires_at bigint not null,
	primary key (project_id, id)
);
create unique index invitations_address on invitations (project_id, org_id, email);
create index invitations_expires_at on invitations (expires_at);

create table approvals (
	project_id text   not null,
	org_id     text   not null,
	client_id  text   not null,
	person_id  text   not null,
	note       text   not null,
	asked_at   bigint not null,
	refused_at bigint not null,
	refused_by text   not null,
	primary key (project_id, org_id, client_id, person_id)
);

alter table sessions add column org_id text not null default '';
