-- A half login by an organization's connection becomes a session for that organization.

-- +goose Up
alter table half_logins add column org_id text not null default '';
