-- The ledger: what was promised, for good. IssueWorker writes claims; IssueService writes campaigns, generations, cuts, voids and releases.
-- Ids are 16 bytes big-endian; instants are Unix milliseconds.

-- One row for each campaign that was ever scheduled. generation is raised by compare-and-set only: it is the one lock of a rebuild.
-- taken counts the rows of claim in state issued and guards the limit: taken <= quota + released, always.
CREATE TABLE campaign (
    campaign_id ${binary16} NOT NULL PRIMARY KEY,
    version ${int} NOT NULL,
    document ${json} NOT NULL,
    group_name VARCHAR(64) NULL,
    first_in_group ${bool} NOT NULL,
    archived ${bool} NOT NULL,
    quota ${bigint} NOT NULL,
    released ${bigint} NOT NULL,
    taken ${bigint} NOT NULL,
    generation ${int} NOT NULL
);

-- state: 1 issued, 2 under review, 3 rejected. key_hash: the first 16 bytes of SHA-256 of the idempotency key.
CREATE TABLE claim (
    campaign_id ${binary16} NOT NULL,
    sequence ${bigint} NOT NULL,
    member_id ${binary16} NOT NULL,
    nth ${int} NOT NULL,
    key_hash ${binary16} NOT NULL,
    generation ${int} NOT NULL,
    state ${int} NOT NULL,
    accepted_at ${bigint} NOT NULL,
    issued_at ${bigint} NOT NULL,
    code VARCHAR(24) NOT NULL,
    reason VARCHAR(200) NULL,
    log_partition ${int} NOT NULL,
    log_offset ${bigint} NOT NULL,
    PRIMARY KEY (campaign_id, sequence),
    CONSTRAINT claim_member_nth UNIQUE (campaign_id, member_id, nth),
    CONSTRAINT claim_member_key UNIQUE (campaign_id, member_id, key_hash)
)${clustered};

-- Who holds a coupon of a group; one row a member, the first one stays.
CREATE TABLE group_member (
    group_name VARCHAR(64) NOT NULL,
    member_id ${binary16} NOT NULL,
    campaign_id ${binary16} NOT NULL,
    sequence ${bigint} NOT NULL,
    PRIMARY KEY (group_name, member_id)
)${clustered};

-- Numbers that a rebuild found missing; never given again.
CREATE TABLE void_sequence (
    campaign_id ${binary16} NOT NULL,
    sequence ${bigint} NOT NULL,
    generation ${int} NOT NULL,
    reason VARCHAR(200) NOT NULL,
    created_at ${bigint} NOT NULL,
    PRIMARY KEY (campaign_id, sequence)
)${clustered};

-- Places given back, each once.
CREATE TABLE released_sequence (
    campaign_id ${binary16} NOT NULL,
    sequence ${bigint} NOT NULL,
    created_at ${bigint} NOT NULL,
    PRIMARY KEY (campaign_id, sequence)
)${clustered};

-- The end of each partition of coupon.claims when a generation was begun: older records at or past it were never promised.
CREATE TABLE generation_cut (
    campaign_id ${binary16} NOT NULL,
    generation ${int} NOT NULL,
    log_partition ${int} NOT NULL,
    log_offset ${bigint} NOT NULL,
    PRIMARY KEY (campaign_id, generation, log_partition)
)${clustered};

-- The worker's own offsets, in the same transaction as the rows.
CREATE TABLE consumer_offset (
    topic VARCHAR(64) NOT NULL,
    log_partition ${int} NOT NULL,
    next_offset ${bigint} NOT NULL,
    PRIMARY KEY (topic, log_partition)
)${clustered};

-- Claims that could not become a row, or not an issued one, for an operator. state: 1 open, 2 redriven, 3 rejected.
-- has_row: 1 where claim holds the sequence in state under review; 0 where another row stands in its place.
CREATE TABLE dead_letter (
    id ${binary16} NOT NULL PRIMARY KEY,
    campaign_id ${binary16} NOT NULL,
    sequence ${bigint} NOT NULL,
    member_id ${binary16} NOT NULL,
    nth ${int} NOT NULL,
    key_hash ${binary16} NOT NULL,
    generation ${int} NOT NULL,
    accepted_at ${bigint} NOT NULL,
    log_partition ${int} NOT NULL,
    log_offset ${bigint} NOT NULL,
    reason VARCHAR(64) NOT NULL,
    detail VARCHAR(1000) NOT NULL,
    has_row ${bool} NOT NULL,
    state ${int} NOT NULL,
    created_at ${bigint} NOT NULL,
    closed_at ${bigint} NULL,
    closed_by ${binary16} NULL,
    closed_reason VARCHAR(200) NULL,
    CONSTRAINT dead_letter_position UNIQUE (log_partition, log_offset)
);
CREATE INDEX dead_letter_member ON dead_letter (campaign_id, member_id);

-- Records too broken to name their claim, kept raw.
CREATE TABLE malformed_record (
    log_partition ${int} NOT NULL,
    log_offset ${bigint} NOT NULL,
    value ${blob} NOT NULL,
    reason VARCHAR(200) NOT NULL,
    created_at ${bigint} NOT NULL,
    PRIMARY KEY (log_partition, log_offset)
);
