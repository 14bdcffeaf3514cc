-- Coupons that members hold, their redemptions and cancellations.
-- Ids are 16 bytes big-endian; instants are Unix milliseconds; amounts are minor units of their currency.

-- One coupon for each row of the ledger. Its id is the order in which coupons were made here: lists go by it, newest first.
-- state: 1 issued, 2 used, 3 cancelled, 4 expired; issued past expires_at reads as expired before the sweep has written it.
-- terms_version: the campaign's version at issue, whose benefit the coupon keeps (coupon_terms). version counts changes by people, for ETags.
-- redemption_id: the redemption that holds it while it is used.
CREATE TABLE coupon (
    id ${identity},
    code VARCHAR(24) NOT NULL,
    campaign_id ${binary16} NOT NULL,
    member_id ${binary16} NOT NULL,
    nth ${int} NOT NULL,
    sequence ${bigint} NOT NULL,
    state ${int} NOT NULL,
    terms_version ${int} NOT NULL,
    issued_at ${bigint} NOT NULL,
    expires_at ${bigint} NOT NULL,
    made_at ${bigint} NOT NULL,
    used_at ${bigint} NULL,
    cancelled_at ${bigint} NULL,
    redemption_id ${binary16} NULL,
    version ${int} NOT NULL,
    CONSTRAINT coupon_code UNIQUE (code),
    CONSTRAINT coupon_member_nth UNIQUE (campaign_id, member_id, nth),
    CONSTRAINT coupon_sequence UNIQUE (campaign_id, sequence)
);
CREATE INDEX coupon_member ON coupon (member_id, id);
CREATE INDEX coupon_expiry ON coupon (state, expires_at);
CREATE INDEX coupon_summary ON coupon (campaign_id, state, expires_at);

-- What coupons are worth: a campaign's terms as they stood when coupons were issued under that version.
CREATE TABLE coupon_terms (
    campaign_id ${binary16} NOT NULL,
    version ${int} NOT NULL,
    benefit ${json} NOT NULL,
    rehearsal ${bool} NOT NULL,
    PRIMARY KEY (campaign_id, version)
);

-- Records of coupon.issued that did not become a coupon, as they came. reason: malformed, conflict, or campaign-unknown,
-- which is tried again as soon as the campaign is there (campaign_id is set for that).
CREATE TABLE coupon_dead_letter (
    log_partition ${int} NOT NULL,
    log_offset ${bigint} NOT NULL,
    campaign_id ${binary16} NULL,
    reason VARCHAR(32) NOT NULL,
    detail VARCHAR(500) NOT NULL,
    value ${blob} NOT NULL,
    created_at ${bigint} NOT NULL,
    PRIMARY KEY (log_partition, log_offset)
);
CREATE INDEX coupon_dead_letter_reason ON coupon_dead_letter (reason, campaign_id);

-- Every redemption that ever was; undone ones stay.
CREATE TABLE redemption (
    id ${binary16} NOT NULL PRIMARY KEY,
    coupon_id ${bigint} NOT NULL,
    merchant_id ${binary16} NOT NULL,
    order_id VARCHAR(64) NOT NULL,
    currency CHAR(3) NOT NULL,
    order_minor ${bigint} NOT NULL,
    discount_minor ${bigint} NOT NULL,
    redeemed_at ${bigint} NOT NULL,
    undone_at ${bigint} NULL
);
CREATE INDEX redemption_day ON redemption (merchant_id, redeemed_at, id);

-- Idempotency keys of redemptions, a merchant's own; swept after their time. key_hash: SHA-256 of the key, first 16 bytes.
-- request_hash: the same of coupon and body, to find another request under the same key.
CREATE TABLE redemption_key (
    merchant_id ${binary16} NOT NULL,
    key_hash ${binary16} NOT NULL,
    request_hash ${binary16} NOT NULL,
    redemption_id ${binary16} NOT NULL,
    created_at ${bigint} NOT NULL,
    PRIMARY KEY (merchant_id, key_hash)
);
CREATE INDEX redemption_key_age ON redemption_key (created_at);

-- The audit of cancellations: who, when, why; released_at: when IssueService had counted the place as free again.
CREATE TABLE coupon_cancellation (
    coupon_id ${bigint} NOT NULL PRIMARY KEY,
    operator_id ${binary16} NOT NULL,
    reason VARCHAR(200) NOT NULL,
    cancelled_at ${bigint} NOT NULL,
    released_at ${bigint} NULL
);

-- Places to give back: written with the cancellation, gone once IssueService has answered for it.
CREATE TABLE release_outbox (
    coupon_id ${bigint} NOT NULL PRIMARY KEY,
    campaign_id ${binary16} NOT NULL,
    sequence ${bigint} NOT NULL,
    attempts ${int} NOT NULL,
    due_at ${bigint} NOT NULL
);
CREATE INDEX release_outbox_due ON release_outbox (due_at);
