//! The contracts as other crates use them: by macro, several times over, whole engines ignored.
#![cfg(feature = "testkit")]

use auth_domain::testkit::{
    Codecs, Hashers, OneTimeTokenCodecs, ProofCodecs, RecoveryCodeMakers, SecretMakers, Stores, TotpCodecs,
};

async fn memory() -> Stores {
    Stores::in_memory()
}

mod on_memory {
    auth_domain::user_store_contract!(super::memory());
    auth_domain::user_admin_store_contract!(super::memory());
    auth_domain::session_store_contract!(super::memory());
    auth_domain::attempt_store_contract!(super::memory());
    auth_domain::client_store_contract!(super::memory());
    auth_domain::audit_store_contract!(super::memory());
    auth_domain::proof_store_contract!(super::memory());
    auth_domain::outbox_contract!(super::memory());
    auth_domain::mailbox_store_contract!(super::memory());
    auth_domain::second_step_store_contract!(super::memory());
    auth_domain::factor_store_contract!(super::memory());
    auth_domain::passkey_store_contract!(super::memory());
    auth_domain::client_secrets_contract!(async { super::SecretMakers::plain() });
    auth_domain::proof_codec_contract!(async { super::ProofCodecs::fake() });
    auth_domain::totp_codec_contract!(async { super::TotpCodecs::fake() });
    auth_domain::recovery_code_maker_contract!(async { super::RecoveryCodeMakers::fake() });
    auth_domain::one_time_token_codec_contract!(async { super::OneTimeTokenCodecs::fake() });
    auth_domain::token_codec_contract!(async { super::Codecs::fake() });
    auth_domain::password_hasher_contract!(async { super::Hashers::plain() });
}

mod on_a_server {
    auth_domain::user_store_contract!(
        #[ignore = "shows that an engine can be left out"]
        super::memory()
    );
    auth_domain::user_admin_store_contract!(
        #[ignore = "shows that an engine can be left out"]
        super::memory()
    );
    auth_domain::session_store_contract!(
        #[ignore = "shows that an engine can be left out"]
        super::memory()
    );
    auth_domain::attempt_store_contract!(
        #[ignore = "shows that an engine can be left out"]
        super::memory()
    );
    auth_domain::client_store_contract!(
        #[ignore = "shows that an engine can be left out"]
        super::memory()
    );
    auth_domain::audit_store_contract!(
        #[ignore = "shows that an engine can be left out"]
        super::memory()
    );
    auth_domain::proof_store_contract!(
        #[ignore = "shows that an engine can be left out"]
        super::memory()
    );
    auth_domain::outbox_contract!(
        #[ignore = "shows that an engine can be left out"]
        super::memory()
    );
    auth_domain::mailbox_store_contract!(
        #[ignore = "shows that an engine can be left out"]
        super::memory()
    );
}
