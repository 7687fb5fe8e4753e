//! A household that is there before the app starts.

use watchstate_api::{Credentials, Household, NewAccount, SecretsPlace, Surroundings};
use watchstate_engine::{CancellationToken, Consent, Settings, Silent};
use watchstate_servers::{Sensitive, ServerKind};
use watchstate_store::Import;
use watchstate_testkit::desktop::Desktop;
use watchstate_testkit::fake::FakeServer;

use super::data;

async fn server(kind: ServerKind, version: &str) -> FakeServer {
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

/// A Jellyfin called den and an Emby called attic, which were brought to agree before the app starts. Before
/// that, people do on the den what the test says.
pub(crate) async fn den_and_attic(
    desktop: &Desktop,
    before: impl FnOnce(&FakeServer),
) -> (FakeServer, FakeServer) {
    let den = server(ServerKind::Jellyfin, "10.10.7").await;
    let attic = server(ServerKind::Emby, "4.8.11.0").await;
    before(&den);
    let both = [("den", ServerKind::Jellyfin, &den), ("attic", ServerKind::Emby, &attic)];
    synced(desktop, &both).await;
    (den, attic)
}

/// A household that was synced yesterday: whoever did it said yes to all of it.
async fn synced(desktop: &Desktop, servers: &[(&str, ServerKind, &FakeServer)]) {
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
