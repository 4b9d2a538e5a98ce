-- Operators: people who may do everything in the deployment.

-- +goose Up
alter table people add column operator boolean not null default false;

-- Who was the first. Its key decides between callers at once.
create table first_operators (
	project_id text not null primary key,
	person_id  text not null
);
