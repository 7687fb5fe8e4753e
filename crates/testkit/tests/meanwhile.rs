//! What happens in the middle of a run, at a moment of one's choosing, over real HTTP.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod household;

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use household::{Household, NOW, assert_ok, written};
use tokio::runtime::Handle;
use tokio::task::block_in_place;
use watchstate_engine::{Consent, Report, Step};
use watchstate_model::{BackendId, PersonId, TitleId, Watch};
use watchstate_servers::ServerKind;
use watchstate_store::HeldFilter;
use watchstate_testkit::fake::FakeServer;

const ANA: PersonId = PersonId(1);
const ATTIC: BackendId = BackendId(2);

type Act = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Does something once, at the first step that is the right one. The run stands still meanwhile.
struct Meanwhile {
    when: fn(&Step) -> bool,
    what: Mutex<Option<Act>>,
}

impl Meanwhile {
    fn at(when: fn(&Step) -> bool, what: impl Future<Output = ()> + Send + 'static) -> Arc<Self> {
        Arc::new(Self { when, what: Mutex::new(Some(Box::pin(what))) })
    }

    fn has_happened(&self) -> bool {
        self.what.lock().unwrap().is_none()
    }
}

impl Report for Meanwhile {
    fn step(&self, step: Step) {
        if !(self.when)(&step) {
            return;
        }
        let what = self.what.lock().unwrap().take();
        if let Some(what) = what {
            block_in_place(|| Handle::current().block_on(what));
        }
    }
}

async fn two() -> (Household, Arc<FakeServer>, Arc<FakeServer>) {
    let start = |kind, version: &'static str| async move {
        FakeServer::of(kind, version).at(NOW).with_sample().start().await.unwrap()
    };
    let den = Arc::new(start(ServerKind::Plex, "1.40.2").await);
    let attic = Arc::new(start(ServerKind::Jellyfin, "10.10.7").await);
    let mut home = Household::new().await;
    home.join("den", ServerKind::Plex, &den).await;
    home.join("attic", ServerKind::Jellyfin, &attic).await;
    for server in [&den, &attic] {
        server.unwatch("Heat", "ana").unwrap();
    }
    assert_ok(&home.sync().await);
    (home, den, attic)
}

async fn title_of(home: &Household, server: &FakeServer, name: &str) -> TitleId {
    let key = server.key_of(name).unwrap();
    let mut tx = home.store.begin().await.unwrap();
    let items = tx.items_with_keys(ATTIC, &[key.as_str()]).await.unwrap();
    items[0].titles().next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_changes_their_mind_while_a_write_is_on_its_way_is_heard() {
    let sending: fn(&Step) -> bool = |step| matches!(step, Step::Sending { backend: ATTIC });
    let sent: fn(&Step) -> bool = |step| matches!(step, Step::Sent { backend: ATTIC, .. });
    for (moment, when) in [("before it is sent", sending), ("before it is read back", sent)] {
        let (mut home, den, attic) = two().await;
        let title = title_of(&home, &attic, "Heat").await;
        let (engine, accounts) = (home.engine(), home.accounts().await);
        let meanwhile = Meanwhile::at(when, async move {
            engine.mark(&accounts, ANA, title, false).await.unwrap().unwrap();
        });
        home.report = meanwhile.clone();
        den.watch("Heat", "ana").unwrap();
        assert_ok(&home.sync().await);
        assert!(meanwhile.has_happened(), "{moment}: the write went out");
        let shows = || [&den, &attic].map(|s| s.shows("Heat", "ana").unwrap().watch);
        assert_eq!(shows()[1], Watch::Unwatched, "{moment}: told in the same run");
        assert_ok(&home.sync().await);
        assert_eq!(shows(), [Watch::Unwatched; 2], "{moment}: the last word is the person's");
        assert_eq!(written(&home.sync().await), 0, "{moment}: and all is said");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_let_go_while_the_library_is_still_being_read() {
    const MANY: usize = 40;
    let (mut home, den, attic) = two().await;
    home.settings.page_first = 20;
    home.settings.page_most = 20;
    let names: Vec<String> =
        attic.library().entries().iter().map(|entry| entry.name.clone()).collect();
    let is_film = |name: &String| {
        name != "Heat" && name.split(' ').count() == 2 && !name.starts_with("Episode")
    };
    let films: Vec<String> = names.into_iter().filter(is_film).take(MANY).collect();
    for film in &films {
        attic.mark_watched(film, "ana").unwrap();
    }
    assert_ok(&home.sync().await);
    let watched = |server: &FakeServer| {
        films.iter().filter(|f| server.shows(f, "ana").unwrap().watch.is_watched()).count()
    };
    assert_eq!(watched(&den), MANY);
    for film in &films {
        attic.unwatch(film, "ana").unwrap();
    }
    // Somebody plays on the other server when the first page is in.
    let (engine, accounts) = (home.engine(), home.accounts().await);
    let played = den.clone();
    let meanwhile =
        Meanwhile::at(|step| matches!(step, Step::Page { backend: ATTIC, .. }), async move {
            played.watch("Heat", "ana").unwrap();
            let key = played.key_of("Heat").unwrap();
            engine.follow(&accounts, &accounts[0], &[key]).await.unwrap();
        });
    home.report = meanwhile.clone();
    let mut accounts = home.accounts().await;
    assert_ok(&home.engine().import(&mut accounts[1..], Consent::default()).await.unwrap());
    assert!(meanwhile.has_happened());
    let (held, _) = home.store.held(ANA, &HeldFilter::default(), 0, 100).await.unwrap();
    assert_eq!(held.len(), MANY, "all of them wait");
    assert_ok(&home.sync().await);
    assert_eq!(watched(&den), MANY, "and no mark is lost");
}
