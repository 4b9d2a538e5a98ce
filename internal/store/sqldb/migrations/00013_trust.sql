-- Trust: other people's logins whose signed tokens let people in.

-- +goose Up
create table trusted_issuers (
	project_id    text    not null,
	name          text    not null,
	title         text    not null,
	issuer        text    not null,
	audience      text    not null,
	keys_url      text    not null,
	keys          text    not null,
	algorithms    text    not null,
	login_url     text    not null,
	mapping       text    not null,
	requires      text    not null,
	creates       boolean not null,
	authoritative boolean not null,
	org_id        text    not null,
	max_age       bigint  not null,
	disabled      boolean not null,
	created_at    bigint  not null,
	primary key (project_id, name)
);
create unique index trusted_issuers_issuer on trusted_issuers (project_id, issuer, audience);

-- Somebody on the way through one and back.
create table handovers (
	project_id text   not null,
	id         bytea  not null,
	trusted    text   not null,
	browser    bytea  not null,
	request_id text   not null,
	token      bytea  not null,
	ticket     bytea  not null,
	attested   text   not null,
	created_at bigint not null,
	expires_at bigint not null,
	primary key (project_id, id)
);
create index handovers_ticket on handovers (project_id, ticket);
create index handovers_trusted on handovers (project_id, trusted);
create index handovers_expires_at on handovers (expires_at);

create table spent_tokens (
	project_id text   not null,
	token      bytea  not null,
	expires_at bigint not null,
	primary key (project_id, token)
);
create index spent_tokens_expires_at on spent_tokens (expires_at);
