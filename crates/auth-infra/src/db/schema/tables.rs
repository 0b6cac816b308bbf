//! The columns that all three engines share. Times are in UTC without a zone, to the microsecond; ids are text.

/// The names of all tables in the database.
pub(crate) const TABLES: [&str; 18] = [
    "users",
    "sessions",
    "login_failures",
    "known_networks",
    "audit_events",
    "signing_keys",
    "oauth_clients",
    "ended_sessions",
    "client_failures",
    "mailbox_proofs",
    "pending_registrations",
    "mail_allowances",
    "mail_outbox",
    "totp_factors",
    "passkeys",
    "recovery_codes",
    "one_time_tokens",
    "user_roles",
];

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::UtcTimestamp;

    users (id) {
        id -> Text,
        email -> Text,
        password_hash -> Text,
        disabled_at -> Nullable<UtcTimestamp>,
        last_login_at -> Nullable<UtcTimestamp>,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        version -> BigInt,
        email_verified_at -> Nullable<UtcTimestamp>,
        pending_email -> Nullable<Text>,
        pending_email_until -> Nullable<UtcTimestamp>,
        language -> Nullable<Text>,
        second_factors -> Nullable<Text>,
        wrong_codes -> BigInt,
        wrong_code_at -> Nullable<UtcTimestamp>,
        roles -> Nullable<Text>,
        profile -> Nullable<Text>,
        attributes -> Nullable<Text>,
        described_at -> Nullable<UtcTimestamp>,
        /// Generated: 0 enabled, 1 disabled, 2 enabled and verified, 3 disabled and verified.
        listed_as -> SmallInt,
        /// Moved by whoever locks the row.
        locks -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::UtcTimestamp;

    sessions (id) {
        id -> Text,
        user_id -> Text,
        generation -> BigInt,
        created_at -> UtcTimestamp,
        last_used_at -> UtcTimestamp,
        expires_at -> UtcTimestamp,
        ended_at -> Nullable<UtcTimestamp>,
        address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        authenticated_at -> Nullable<UtcTimestamp>,
        methods -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::UtcTimestamp;

    client_failures (email, client) {
        email -> Text,
        client -> Text,
        failures -> BigInt,
        others -> BigInt,
        last_at -> UtcTimestamp,
        forgotten_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::UtcTimestamp;

    login_failures (email) {
        email -> Text,
        failures -> BigInt,
        last_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::UtcTimestamp;

    known_networks (user_id, network) {
        user_id -> Text,
        network -> Text,
        seen_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::UtcTimestamp;

    audit_events (id) {
        id -> Text,
        occurred_at -> UtcTimestamp,
        event -> Text,
        outcome -> Text,
        reason -> Nullable<Text>,
        user_id -> Nullable<Text>,
        session_id -> Nullable<Text>,
        email -> Nullable<Text>,
        address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        request_id -> Text,
        methods -> Nullable<Text>,
        actor_type -> Nullable<Text>,
        actor_id -> Nullable<Text>,
        members -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::UtcTimestamp;

    signing_keys (id) {
        id -> Text,
        number -> BigInt,
        algorithm -> Text,
        public_jwk -> Text,
        sealed_with -> Text,
        sealed_text -> Text,
        created_at -> UtcTimestamp,
        signs_from -> UtcTimestamp,
        retired_at -> Nullable<UtcTimestamp>,
        revoked_at -> Nullable<UtcTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::UtcTimestamp;

    ended_sessions (id) {
        id -> Text,
        ended_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::UtcTimestamp;

    oauth_clients (id) {
        id -> Text,
        name -> Text,
        secret -> Text,
        former_secret -> Nullable<Text>,
        former_until -> Nullable<UtcTimestamp>,
        created_at -> UtcTimestamp,
        rotated_at -> Nullable<UtcTimestamp>,
        scopes -> Nullable<Text>,
        scopes_version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    user_roles (role, user_id) {
        role -> Text,
        user_id -> Text,
        /// As the account has it. The previous release does not write it.
        listed_as -> Nullable<SmallInt>,
        /// As the account has it. The previous release does not write it.
        email -> Nullable<Text>,
        /// Moved by whoever locks the row.
        locks -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::UtcTimestamp;

    mailbox_proofs (id) {
        id -> Text,
        purpose -> Text,
        address -> Text,
        user_id -> Nullable<Text>,
        created_at -> UtcTimestamp,
        expires_at -> UtcTimestamp,
        spent_at -> Nullable<UtcTimestamp>,
        voided_at -> Nullable<UtcTimestamp>,
        tries -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::UtcTimestamp;

    pending_registrations (address) {
        address -> Text,
        password_hash -> Text,
        language -> Nullable<Text>,
        created_at -> UtcTimestamp,
        expires_at -> UtcTimestamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::UtcTimestamp;

    mail_allowances (address, purpose) {
        address -> Text,
        purpose -> Text,
        sent_1 -> UtcTimestamp,
        sent_2 -> Nullable<UtcTimestamp>,
        sent_3 -> Nullable<UtcTimestamp>,
        sent_4 -> Nullable<UtcTimestamp>,
        sent_5 -> Nullable<UtcTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::UtcTimestamp;

    mail_outbox (id) {
        id -> Text,
        occasion -> Text,
        recipient -> Text,
        language -> Nullable<Text>,
        origin -> Text,
        other_address -> Nullable<Text>,
        proof_id -> Nullable<Text>,
        created_at -> UtcTimestamp,
        expires_at -> UtcTimestamp,
        state -> Text,
        attempts -> BigInt,
        next_attempt_at -> UtcTimestamp,
        leased_by -> Nullable<Text>,
        leased_until -> Nullable<UtcTimestamp>,
        last_error -> Nullable<Text>,
        done_at -> Nullable<UtcTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::UtcTimestamp;

    totp_factors (id) {
        id -> Text,
        user_id -> Text,
        name -> Text,
        encrypted_with -> Text,
        encrypted_text -> Text,
        created_at -> UtcTimestamp,
        confirmed_at -> Nullable<UtcTimestamp>,
        last_step -> BigInt,
        last_used_at -> Nullable<UtcTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::UtcTimestamp;

    passkeys (id) {
        id -> Text,
        user_id -> Text,
        name -> Text,
        credential_id -> Text,
        public_key -> Text,
        counter -> BigInt,
        backup_eligible -> Bool,
        backed_up -> Bool,
        aaguid -> Text,
        transports -> Text,
        created_at -> UtcTimestamp,
        last_used_at -> Nullable<UtcTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::UtcTimestamp;

    recovery_codes (user_id, digest) {
        user_id -> Text,
        digest -> Text,
        created_at -> UtcTimestamp,
        used_at -> Nullable<UtcTimestamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::UtcTimestamp;

    one_time_tokens (id) {
        id -> Text,
        tries -> BigInt,
        used_at -> Nullable<UtcTimestamp>,
        expires_at -> UtcTimestamp,
    }
}

diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(known_networks -> users (user_id));
diesel::joinable!(totp_factors -> users (user_id));
diesel::joinable!(passkeys -> users (user_id));
diesel::joinable!(user_roles -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(sessions, users, known_networks, totp_factors, passkeys, user_roles);
