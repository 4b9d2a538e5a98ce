-- The invitations to an address, which its owner's page lists.

-- +goose Up
create index invitations_to on invitations (project_id, email);
