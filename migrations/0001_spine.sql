-- The spine: people, shops, cases, and the record of everything that happens.
--
-- One tree for both databases. Words in braces stand for a type or a habit of the database; `src/store/migrations.rs` says for which.

-- People and machines. These are read before a tenant is known and carry no row security.

CREATE TABLE installation (
    id {integer} NOT NULL PRIMARY KEY CHECK (id = 1),
    key_fingerprint {text} NOT NULL,
    created_at {instant} NOT NULL
) {table};
{identity installation}

CREATE TABLE tenants (
    id {id} NOT NULL PRIMARY KEY,
    name {text} NOT NULL,
    created_at {instant} NOT NULL
) {table};
{identity tenants}

CREATE TABLE persons (
    id {id} NOT NULL PRIMARY KEY,
    email {text} NOT NULL UNIQUE,
    name {text} NOT NULL,
    password_hash {text} NOT NULL,
    password_is_initial {bool} NOT NULL,
    created_at {instant} NOT NULL
) {table};
{identity persons}

CREATE TABLE members (
    tenant_id {id} NOT NULL REFERENCES tenants (id),
    id {id} NOT NULL,
    person_id {id} NOT NULL REFERENCES persons (id),
    role {text} NOT NULL CHECK (role IN ('owner', 'manager', 'handler', 'counsel', 'client', 'auditor')),
    status {text} NOT NULL CHECK (status IN ('active', 'suspended')),
    version {integer} NOT NULL,
    created_at {instant} NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, person_id)
) {table};
CREATE INDEX members_by_person ON members (person_id);
{tenant members}
{also_visible_to_person members}

CREATE TABLE sessions (
    id {id} NOT NULL PRIMARY KEY,
    tenant_id {id} NOT NULL,
    member_id {id} NOT NULL,
    refresh_hash {bytes} NOT NULL,
    previous_refresh_hash {bytes},
    rotated_at {instant} NOT NULL,
    created_at {instant} NOT NULL,
    expires_at {instant} NOT NULL,
    revoked_at {instant},
    FOREIGN KEY (tenant_id, member_id) REFERENCES members (tenant_id, id)
) {table};
CREATE INDEX sessions_by_member ON sessions (tenant_id, member_id);
{identity sessions}

CREATE TABLE api_keys (
    id {id} NOT NULL PRIMARY KEY,
    tenant_id {id} NOT NULL,
    member_id {id} NOT NULL,
    name {text} NOT NULL,
    secret_hash {bytes} NOT NULL UNIQUE,
    last_four {text} NOT NULL,
    scopes {json} NOT NULL,
    created_at {instant} NOT NULL,
    expires_at {instant},
    revoked_at {instant},
    last_used_at {instant},
    FOREIGN KEY (tenant_id, member_id) REFERENCES members (tenant_id, id)
) {table};
CREATE INDEX api_keys_by_tenant ON api_keys (tenant_id, id);
{identity api_keys}

CREATE TABLE invitations (
    id {id} NOT NULL PRIMARY KEY,
    tenant_id {id} NOT NULL,
    email {text} NOT NULL,
    role {text} NOT NULL CHECK (role IN ('owner', 'manager', 'handler', 'counsel', 'client', 'auditor')),
    secret_hash {bytes} NOT NULL UNIQUE,
    invited_by {id} NOT NULL,
    created_at {instant} NOT NULL,
    expires_at {instant} NOT NULL,
    accepted_at {instant},
    revoked_at {instant},
    FOREIGN KEY (tenant_id, invited_by) REFERENCES members (tenant_id, id)
) {table};
CREATE INDEX invitations_by_tenant ON invitations (tenant_id, id);
{identity invitations}

-- Shops and cases.

CREATE TABLE shops (
    tenant_id {id} NOT NULL REFERENCES tenants (id),
    id {id} NOT NULL,
    name {text} NOT NULL,
    platform {text} NOT NULL,
    platform_shop_id {text},
    legal_entity {text} NOT NULL,
    credit_code {text},
    metadata {json} NOT NULL,
    version {integer} NOT NULL,
    created_at {instant} NOT NULL,
    updated_at {instant} NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, platform, platform_shop_id)
) {table};
{tenant shops}

CREATE TABLE case_numbers (
    tenant_id {id} NOT NULL REFERENCES tenants (id),
    year {integer} NOT NULL,
    last {integer} NOT NULL,
    PRIMARY KEY (tenant_id, year)
) {table};
{tenant case_numbers}

