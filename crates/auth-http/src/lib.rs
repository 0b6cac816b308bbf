//! HTTP in, use cases out: the actix-web adapter, the settings, and the program around them.
//!
//! Only what the program, the tests and the fuzz targets use is public.

pub mod app;
pub mod body;
pub mod cli;
mod client_auth;
mod commands;
mod crowd;
mod descriptors;
mod exposition;
pub mod extract;
mod feed;
mod form;
mod housekeeping;
mod measures;
pub mod middleware;
mod once_a_minute;
mod one_look;
pub mod openapi;
pub mod problem;
pub mod routes;
pub mod server;
pub mod settings;
mod socket;
mod stop;
mod tagged;
mod telemetry;
mod tls;
mod view;
mod wire;
