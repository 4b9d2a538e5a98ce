-- What people are told of the browsers they are signed in at.

-- +goose Up
alter table sessions add column browser text not null default '';
alter table sessions add column network text not null default '';
