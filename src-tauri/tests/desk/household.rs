//! A household that is there before the app starts.

use watchstate_api::{Credentials, Household, NewAccount, SecretsPlace, Surroundings};
use watchstate_engine::{CancellationToken, Consent, Settings, Silent};
use watchstate_servers::{Sensitive, ServerKind};
use watchstate_store::Import;
use watchstate_testkit::desktop::Desktop;
use watchstate_testkit::fake::FakeServer;

use super::data;

pub(crate) async fn server(kind: ServerKind, version: &str) -> FakeServer {
    FakeServer::of(kind, version).with_sample().in_real_time().start().await.unwrap()
}

fn account(name: &str, kind: ServerKind, fake: &FakeServer) -> NewAccount {
    NewAccount {
        name: name.to_owned(),
        kind,
        url: fake.url().to_string(),
        user: Some(fake.id_of("ana").unwrap()),
        credentials: Credentials::Token(Sensitive::new(fake.token_of("ana").unwrap())),
        import: Import::On,
        export: true,
    }
}

/// A household that was synced yesterday: whoever did it said yes to all of it.
pub(crate) async fn synced(desktop: &Desktop, servers: &[(&str, ServerKind, &FakeServer)]) {
    let around = Surroundings::real(Settings::default());
    let household =
        Household::open(&data(desktop), Some(SecretsPlace::File), around).await.unwrap();
    for (name, kind, fake) in servers {
        household.add_backend(account(name, *kind, fake)).await.unwrap();
    }
    let engine = household.engine(std::sync::Arc::new(Silent), CancellationToken::new());
    let mut accounts = household.accounts().await.unwrap();
    let reports = engine.sync(&mut accounts, Consent { yes: true, full: false }).await.unwrap();
    assert!(reports.iter().all(|report| report.ok), "{reports:?}");
    household.close().await;
}
