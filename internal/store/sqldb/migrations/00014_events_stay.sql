-- Events are never changed. The words are PostgreSQL's; migrations_sqlite says the same to SQLite.

-- +goose Up
-- +goose StatementBegin
create function events_stay() returns trigger language plpgsql as $$
begin
	raise exception 'events are never changed';
end $$;
-- +goose StatementEnd
create trigger events_stay before update or truncate on events for each statement execute function events_stay();