CREATE TABLE cases (
    tenant_id {id} NOT NULL REFERENCES tenants (id),
    id {id} NOT NULL,
    number {text} NOT NULL,
    shop_id {id} NOT NULL,
    platform {text} NOT NULL,
    title {text} NOT NULL,
    status {text} NOT NULL CHECK (status IN ('open', 'closed')),
    priority {text} NOT NULL,
    lead_id {id},
    member_ids {json} NOT NULL,
    tags {json} NOT NULL,
    metadata {json} NOT NULL,
    playbook_key {text} NOT NULL,
    playbook_version {integer} NOT NULL,
    channel {text} NOT NULL,
    reporter_type {text} NOT NULL,
    stages {json} NOT NULL,
    next_deadline_id {id},
    next_due_at {instant} NOT NULL,
    opened_at {instant} NOT NULL,
    first_closed_at {instant},
    closed_at {instant},
    outcome {text},
    reason {text},
    overridden {bool} NOT NULL,
    version {integer} NOT NULL,
    created_at {instant} NOT NULL,
    updated_at {instant} NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, number),
    FOREIGN KEY (tenant_id, shop_id) REFERENCES shops (tenant_id, id),
    FOREIGN KEY (tenant_id, lead_id) REFERENCES members (tenant_id, id)
) {table};
CREATE INDEX cases_by_opened ON cases (tenant_id, opened_at, id);
CREATE INDEX cases_by_due ON cases (tenant_id, next_due_at, id);
CREATE INDEX cases_by_status_opened ON cases (tenant_id, status, opened_at, id);
CREATE INDEX cases_by_status_due ON cases (tenant_id, status, next_due_at, id);
CREATE INDEX cases_by_shop_opened ON cases (tenant_id, shop_id, opened_at, id);
CREATE INDEX cases_by_shop_due ON cases (tenant_id, shop_id, next_due_at, id);
CREATE INDEX cases_by_lead_opened ON cases (tenant_id, lead_id, opened_at, id);
CREATE INDEX cases_by_lead_due ON cases (tenant_id, lead_id, next_due_at, id);
{tenant cases}

-- Which stages of which cases are active, for lists by stage.
CREATE TABLE active_stages (
    tenant_id {id} NOT NULL,
    stage {text} NOT NULL CHECK (stage IN ('self_check', 'reporter_analysis', 'evidence', 'cooperation', 'legal', 'reputation_repair', 'prevention')),
    case_id {id} NOT NULL,
    PRIMARY KEY (tenant_id, stage, case_id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id)
) {table};
CREATE INDEX active_stages_by_case ON active_stages (tenant_id, case_id);
{tenant active_stages}
{deletable active_stages}

CREATE TABLE grants (
    tenant_id {id} NOT NULL,
    id {id} NOT NULL,
    member_id {id} NOT NULL,
    shop_id {id},
    case_id {id},
    may_write {bool} NOT NULL,
    may_open_identity {bool} NOT NULL,
    ends_at {instant} NOT NULL,
    revoked_at {instant},
    granted_by {id} NOT NULL,
    version {integer} NOT NULL,
    created_at {instant} NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK ((shop_id IS NULL) <> (case_id IS NULL)),
    FOREIGN KEY (tenant_id, member_id) REFERENCES members (tenant_id, id),
    FOREIGN KEY (tenant_id, granted_by) REFERENCES members (tenant_id, id),
    FOREIGN KEY (tenant_id, shop_id) REFERENCES shops (tenant_id, id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id)
) {table};
CREATE INDEX grants_by_member ON grants (tenant_id, member_id, shop_id, case_id);
CREATE INDEX grants_by_case ON grants (tenant_id, case_id);
{tenant grants}

CREATE TABLE complaints (
    tenant_id {id} NOT NULL,
    id {id} NOT NULL,
    case_id {id} NOT NULL,
    channel {text} NOT NULL,
    kind {text} NOT NULL,
    received_at {instant} NOT NULL,
    reference_no {text},
    authority {text},
    summary {text},
    reporter_type {text} NOT NULL,
    reporter_confidence {text},
    reporter_basis {text},
    sealed_identity {bytes},
    version {integer} NOT NULL,
    created_at {instant} NOT NULL,
    updated_at {instant} NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id)
) {table};
CREATE INDEX complaints_by_case ON complaints (tenant_id, case_id, id);
{tenant complaints}

CREATE TABLE allegations (
    tenant_id {id} NOT NULL,
    id {id} NOT NULL,
    case_id {id} NOT NULL,
    complaint_id {id} NOT NULL,
    kind {text} NOT NULL,
    description {text} NOT NULL,
    period_from {text},
    period_to {text},
    order_nos {json} NOT NULL,
    order_count {int},
    amount {json},
    legal_basis {text},
    conclusion {json},
    outcome {text},
    outcome_reason {text},
    version {integer} NOT NULL,
    created_at {instant} NOT NULL,
    updated_at {instant} NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id),
    FOREIGN KEY (tenant_id, complaint_id) REFERENCES complaints (tenant_id, id)
) {table};
CREATE INDEX allegations_by_case ON allegations (tenant_id, case_id, id);
{tenant allegations}

