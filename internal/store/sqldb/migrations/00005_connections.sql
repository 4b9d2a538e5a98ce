-- Connections are listed by organization.

-- +goose Up
create index consents_org on consents (project_id, org_id) where org_id <> '';
