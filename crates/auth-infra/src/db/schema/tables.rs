//! The columns that all three engines share. Times are in UTC without a zone, to the microsecond; ids are text.

/// The names of all tables in the database.
pub(crate) const TABLES: [&str; 9] = [
    "users",
    "sessions",
    "login_failures",
    "known_networks",
    "audit_events",
    "signing_keys",
    "oauth_clients",
    "ended_sessions",
    "client_failures",
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
    }
}

diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(known_networks -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(sessions, users, known_networks);
