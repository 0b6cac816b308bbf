//! HTTP in, use cases out: the actix-web adapter, the settings, and the program around them.
//!
//! Only what the program, the tests and the fuzz targets use is public.

pub mod app;
pub mod cli;
pub mod middleware;
pub mod net;
pub mod openapi;
pub mod routes;
pub mod server;
pub mod settings;
pub(crate) mod telemetry;
pub mod web;
