//! HTTP in, use cases out: the actix-web adapter, the settings, and the program around them.

pub mod app;
pub mod body;
pub mod cli;
pub mod client_auth;
pub mod commands;
pub mod crowd;
pub mod descriptors;
pub mod exposition;
pub mod extract;
pub mod form;
pub mod housekeeping;
pub mod measures;
pub mod middleware;
pub mod openapi;
pub mod problem;
pub mod routes;
pub mod server;
pub mod settings;
pub mod socket;
pub mod tagged;
pub mod telemetry;
pub mod tls;
pub mod view;
pub mod wire;
