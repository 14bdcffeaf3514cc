CREATE INDEX counter_note ON counter (value);
INSERT INTO counter (id, value, note) VALUES (X'00000000000000000000000000000001', 0, 'first');
