-- The domains that organizations have shown to be theirs, and who left an organization, so that a domain does not bring
-- them back.

-- +goose Up
create table domains (
	project_id    text    not null,
	name          text    not null,
	org_id        text    not null,
	joins         boolean not null,
	roles         text    not null,
	token         text    not null,
	created_at    bigint  not null,
	verified_at   bigint  not null,
	checked_at    bigint  not null,
	missing_since bigint  not null,
	primary key (project_id, name, org_id)
);
create unique index domains_verified on domains (project_id, name) where verified_at > 0;
create index domains_org on domains (project_id, org_id);
create index domains_checked_at on domains (project_id, checked_at) where verified_at > 0;

create table departures (
	project_id text   not null,
	org_id     text   not null,
	person_id  text   not null,
	left_at    bigint not null,
	primary key (project_id, org_id, person_id)
);
