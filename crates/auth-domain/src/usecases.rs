//! What the service does, one struct with one method each. Fields are the ports it uses and the policies it follows.

pub mod authenticate;
pub mod authenticate_client;
pub mod change_password;
pub mod clients;
pub mod delete_account;
mod either_kind;
pub mod import;
pub mod introspect;
pub mod issue;
pub mod keep_keys;
pub mod login;
pub mod logout;
pub mod operate;
pub mod operate_keys;
pub mod prove;
pub mod prune;
pub mod refresh;
pub mod register;
pub mod revocations;
pub mod revoke;
pub mod sessions;
mod unknown;

#[cfg(test)]
mod faults;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
