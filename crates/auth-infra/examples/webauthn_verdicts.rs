//! Judges ceremonies of WebAuthn for tests in other languages: a JSON object a line in, the verdict out. See `.ci/passkeys`.
//!
//! Bytes are base64url. In: `ceremony` (`register` or `authenticate`), `rp_id`, `origins`, `challenge`, `id`, `client_data`, then
//! `attestation_object`, or `authenticator_data`, `signature` and `credential`, which is what `register` answered. Out: the
//! credential or the assertion, or `{"refused": "WrongType"}`.

use std::{
    error::Error,
    io::{self, BufRead, Write},
};

use auth_domain::{
    factors::passkey::{Credential, CredentialId},
    passkeys::ports::{AuthenticationResponse, RegistrationResponse, RelyingParty, WebAuthnFault},
};
use auth_infra::webauthn::WebAuthn;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

type Fault = Box<dyn Error>;

fn main() -> Result<(), Fault> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let verdict = judge(&serde_json::from_str(&line?)?)?;
        writeln!(out, "{verdict}")?;
        out.flush()?;
    }
    Ok(())
}

fn judge(case: &Value) -> Result<Value, Fault> {
    let origins = case.get("origins").and_then(Value::as_array).into_iter().flatten();
    let origins = origins.filter_map(Value::as_str).map(str::to_owned).collect();
    let party = WebAuthn::new(text(case, "rp_id")?.to_owned(), origins);
    let challenge: [u8; 32] = bytes(case, "challenge")?.try_into().map_err(|_length| "a challenge has 32 bytes")?;
    let verdict = match text(case, "ceremony")? {
        "register" => party.register(&challenge, &registration(case)?).map(|new| said(&new)),
        "authenticate" => {
            let credential = credential(case.get("credential").ok_or("no credential")?)?;
            let shown = party.authenticate(&challenge, &authentication(case)?, &credential);
            shown.map(|shown| json!({ "counter": shown.counter, "backed_up": shown.backed_up }))
        }
        other => return Err(format!("no ceremony: {other}").into()),
    };
    Ok(verdict.unwrap_or_else(|fault: WebAuthnFault| json!({ "refused": format!("{fault:?}") })))
}

fn registration(case: &Value) -> Result<RegistrationResponse, Fault> {
    let (client_data, attestation_object) = (bytes(case, "client_data")?, bytes(case, "attestation_object")?);
    Ok(RegistrationResponse { id: bytes(case, "id")?, client_data, attestation_object, transports: Vec::new() })
}

fn authentication(case: &Value) -> Result<AuthenticationResponse, Fault> {
    Ok(AuthenticationResponse {
        id: bytes(case, "id")?,
        client_data: bytes(case, "client_data")?,
        authenticator_data: bytes(case, "authenticator_data")?,
        signature: bytes(case, "signature")?,
        user_handle: None,
    })
}

fn said(credential: &Credential) -> Value {
    json!({
        "id": URL_SAFE_NO_PAD.encode(credential.id.as_bytes()), "public_key": URL_SAFE_NO_PAD.encode(&credential.public_key),
        "counter": credential.counter, "backup_eligible": credential.backup_eligible, "backed_up": credential.backed_up,
        "aaguid": credential.aaguid.to_string(),
    })
}

fn credential(said: &Value) -> Result<Credential, Fault> {
    let is = |name: &str| said.get(name).and_then(Value::as_bool).ok_or("no boolean");
    Ok(Credential {
        id: CredentialId::new(bytes(said, "id")?)?,
        public_key: bytes(said, "public_key")?,
        counter: said.get("counter").and_then(Value::as_u64).ok_or("no counter")?.try_into()?,
        backup_eligible: is("backup_eligible")?,
        backed_up: is("backed_up")?,
        aaguid: Uuid::nil(),
        transports: Vec::new(),
    })
}

fn bytes(case: &Value, name: &str) -> Result<Vec<u8>, Fault> {
    Ok(URL_SAFE_NO_PAD.decode(text(case, name)?)?)
}

fn text<'a>(case: &'a Value, name: &str) -> Result<&'a str, Fault> {
    case.get(name).and_then(Value::as_str).ok_or_else(|| format!("no {name}").into())
}
