//! What an import leaves in the trail.

use serde_json::json;

use super::{ON, accounts, import};
use crate::{
    admin::{audit::events, client},
    service::{Service, on_every_engine},
};

on_every_engine! {
    async fn each_account_has_its_maker_in_the_trail(engine) {
        let service = Service::with_factors(engine, &ON).await;
        let (office, token) = client(&service, "admin:write").await;
        let (_, reader) = client(&service, "admin:read").await;
        let results = import(&service, &token, "", accounts(3) + "{}\n" + &accounts(1)).await;
        let by_office = json!({ "type": "client", "id": office });
        let made = events(&service, &reader, "event=user_created", 3).await;
        let whole = events(&service, &reader, "event=users_imported", 1).await;
        assert_eq!((made.len(), whole.len()), (3, 1), "none of a line that was refused or was there");
        // The newest first.
        for (event, result) in made.iter().rev().zip(&results) {
            assert_eq!((&event["actor"], &event["reason"], &event["user_id"]), (&by_office, &json!("import"), &result["id"]), "{event}");
        }
        assert_eq!((&whole[0]["actor"], &whole[0]["outcome"]), (&by_office, &json!("success")));
        // Nobody is written to, and nobody is logged in.
        assert_eq!(tokio::task::block_in_place(|| service.database.count("sessions")), 0);
    }
}
