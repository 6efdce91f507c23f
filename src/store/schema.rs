//! The tables, as the migrations make them.
//!
//! `Id`, `Moment` and `Json` are the SQL types of `sql_types.rs`; everything else is Diesel's own.

diesel::table! {
    use diesel::sql_types::{BigInt, Text};
    use super::super::sql_types::{Moment};

    installation (id) {
        id -> BigInt,
        key_fingerprint -> Text,
        created_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Text};
    use super::super::sql_types::{Id, Moment};

    tenants (id) {
        id -> Id,
        name -> Text,
        rulebook_revision -> BigInt,
        wake_at -> Moment,
        send_at -> Moment,
        created_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Text};
    use super::super::sql_types::{Id, Moment};

    persons (id) {
        id -> Id,
        email -> Text,
        name -> Text,
        password_hash -> Text,
        password_is_initial -> Bool,
        created_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Text};
    use super::super::sql_types::{Id, Moment};

    members (tenant_id, id) {
        tenant_id -> Id,
        id -> Id,
        person_id -> Id,
        role -> Text,
        status -> Text,
        version -> BigInt,
        created_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable};
    use super::super::sql_types::{Id, Moment};

    sessions (id) {
        id -> Id,
        tenant_id -> Id,
        member_id -> Id,
        refresh_hash -> Binary,
        previous_refresh_hash -> Nullable<Binary>,
        rotated_at -> Moment,
        created_at -> Moment,
        expires_at -> Moment,
        revoked_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use super::super::sql_types::{Id, Json, Moment};

    api_keys (id) {
        id -> Id,
        tenant_id -> Id,
        member_id -> Id,
        name -> Text,
        secret_hash -> Binary,
        last_four -> Text,
        scopes -> Json,
        created_at -> Moment,
        expires_at -> Nullable<Moment>,
        revoked_at -> Nullable<Moment>,
        last_used_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use super::super::sql_types::{Id, Moment};

    invitations (id) {
        id -> Id,
        tenant_id -> Id,
        email -> Text,
        role -> Text,
        secret_hash -> Binary,
        invited_by -> Id,
        created_at -> Moment,
        expires_at -> Moment,
        accepted_at -> Nullable<Moment>,
        revoked_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use super::super::sql_types::{Id, Json, Moment};

    shops (tenant_id, id) {
        tenant_id -> Id,
        id -> Id,
        name -> Text,
        platform -> Text,
        platform_shop_id -> Nullable<Text>,
        legal_entity -> Text,
        credit_code -> Nullable<Text>,
        metadata -> Json,
        version -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt};
    use super::super::sql_types::{Id};

    case_numbers (tenant_id, year) {
        tenant_id -> Id,
        year -> BigInt,
        last -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    use super::super::sql_types::{Id, Json, Moment};

    cases (tenant_id, id) {
        tenant_id -> Id,
        id -> Id,
        number -> Text,
        shop_id -> Id,
        platform -> Text,
        title -> Text,
        status -> Text,
        priority -> Text,
        lead_id -> Nullable<Id>,
        member_ids -> Json,
        tags -> Json,
        metadata -> Json,
        playbook_id -> Id,
        channel -> Text,
        reporter_type -> Text,
        stages -> Json,
        next_deadline_id -> Nullable<Id>,
        next_due_at -> Moment,
        opened_at -> Moment,
        first_closed_at -> Nullable<Moment>,
        closed_at -> Nullable<Moment>,
        outcome -> Nullable<Text>,
        reason -> Nullable<Text>,
        overridden -> Bool,
        version -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{Text};
    use super::super::sql_types::{Id};

    active_stages (tenant_id, stage, case_id) {
        tenant_id -> Id,
        stage -> Text,
        case_id -> Id,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};
    use super::super::sql_types::{Id, Moment};

    grants (tenant_id, id) {
        tenant_id -> Id,
        id -> Id,
        member_id -> Id,
        shop_id -> Nullable<Id>,
        case_id -> Nullable<Id>,
        may_write -> Bool,
        may_open_identity -> Bool,
        ends_at -> Moment,
        revoked_at -> Nullable<Moment>,
        granted_by -> Id,
        version -> BigInt,
        created_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use super::super::sql_types::{Id, Moment};

    complaints (tenant_id, id) {
        tenant_id -> Id,
        id -> Id,
        case_id -> Id,
        channel -> Text,
        kind -> Text,
        received_at -> Moment,
        reference_no -> Nullable<Text>,
        authority -> Nullable<Text>,
        summary -> Nullable<Text>,
        reporter_type -> Text,
        reporter_confidence -> Nullable<Text>,
        reporter_basis -> Nullable<Text>,
        sealed_identity -> Nullable<Binary>,
        version -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
    use super::super::sql_types::{Id, Json, Moment};

    allegations (tenant_id, id) {
        tenant_id -> Id,
        id -> Id,
        case_id -> Id,
        complaint_id -> Id,
        kind -> Text,
        description -> Text,
        period_from -> Nullable<Text>,
        period_to -> Nullable<Text>,
        order_nos -> Json,
        order_count -> Nullable<Integer>,
        amount -> Nullable<Json>,
        legal_basis -> Nullable<Text>,
        conclusion -> Nullable<Json>,
        outcome -> Nullable<Text>,
        outcome_reason -> Nullable<Text>,
        version -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use super::super::sql_types::{Id, Moment};

    triggers (tenant_id, id) {
        tenant_id -> Id,
        id -> Id,
        case_id -> Id,
        event -> Text,
        occurred_on -> Text,
        occurred_at -> Nullable<Moment>,
        served_by -> Nullable<Text>,
        service_method -> Nullable<Text>,
        document_reference -> Nullable<Text>,
        note -> Nullable<Text>,
        recorded_by -> Nullable<Id>,
        version -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    use super::super::sql_types::{Id, Json, Moment};

    deadlines (tenant_id, id) {
        tenant_id -> Id,
        id -> Id,
        case_id -> Id,
        stage -> Text,
        rule_id -> Nullable<Text>,
        key -> Nullable<Text>,
        title -> Nullable<Text>,
        trigger_id -> Nullable<Id>,
        owed_by -> Text,
        due_on -> Text,
        due_at -> Moment,
        as_stated -> Bool,
        provisional -> Bool,
        status -> Text,
        met_at -> Nullable<Moment>,
        note -> Nullable<Text>,
        shop_id -> Id,
        assignee_id -> Nullable<Id>,
        is_open -> Bool,
        statutory -> Bool,
        missed_at -> Nullable<Moment>,
        computation -> Json,
        rulebook_revision -> BigInt,
        wake_at -> Nullable<Moment>,
        reminded_until -> Nullable<Moment>,
        version -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
    use super::super::sql_types::{Id, Json, Moment};

    tasks (tenant_id, id) {
        tenant_id -> Id,
        id -> Id,
        case_id -> Id,
        stage -> Text,
        key -> Nullable<Text>,
        occurrence -> Integer,
        title -> Nullable<Text>,
        description -> Nullable<Text>,
        done_means -> Nullable<Text>,
        wanted_documents -> Nullable<Json>,
        status -> Text,
        required -> Bool,
        blocks_closing -> Bool,
        assignee_id -> Nullable<Id>,
        due_at -> Moment,
        due_by_hand -> Bool,
        dropped -> Bool,
        kept_text -> Nullable<Json>,
        kept_by_hand -> Bool,
        depends_on -> Json,
        checklist -> Json,
        note -> Nullable<Text>,
        ended_at -> Nullable<Moment>,
        ended_by -> Nullable<Id>,
        version -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use super::super::sql_types::{Id, Moment};

    journal_entries (tenant_id, id) {
        tenant_id -> Id,
        id -> Id,
        case_id -> Nullable<Id>,
        subject_id -> Id,
        kind -> Text,
        visibility -> Text,
        actor_kind -> Text,
        actor_id -> Nullable<Id>,
        at -> Moment,
        canonical -> Binary,
        salt -> Binary,
        payload -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Integer, Text};
    use super::super::sql_types::{Id, Json, Moment};

    idempotency_records (tenant_id, principal_id, operation, key) {
        tenant_id -> Id,
        principal_id -> Id,
        operation -> Text,
        key -> Text,
        fingerprint -> Binary,
        status -> Integer,
        headers -> Json,
        body -> Binary,
        created_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
    use super::super::sql_types::{Id, Json, Moment};

    playbooks (tenant_id, id) {
        tenant_id -> Id,
        id -> Id,
        key -> Text,
        number -> Integer,
        status -> Text,
        title -> Json,
        note -> Nullable<Text>,
        based_on_id -> Id,
        is_default -> Bool,
        tasks -> Json,
        task_count -> Integer,
        version -> BigInt,
        created_by -> Id,
        created_at -> Moment,
        updated_at -> Moment,
        published_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use super::super::sql_types::{Id, Moment};

    comments (tenant_id, id) {
        tenant_id -> Id,
        id -> Id,
        case_id -> Id,
        task_id -> Nullable<Id>,
        visibility -> Text,
        body -> Text,
        author_id -> Id,
        retracted_at -> Nullable<Moment>,
        retracted_by -> Nullable<Id>,
        retraction_reason -> Nullable<Text>,
        version -> BigInt,
        created_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Integer, Nullable, Text};
    use super::super::sql_types::{Id, Json, Moment};

    calendars (tenant_id, key, revision) {
        tenant_id -> Id,
        key -> Text,
        revision -> Integer,
        name -> Json,
        zone -> Text,
        rest_days -> Json,
        ignores_make_up_days -> Bool,
        based_on_built_in -> Bool,
        years -> Json,
        days -> Json,
        note -> Nullable<Text>,
        changed_by -> Id,
        created_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use super::super::sql_types::{Id, Json, Moment};

    deadline_rules (tenant_id, id) {
        tenant_id -> Id,
        id -> Id,
        rule_id -> Text,
        number -> Integer,
        rule -> Json,
        withdrawn_at -> Nullable<Moment>,
        created_by -> Id,
        created_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Nullable, Text};
    use super::super::sql_types::{Id, Json, Moment};

    deadline_register (tenant_id, id) {
        tenant_id -> Id,
        id -> Id,
        day -> Text,
        at -> Moment,
        case_id -> Id,
        deadline_id -> Id,
        change -> Text,
        actor_kind -> Text,
        actor_id -> Nullable<Id>,
        member_id -> Nullable<Id>,
        member_name -> Nullable<Text>,
        rule_id -> Nullable<Text>,
        title -> Json,
        owed_by -> Text,
        statutory -> Bool,
        due_on -> Text,
        due_at -> Moment,
        previous_due_at -> Nullable<Moment>,
        note -> Nullable<Text>,
        checks_id -> Nullable<Id>,
        correct -> Nullable<Bool>,
    }
}

diesel::table! {
    use super::super::sql_types::Id;

    deadline_checks_open (tenant_id, entry_id) {
        tenant_id -> Id,
        entry_id -> Id,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Bool, Nullable, Text};
    use super::super::sql_types::{Id, Moment};

    agenda_feeds (id) {
        id -> Id,
        tenant_id -> Id,
        member_id -> Id,
        name -> Text,
        secret_hash -> Binary,
        only_mine -> Bool,
        language -> Text,
        created_at -> Moment,
        revoked_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use super::super::sql_types::{Id, Moment};

    availabilities (tenant_id, member_id) {
        tenant_id -> Id,
        member_id -> Id,
        zone -> Text,
        calendar -> Text,
        works_from -> Text,
        works_until -> Text,
        language -> Text,
        away_from -> Nullable<Moment>,
        away_until -> Nullable<Moment>,
        stand_in_id -> Nullable<Id>,
        version -> BigInt,
        updated_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use super::super::sql_types::{Id, Json, Moment};

    reminder_ladders (tenant_id, kind) {
        tenant_id -> Id,
        kind -> Text,
        steps -> Nullable<Json>,
        version -> BigInt,
        changed_by -> Id,
        updated_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use super::super::sql_types::{Id, Moment};

    notification_channels (tenant_id, id) {
        tenant_id -> Id,
        id -> Id,
        member_id -> Nullable<Id>,
        kind -> Text,
        name -> Text,
        language -> Text,
        sealed_address -> Binary,
        hint -> Text,
        created_by -> Id,
        created_at -> Moment,
        revoked_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    use super::super::sql_types::{Id, Moment};

    reminders (tenant_id, id) {
        tenant_id -> Id,
        id -> Id,
        case_id -> Id,
        deadline_id -> Id,
        member_id -> Id,
        stands_in_for_id -> Nullable<Id>,
        step -> Text,
        due_at -> Moment,
        critical -> Bool,
        planned_at -> Moment,
        shown_at -> Moment,
        late -> Bool,
        acknowledged_at -> Nullable<Moment>,
        snoozed_until -> Nullable<Moment>,
        cancelled_at -> Nullable<Moment>,
        version -> BigInt,
        created_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
    use super::super::sql_types::{Id, Moment};

    deliveries (tenant_id, id) {
        tenant_id -> Id,
        id -> Id,
        reminder_id -> Id,
        channel_id -> Id,
        round -> BigInt,
        state -> Text,
        next_at -> Nullable<Moment>,
        attempts -> Integer,
        reference -> Nullable<Text>,
        error -> Nullable<Text>,
        sent_at -> Nullable<Moment>,
        created_at -> Moment,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    installation,
    tenants,
    persons,
    members,
    sessions,
    api_keys,
    invitations,
    shops,
    case_numbers,
    cases,
    active_stages,
    grants,
    complaints,
    allegations,
    triggers,
    deadlines,
    tasks,
    playbooks,
    comments,
    calendars,
    deadline_rules,
    deadline_register,
    deadline_checks_open,
    agenda_feeds,
    availabilities,
    reminder_ladders,
    notification_channels,
    reminders,
    deliveries,
    journal_entries,
    idempotency_records
);
