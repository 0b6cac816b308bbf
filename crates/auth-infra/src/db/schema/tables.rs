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
    use crate::db::schema::timestamp::Moment;

    users (id) {
        id -> Text,
        email -> Text,
        password_hash -> Text,
        disabled_at -> Nullable<Moment>,
        last_login_at -> Nullable<Moment>,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::Moment;

    sessions (id) {
        id -> Text,
        user_id -> Text,
        generation -> BigInt,
        created_at -> Moment,
        last_used_at -> Moment,
        expires_at -> Moment,
        ended_at -> Nullable<Moment>,
        address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::Moment;

    client_failures (email, client) {
        email -> Text,
        client -> Text,
        failures -> BigInt,
        others -> BigInt,
        last_at -> Moment,
        forgotten_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::Moment;

    login_failures (email) {
        email -> Text,
        failures -> BigInt,
        last_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::Moment;

    known_networks (user_id, network) {
        user_id -> Text,
        network -> Text,
        seen_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::Moment;

    audit_events (id) {
        id -> Text,
        occurred_at -> Moment,
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
    use crate::db::schema::timestamp::Moment;

    signing_keys (id) {
        id -> Text,
        number -> BigInt,
        algorithm -> Text,
        public_jwk -> Text,
        sealed_with -> Text,
        sealed_text -> Text,
        created_at -> Moment,
        signs_from -> Moment,
        retired_at -> Nullable<Moment>,
        revoked_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::Moment;

    ended_sessions (id) {
        id -> Text,
        ended_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::schema::timestamp::Moment;

    oauth_clients (id) {
        id -> Text,
        name -> Text,
        secret -> Text,
        former_secret -> Nullable<Text>,
        former_until -> Nullable<Moment>,
        created_at -> Moment,
        rotated_at -> Nullable<Moment>,
    }
}

diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(known_networks -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(sessions, users, known_networks);
