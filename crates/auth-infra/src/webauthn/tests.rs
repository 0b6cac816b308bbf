//! Ceremonies of an authenticator that can be told to lie, each lie with the fault that it has to be refused for.

use auth_domain::{
    factors::passkey::Credential,
    passkeys::ports::{
        AuthenticationResponse, RegistrationResponse, RelyingParty,
        WebAuthnFault::{self, *},
    },
};

use super::{
    WebAuthn,
    authenticator::{Algorithm, VirtualAuthenticator},
};

mod authentication;
mod client_data;
mod keys;
mod registration;

const CHALLENGE: [u8; 32] = *b"a challenge of thirty-two bytes.";
const ORIGIN: &str = "https://example.org";
const OTHER_ORIGIN: &str = "http://localhost:8080";
const ANDROID: &str = "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck";

fn party() -> WebAuthn {
    WebAuthn::new("example.org".to_owned(), [ORIGIN, OTHER_ORIGIN, ANDROID].map(str::to_owned).into())
}

fn device() -> VirtualAuthenticator {
    VirtualAuthenticator::new(Algorithm::Es256, "example.org", ORIGIN)
}

fn register(response: &RegistrationResponse) -> Result<Credential, WebAuthnFault> {
    party().register(&CHALLENGE, response)
}

fn registered(device: &VirtualAuthenticator) -> Credential {
    register(&device.register(&CHALLENGE)).unwrap()
}

/// What is refused, and why.
fn refused(credential: &Credential, response: &AuthenticationResponse) -> Option<WebAuthnFault> {
    party().authenticate(&CHALLENGE, response, credential).err()
}

/// A ceremony of each algorithm, which comes through.
#[test]
fn takes_what_an_honest_authenticator_says() {
    for algorithm in Algorithm::ALL {
        let mut device = VirtualAuthenticator::new(algorithm, "example.org", ORIGIN);
        device.user_handle = Some(vec![1; 16]);
        device.counter = 41;
        device.aaguid = *b"a model of sorts";
        let credential = registered(&device);
        assert_eq!(credential.id.as_bytes(), device.id);
        assert_eq!(credential.public_key, device.cose_key());
        assert_eq!((credential.counter, credential.backup_eligible, credential.backed_up), (41, false, false));
        assert_eq!(credential.aaguid.as_bytes(), b"a model of sorts");
        assert_eq!(credential.transports, ["internal"]);

        device.counter = 42;
        let response = device.authenticate(&CHALLENGE);
        let shown = party().authenticate(&CHALLENGE, &response, &credential).unwrap();
        assert_eq!((shown.counter, shown.backed_up), (42, false));
    }
}

#[test]
fn says_its_id() {
    assert_eq!(party().id(), "example.org");
}
