-- The first schema. It runs unchanged on SQLite and PostgreSQL: text, bigint (unix milliseconds, 0 for never), boolean,
-- bytea (what a stranger sent byte for byte, or a digest), JSON and space-separated lists as text. Nothing is null.
-- Every key begins with project_id, so that no row can be reached from another project.

-- +goose Up
create table projects (
	id         text   not null primary key,
	issuer     text   not null unique,
	name       text   not null,
	settings   text   not null,
	created_at bigint not null
);

create table people (
	project_id      text    not null,
	id              text    not null,
	email           text    not null,
	email_verified  boolean not null,
	name            text    not null,
	password        text    not null,
	disabled        boolean not null,
	created_at      bigint  not null,
	signed_out_at   bigint  not null, -- a log-in that began before then no longer counts
	grants_ended_at bigint  not null, -- nor does a grant that came of such a log-in
	primary key (project_id, id)
);
create unique index people_email on people (project_id, email) where email <> '';

create table sessions (
	project_id   text   not null,
	id           bytea  not null,
	person_id    text   not null,
	auth_at      bigint not null,
	auth_methods text   not null,
	created_at   bigint not null,
	used_at      bigint not null,
	idle_until   bigint not null, -- never past expires_at
	expires_at   bigint not null,
	primary key (project_id, id)
);
create index sessions_person on sessions (project_id, person_id);
create index sessions_idle_until on sessions (idle_until);

create table clients (
	project_id    text    not null,
	id            text    not null,
	origin        text    not null,
	first_party   boolean not null,
	metadata      text    not null,
	metadata_hash bytea   not null,
	secrets       bytea   not null, -- digests, one after the other
	scope         text    not null,
	introspects   text    not null,
	disabled      boolean not null,
	version       bigint  not null,
	created_at    bigint  not null,
	used_at       bigint  not null, -- to the day
	fetched_at    bigint  not null,
	fresh_until   bigint  not null,
	primary key (project_id, id)
);
create index clients_unused on clients (project_id, created_at, id) where origin <> 'registered' and used_at = 0;
create index clients_used_at on clients (used_at) where origin <> 'registered';

create table resources (
	project_id    text not null,
	uri           text not null,
	name          text not null,
	scopes        text not null,
	default_scope text not null,
	primary key (project_id, uri)
);

create table requests (
	project_id          text   not null,
	id                  text   not null,
	browser             bytea  not null,
	client_id           text   not null,
	redirect_uri        text   not null,
	state               bytea  not null,
	resource            text   not null,
	scope               text   not null,
	challenge           text   not null,
	nonce               bytea  not null,
	prompt              bytea  not null,
	login_hint          bytea  not null,
	max_age             bigint not null,
	refusal_code        text   not null,
	refusal_description bytea  not null,
	person_id           text   not null, -- who is signed in to it
	auth_at             bigint not null,
	auth_methods        text   not null,
	verdict             text   not null,
	decided_scope       text   not null,
	decided_org_id      text   not null,
	decided_by          text   not null,
	created_at          bigint not null,
	expires_at          bigint not null,
	primary key (project_id, id)
);
create index requests_person on requests (project_id, person_id) where person_id <> '';
create index requests_expires_at on requests (expires_at);

create table consents (
	project_id    text   not null,
	person_id     text   not null,
	client_id     text   not null,
	redirect_host text   not null,
	resource      text   not null,
	org_id        text   not null,
	scope         text   not null,
	metadata_hash bytea  not null,
	created_at    bigint not null,
	updated_at    bigint not null,
	primary key (project_id, person_id, client_id, redirect_host, resource, org_id)
);
create index consents_client on consents (project_id, client_id);

create table grants (
	project_id      text    not null,
	id              text    not null,
	person_id       text    not null,
	client_id       text    not null,
	org_id          text    not null,
	resource        text    not null,
	scope           text    not null,
	redirect_uri    text    not null,
	redirect_host   text    not null, -- of redirect_uri, as a consent names it
	challenge       text    not null,
	nonce           bytea   not null,
	auth_at         bigint  not null,
	auth_methods    text    not null,
	refreshable     boolean not null,
	code            bytea   not null,
	code_expires_at bigint  not null,
	code_spent_at   bigint  not null,
	code_misses     bigint  not null,
	generation      bigint  not null,
	rotated_at      bigint  not null,
	created_at      bigint  not null,
	used_at         bigint  not null,
	idle_until      bigint  not null,
	expires_at      bigint  not null,
	ended_at        bigint  not null,
	end_reason      text    not null,
	primary key (project_id, id)
);
create index grants_client on grants (project_id, client_id, person_id);
create index grants_person on grants (project_id, person_id);
create index grants_expires_at on grants (expires_at);
create index grants_ended_at on grants (ended_at) where ended_at > 0;
create index grants_unspent on grants (code_expires_at) where code_spent_at = 0;

create table revoked_tokens (
	project_id text   not null,
	token      bytea  not null,
	expires_at bigint not null,
	primary key (project_id, token)
);
create index revoked_tokens_expires_at on revoked_tokens (expires_at);

create table attempts (
	project_id text   not null,
	digest     bytea  not null,
	failures   bigint not null,
	last_at    bigint not null,
	primary key (project_id, digest)
);
create index attempts_last_at on attempts (last_at);

create table signing_keys (
	project_id text   not null,
	id         text   not null,
	jwk        text   not null,
	sealed     bytea  not null,
	created_at bigint not null,
	active_at  bigint not null,
	retired_at bigint not null,
	primary key (project_id, id)
);

create table secrets (
	project_id text  not null,
	name       text  not null,
	sealed     bytea not null,
	primary key (project_id, name)
);
