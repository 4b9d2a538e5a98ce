-- Events are never changed.

-- +goose Up
-- +goose StatementBegin
create trigger events_stay before update on events begin
	select raise(abort, 'events are never changed');
end;
-- +goose StatementEnd
