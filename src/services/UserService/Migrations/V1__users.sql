-- Members and what lets them in. Ids are 16 bytes big-endian; instants are Unix milliseconds, tokens_valid_from Unix seconds.

-- roles: the sum of 1 member, 2 merchant, 4 operator, 8 admin. An erased member keeps the row: id, member_since and erased_at, nothing personal.
-- standing_at: the instant of the last standing that was announced; it grows with each, so that receivers can tell the newest.
CREATE TABLE member (
    member_id ${binary16} NOT NULL PRIMARY KEY,
    email VARCHAR(254) NULL,
    password_hash VARCHAR(200) NULL,
    display_name VARCHAR(50) NOT NULL,
    locale VARCHAR(8) NOT NULL,
    roles ${int} NOT NULL,
    grade VARCHAR(40) NOT NULL,
    tags ${json} NOT NULL,
    member_since ${bigint} NOT NULL,
    birth_month ${int} NULL,
    locked ${bool} NOT NULL,
    erased_at ${bigint} NULL,
    tokens_valid_from ${bigint} NOT NULL,
    standing_at ${bigint} NOT NULL,
    version ${int} NOT NULL,
    CONSTRAINT member_email UNIQUE (email)
);

-- Finds the few with more than one role.
CREATE INDEX member_roles ON member (roles);

-- A sign-in on one device. Each refresh replaces token_hash (SHA-256), so the row always knows the one token that is good; any other of the family was spent.
CREATE TABLE session (
    session_id ${binary16} NOT NULL PRIMARY KEY,
    member_id ${binary16} NOT NULL,
    token_hash ${blob} NOT NULL,
    refreshed_at ${bigint} NOT NULL,
    expires_at ${bigint} NOT NULL
);

CREATE INDEX session_member ON session (member_id, refreshed_at);
CREATE INDEX session_expiry ON session (expires_at);

-- Failures to name a secret, by what was guessed at: the first 16 bytes of SHA-256 of purpose and e-mail address, whether or not it belongs to a member.
CREATE TABLE secret_failure (
    subject ${binary16} NOT NULL PRIMARY KEY,
    failures ${int} NOT NULL,
    window_started_at ${bigint} NOT NULL,
    blocked_until ${bigint} NOT NULL
);

CREATE INDEX secret_failure_age ON secret_failure (window_started_at);

-- One-time codes that let a member set a new password; at most one each, SHA-256 of the code.
CREATE TABLE password_reset (
    member_id ${binary16} NOT NULL PRIMARY KEY,
    code_hash ${blob} NOT NULL,
    expires_at ${bigint} NOT NULL
);

-- Standings that the log has not acknowledged yet.
CREATE TABLE standing_outbox (
    outbox_id ${identity},
    member_id ${binary16} NOT NULL,
    message ${json} NOT NULL,
    created_at ${bigint} NOT NULL
);

-- What staff did: who, when, to whom, before and after. The two documents are emptied when the member is erased.
CREATE TABLE administrative_change (
    change_id ${identity},
    changed_at ${bigint} NOT NULL,
    changed_by ${binary16} NOT NULL,
    action VARCHAR(40) NOT NULL,
    member_id ${binary16} NULL,
    campaign_id ${binary16} NULL,
    before_document ${json} NULL,
    after_document ${json} NULL
);

CREATE INDEX administrative_change_member ON administrative_change (member_id);

-- How many synthetic members were made for a rehearsal; they themselves are kept nowhere.
CREATE TABLE rehearsal (
    campaign_id ${binary16} NOT NULL PRIMARY KEY,
    members ${int} NOT NULL
);
