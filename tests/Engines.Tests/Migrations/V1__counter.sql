CREATE TABLE counter (id ${binary16} NOT NULL PRIMARY KEY, value ${bigint} NOT NULL, note ${text} NULL);
