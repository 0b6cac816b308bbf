//! The columns that all three engines share. Times are UTC without a zone, to the microsecond; ids are text.

/// All of them, as the database calls them.
pub(super) const TABLES: [&str; 5] = ["users", "sessions", "login_failures", "known_networks", "audit_events"];

diesel::table! {
    users (id) {
        id -> Text,
        email -> Text,
        password_hash -> Text,
        disabled_at -> Nullable<Timestamp>,
        last_login_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        user_id -> Text,
        generation -> BigInt,
        created_at -> Timestamp,
        last_used_at -> Timestamp,
        expires_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
    }
}

diesel::table! {
    login_failures (email) {
        email -> Text,
        failures -> BigInt,
        last_at -> Timestamp,
    }
}

diesel::table! {
    known_networks (user_id, network) {
        user_id -> Text,
        network -> Text,
        seen_at -> Timestamp,
    }
}

diesel::table! {
    audit_events (id) {
        id -> Text,
        occurred_at -> Timestamp,
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

diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(known_networks -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(sessions, users, known_networks);