CREATE TABLE triggers (
    tenant_id {id} NOT NULL,
    id {id} NOT NULL,
    case_id {id} NOT NULL,
    event {text} NOT NULL,
    occurred_on {text} NOT NULL,
    occurred_at {instant},
    served_by {text},
    created_at {instant} NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id)
) {table};
CREATE INDEX triggers_by_case ON triggers (tenant_id, case_id, id);
{tenant triggers}

CREATE TABLE deadlines (
    tenant_id {id} NOT NULL,
    id {id} NOT NULL,
    case_id {id} NOT NULL,
    stage {text} NOT NULL CHECK (stage IN ('self_check', 'reporter_analysis', 'evidence', 'cooperation', 'legal', 'reputation_repair', 'prevention')),
    rule_id {text},
    key {text},
    title {text},
    trigger_id {id},
    owed_by {text} NOT NULL CHECK (owed_by IN ('us', 'them', 'system')),
    due_on {text} NOT NULL,
    due_at {instant} NOT NULL,
    as_stated {bool} NOT NULL,
    provisional {bool} NOT NULL,
    status {text} NOT NULL CHECK (status IN ('pending', 'met', 'missed', 'waived', 'suspended')),
    met_at {instant},
    note {text},
    version {integer} NOT NULL,
    created_at {instant} NOT NULL,
    updated_at {instant} NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id),
    FOREIGN KEY (tenant_id, trigger_id) REFERENCES triggers (tenant_id, id)
) {table};
CREATE INDEX deadlines_by_case ON deadlines (tenant_id, case_id, due_at, id);
{tenant deadlines}

CREATE TABLE tasks (
    tenant_id {id} NOT NULL,
    id {id} NOT NULL,
    case_id {id} NOT NULL,
    stage {text} NOT NULL CHECK (stage IN ('self_check', 'reporter_analysis', 'evidence', 'cooperation', 'legal', 'reputation_repair', 'prevention')),
    key {text},
    occurrence {int} NOT NULL,
    title {text},
    description {text},
    done_means {text},
    wanted_documents {json},
    status {text} NOT NULL CHECK (status IN ('todo', 'in_progress', 'blocked', 'done', 'waived')),
    required {bool} NOT NULL,
    blocks_closing {bool} NOT NULL,
    assignee_id {id},
    due_at {instant} NOT NULL,
    due_by_hand {bool} NOT NULL,
    depends_on {json} NOT NULL,
    checklist {json} NOT NULL,
    note {text},
    ended_at {instant},
    ended_by {id},
    version {integer} NOT NULL,
    created_at {instant} NOT NULL,
    updated_at {instant} NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, case_id, key, occurrence),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id),
    FOREIGN KEY (tenant_id, assignee_id) REFERENCES members (tenant_id, id)
) {table};
CREATE INDEX tasks_by_case_due ON tasks (tenant_id, case_id, due_at, id);
CREATE INDEX tasks_by_due ON tasks (tenant_id, due_at, id);
CREATE INDEX tasks_by_status_due ON tasks (tenant_id, status, due_at, id);
CREATE INDEX tasks_by_stage_due ON tasks (tenant_id, stage, due_at, id);
CREATE INDEX tasks_by_assignee_due ON tasks (tenant_id, assignee_id, due_at, id) WHERE assignee_id IS NOT NULL;
{tenant tasks}

-- The record.

CREATE TABLE journal_entries (
    tenant_id {id} NOT NULL REFERENCES tenants (id),
    id {id} NOT NULL,
    case_id {id},
    subject_id {id} NOT NULL,
    kind {text} NOT NULL,
    visibility {text} NOT NULL CHECK (visibility IN ('internal', 'client', 'privileged')),
    actor_kind {text} NOT NULL,
    actor_id {id},
    at {instant} NOT NULL,
    canonical {bytes} NOT NULL,
    salt {bytes} NOT NULL,
    payload {bytes} NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id)
) {table};
CREATE INDEX journal_entries_by_case ON journal_entries (tenant_id, case_id, id);
{tenant journal_entries}
{append_only journal_entries}

CREATE TABLE idempotency_records (
    tenant_id {id} NOT NULL REFERENCES tenants (id),
    principal_id {id} NOT NULL,
    operation {text} NOT NULL,
    key {text} NOT NULL,
    fingerprint {bytes} NOT NULL,
    status {int} NOT NULL,
    headers {json} NOT NULL,
    body {bytes} NOT NULL,
    created_at {instant} NOT NULL,
    PRIMARY KEY (tenant_id, principal_id, operation, key)
) {table};
CREATE INDEX idempotency_records_by_age ON idempotency_records (tenant_id, created_at);
{tenant idempotency_records}
{deletable idempotency_records}
