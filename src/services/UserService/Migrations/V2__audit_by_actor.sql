-- The audit trail is also read by who did it.
CREATE INDEX administrative_change_actor ON administrative_change (changed_by);
