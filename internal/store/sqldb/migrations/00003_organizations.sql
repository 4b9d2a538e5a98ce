-- Organizations, their members, and the roles of a project.

-- +goose Up
create table organizations (
	project_id text   not null,
	id         text   not null,
	slug       text   not null,
	name       text   not null,
	policy     text   not null,
	version    bigint not null,
	created_at bigint not null,
	primary key (project_id, id)
);
create unique index organizations_slug on organizations (project_id, slug);

-- The organization '' is the project itself.
create table memberships (
	project_id text   not null,
	org_id     text   not null,
	person_id  text   not null,
	roles      text   not null,
	created_at bigint not null,
	primary key (project_id, org_id, person_id)
);
create index memberships_person on memberships (project_id, person_id);

create table roles (
	project_id  text not null,
	name        text not null,
	description text not null,
	permissions text not null,
	primary key (project_id, name)
);

alter table resources add column for_org boolean not null default false;

create index grants_org on grants (project_id, org_id, person_id) where org_id <> '';
