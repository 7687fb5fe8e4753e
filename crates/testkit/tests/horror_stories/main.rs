//! What has cost people their history with other tools, each story a test over real HTTP: in every one no mark
//! is lost on any server after several rounds, and what was held says why.

#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

mod house;
#[path = "../household/mod.rs"]
mod household;

use house::{
    ANA, DAY_S, House, ROUNDS, Shown, attic, cellar, den, differing, keys, shown, shown_to,
    unwatched, waits, watched,
};
use household::{Household, NOW, assert_ok, of, written};
use watchstate_engine::{Answer, Consent, Say};
use watchstate_model::{Because, Moment, Provider, Watch};
use watchstate_servers::ServerKind;
use watchstate_store::{Import, Task};
use watchstate_testkit::fake::{Fault, Holds, Library, NewItem, NewShow, Trouble, UserNo};

const YES: Consent = Consent { yes: true, full: false };

#[tokio::test]
async fn a_fresh_empty_server_joins_as_two_way() {
    let den = den().with_sample().start().await.unwrap();
    let attic = attic().with_sample().start().await.unwrap();
    let mut home = Household::new().await;
    home.join("den", ServerKind::Plex, &den).await;
    home.join("attic", ServerKind::Jellyfin, &attic).await;
    assert_ok(&home.sync().await);
    let before = [shown(&den), shown(&attic)];
    // The same titles, and nobody has watched any of them there.
    let fresh = cellar().with_sample().start().await.unwrap();
    for key in keys(&fresh) {
        fresh.unwatch(&key, "ana").unwrap();
    }
    let empty = shown(&fresh);
    assert!(watched(&empty).is_empty());
    home.join_unasked("cellar", ServerKind::Emby, &fresh, "ana").await;
    for _ in 0..ROUNDS {
        let reports = home.sync().await;
        assert_ok(&reports);
        assert!(of(&reports, Task::Export, "cellar").waits_for_yes);
        assert_eq!(shown(&fresh), empty, "nothing is written before a yes");
        for (server, before) in [&den, &attic].iter().zip(&before) {
            assert_eq!(differing(&shown(server), before), Vec::<String>::new(), "it took away");
        }
    }
    let told = before[1].values().filter(|watch| **watch != Watch::Unwatched).count();
    let waits = waits(&home, "cellar").await;
    assert_eq!(waits.keys().copied().collect::<Vec<_>>(), ["first_export"]);
    assert!(waits["first_export"] + 10 >= told, "and all of it is on the list: {waits:?}");
    assert_ok(&home.sync_with(YES).await);
    assert_ok(&home.sync().await);
    // Jellyfin and Emby list the same files; Plex shows both episodes of one file.
    for (server, before) in [(&den, &before[0]), (&attic, &before[1]), (&fresh, &before[1])] {
        assert_eq!(differing(&shown(server), before), Vec::<String>::new(), "after the yes");
    }
}

/// The attic is restored from a back-up of a month ago, after so many more titles were watched, and a film was
/// watched further.
async fn restored(more: usize) -> (House, [Shown; 3], Vec<String>) {
    let house = House::in_sync().await;
    house.den.unwatch("Heat", "ana").unwrap();
    house.rounds().await;
    house.attic.watch_until("Heat", "ana", 1_200_000).unwrap();
    house.rounds().await;
    let backup = house.attic.library().clone();
    let lately = unwatched(&house.attic, more);
    for (day, title) in lately.iter().enumerate() {
        house.pass(DAY_S);
        let (_, server) = house.servers()[day % 3];
        server.watch(title, "ana").unwrap();
        assert_ok(&house.sync().await);
    }
    house.attic.watch_until("Heat", "ana", 3_000_000).unwrap();
    house.rounds().await;
    let whole = house.shown();
    assert!(whole.iter().all(|shown| lately.iter().all(|title| shown[title].is_watched())));
    *house.attic.library() = backup;
    (house, whole, lately)
}

#[tokio::test]
async fn a_server_restored_from_a_month_old_back_up() {
    // A month of much watching, and of little: less than the usual limit would hold.
    for more in [30, 12] {
        let (house, whole, lately) = restored(more).await;
        let mut left = shown(&house.attic);
        left.insert("Heat".to_owned(), whole[1]["Heat"]);
        for round in 0..ROUNDS {
            let reports = house.sync().await;
            assert_ok(&reports);
            let import = of(&reports, Task::Import, "attic");
            assert_eq!((import.waits_for_yes, import.run.held), (true, more as u64));
            // The place in the film is put back. What lost its mark waits, and is not put back either.
            assert_eq!(written(&reports), u64::from(round == 0), "{more}");
        }
        house.assert_shown(&[whole[0].clone(), left, whole[2].clone()], "it waits for a person");
        assert_eq!(house.lines("kept", Because::OlderThanBefore).await, 1);
        let reasons = waits(&house.home, "attic").await;
        assert_eq!(reasons, [("rolled_back", more)].into(), "and Review says why");
        assert_eq!(lately.len(), more);
        // The person says that nobody meant it.
        let accounts = house.home.accounts().await;
        let answer = Answer::to_all(Say::Reject);
        let answered = house.home.engine().answer(&accounts, ANA, &answer).await.unwrap();
        assert_eq!(answered, more as u64);
        house.rounds().await;
        house.assert_shown(&whole, "and everything is where it was");
    }
}

#[tokio::test]
async fn a_library_re_scanned_so_that_all_add_dates_are_new() {
    let house = House::in_sync().await;
    let before = house.shown();
    // Everything has a new add date: on one server the marks stay, on the others they are gone, and on one of
    // them everything has a new key as well.
    let later = Moment(house.home.clock.now().0 + 60);
    for (name, server) in house.servers() {
        for key in keys(server) {
            let mut library = server.library();
            match name {
                "den" => drop(library.rekey(&key, true, later).unwrap()),
                "attic" => library.replace_file(&key, None, true, later).unwrap(),
                _ => library.replace_file(&key, None, false, later).unwrap(),
            }
        }
    }
    assert!(watched(&shown(&house.attic)).is_empty() && watched(&shown(&house.den)).is_empty());
    house.rounds().await;
    house.assert_shown(&before, "what was lost with the re-scan is there again");
    assert!(house.lines("kept", Because::FileReplaced).await > 180, "and the journal says why");
    assert_eq!(house.lines("took", Because::Unwatched).await, 0);
}

#[tokio::test]
async fn a_library_that_is_empty_while_it_is_scanned_anew() {
    let house = House::in_sync().await;
    let before = house.shown();
    let whole = house.den.library().clone();
    for key in keys(&house.den) {
        house.den.library().remove(&key).unwrap();
    }
    assert_ok(&house.sync().await);
    // Half of it is there again, under new keys, with new dates and without marks; then the rest.
    *house.den.library() = whole;
    let later = house.home.clock.now();
    let renamed: Vec<String> = keys(&house.den)
        .iter()
        .map(|key| house.den.library().rekey(key, true, later).unwrap().0)
        .collect();
    let scanned = house.den.library().clone();
    for key in renamed.iter().step_by(2) {
        house.den.library().remove(key).unwrap();
    }
    assert_ok(&house.sync().await);
    // What was put back meanwhile is there, beside the half that comes only now.
    let back = shown(&house.den);
    *house.den.library() = scanned;
    for (title, watch) in &back {
        match watch {
            Watch::Watched { .. } => house.den.watch(title, "ana").unwrap(),
            Watch::Started(at) => house.den.watch_until(title, "ana", at.ms().into()).unwrap(),
            Watch::Unwatched => {}
        }
    }
    house.rounds().await;
    house.assert_shown(&before, "nothing was lost while nothing was there");
}

#[tokio::test]
async fn files_replaced_by_better_copies() {
    let house = House::in_sync().await;
    let before = house.shown();
    let some: Vec<String> = watched(&before[0]).iter().map(|name| (*name).to_owned()).collect();
    let later = Moment(house.home.clock.now().0 + 60);
    for (nth, title) in some.iter().take(60).enumerate() {
        let (name, server) = house.servers()[nth % 3];
        let key = server.key_of(title).unwrap().0;
        let mut library = server.library();
        match (nth / 3) % 3 {
            0 => library.replace_file(&key, Some("/4k/film.mkv"), true, later).unwrap(),
            1 => drop(library.rekey(&key, true, later).unwrap()),
            // It is away for a look, and comes back without its mark.
            _ => {
                library.replace_file(&key, Some(&format!("/4k/{name}.mkv")), true, later).unwrap();
            }
        }
    }
    house.rounds().await;
    house.assert_shown(&before, "a better copy is as watched as the one before");
    assert_eq!(house.lines("kept", Because::FileReplaced).await, 60);
    assert_eq!(house.lines("took", Because::Unwatched).await, 0);
}

#[tokio::test]
async fn a_server_whose_clock_is_a_year_ahead_or_in_1970() {
    for skew in [365 * DAY_S, -NOW.0 + 5] {
        for liar in 0..3 {
            let house = House::in_sync().await;
            let mut expected = house.shown();
            let (name, server) = house.servers()[liar];
            let why = format!("{name} is {skew} s off");
            let honest = house.servers()[(liar + 1) % 3].1;
            let titles = unwatched(server, 4);
            let [there, elsewhere, both, taken] = &titles[..] else { panic!("{titles:?}") };
            // Watched there, watched elsewhere, and on both.
            house.pass(3600);
            server.skew(skew);
            server.watch(there, "ana").unwrap();
            honest.watch(elsewhere, "ana").unwrap();
            server.watch(both, "ana").unwrap();
            honest.watch(both, "ana").unwrap();
            server.watch(taken, "ana").unwrap();
            for _ in 0..2 {
                house.pass(3600);
                server.skew(skew);
                assert_ok(&house.home.sync().await);
            }
            // What a person takes away afterwards on an honest server stays away, and the other way round.
            honest.unwatch(taken, "ana").unwrap();
            server.unwatch(elsewhere, "ana").unwrap();
            for _ in 0..ROUNDS {
                house.pass(3600);
                server.skew(skew);
                assert_ok(&house.home.sync().await);
            }
            for shown in &mut expected {
                shown.insert(there.clone(), Watch::WATCHED);
                shown.insert(both.clone(), Watch::WATCHED);
                shown.insert(elsewhere.clone(), Watch::Unwatched);
                shown.insert(taken.clone(), Watch::Unwatched);
            }
            house.assert_shown(&expected, &why);
        }
    }
}

/// Two series of three seasons. What an agent says of the ids of episodes is for each story.
fn series(library: &mut Library, ids: bool, one_id: bool, known: impl Fn(usize) -> bool) {
    let ana = library.add_user("ana");
    let shows = library.add_section("Shows", Holds::Shows);
    let mut number = 0;
    for (name, tvdb) in [("Ours", "71000"), ("Theirs", "72000")] {
        let show = NewShow::new(name, 2001);
        let show = if ids { show.id(Provider::Tvdb, tvdb) } else { show };
        let show = library.add_show(&shows, show, NOW).unwrap();
        for season in 1..=3 {
            for episode in 1..=10 {
                number += 1;
                let id = if one_id { 5_000_001 } else { 5_000_000 + number };
                let new = NewItem::episode(season, episode).id(Provider::Tvdb, &id.to_string());
                let key = library.add_episode(&show, new, NOW).unwrap();
                if known(number) {
                    library.mark_watched(ana, key.as_str(), NOW).unwrap();
                }
            }
        }
    }
    assert_eq!(ana, UserNo(0));
}

#[tokio::test]
async fn a_wrong_agent_gives_every_episode_the_same_id() {
    let (odd, third) = (|n: usize| n % 2 == 1, |n: usize| n.is_multiple_of(3));
    // The series are known or not, and the wrong one is the first to be read or the last.
    for (ids, wrong_first) in [(true, true), (true, false), (false, true), (false, false)] {
        let right = den().with(|library, _| series(library, true, false, odd));
        let wrong = attic().with(|library, _| series(library, ids, true, third));
        let (right, wrong) = (right.start().await.unwrap(), wrong.start().await.unwrap());
        let before = [shown(&right), shown(&wrong)];
        let mut home = Household::new().await;
        if wrong_first {
            home.join("wrong", ServerKind::Jellyfin, &wrong).await;
            assert_ok(&home.sync().await);
            home.join("right", ServerKind::Plex, &right).await;
        } else {
            home.join("right", ServerKind::Plex, &right).await;
            assert_ok(&home.sync().await);
            home.join("wrong", ServerKind::Jellyfin, &wrong).await;
        }
        for _ in 0..ROUNDS {
            assert_ok(&home.sync().await);
        }
        assert_eq!(written(&home.sync().await), 0);
        let why = format!("series known: {ids}, the wrong one first: {wrong_first}");
        let after = [shown(&right), shown(&wrong)];
        if ids {
            // Season and number of a known series decide: each episode is itself, and has the marks of both.
            let both: Shown = before[0]
                .iter()
                .map(|(name, watch)| (name.clone(), (*watch).max(before[1][name])))
                .collect();
            for after in &after {
                assert_eq!(differing(after, &both), Vec::<String>::new(), "{why}");
            }
        } else {
            // Nothing says which episode is which. They are left as they are, each with its reason.
            for (after, before) in after.iter().zip(&before) {
                let lost: Vec<&str> =
                    watched(before).into_iter().filter(|name| !after[*name].is_watched()).collect();
                assert!(lost.is_empty(), "{why}: {lost:?}");
            }
            let spread = watched(&after[1]).len().abs_diff(watched(&before[1]).len());
            assert!(spread <= 2, "{why}: one id is not the id of all: {spread}");
            let backends = home.store.backends().await.unwrap();
            let wrong = backends.iter().find(|backend| backend.name == "wrong").unwrap();
            let review = home.store.in_review(wrong.id).await.unwrap();
            let conflicts = review.iter().find(|(why, _)| *why == Because::ConflictingEpisode);
            assert!(conflicts.is_some_and(|(_, count)| *count > 50), "{why}: {review:?}");
        }
    }
}

#[tokio::test]
async fn a_family_members_account_added_to_the_wrong_person() {
    let mut house = House::in_sync().await;
    let bens = shown_to("ben", &house.attic);
    let before = house.shown();
    assert_ne!(bens, before[1]);
    house.home.join_unasked("ben's", ServerKind::Jellyfin, &house.attic, "ben").await;
    for _ in 0..ROUNDS {
        let reports = house.sync().await;
        assert_ok(&reports);
        assert!(of(&reports, Task::Export, "ben's").waits_for_yes);
    }
    let ben = &house.home.store.backends().await.unwrap()[3];
    assert_eq!(shown_to("ben", &house.attic), bens, "nothing was written to Ben's account");
    let waits = waits(&house.home, "ben's").await;
    assert_eq!(waits.keys().copied().collect::<Vec<_>>(), ["first_export"], "and the list says so");
    assert!(waits["first_export"] > 50, "so many that one cannot but wonder: {waits:?}");
    let lost = |shown: &[Shown; 3]| {
        let pairs = shown.iter().zip(&before);
        pairs
            .flat_map(|(now, then)| watched(then).into_iter().filter(|n| !now[*n].is_watched()))
            .count()
    };
    assert_eq!(lost(&house.shown()), 0, "Ana's marks are all there");
    // The person sees it and takes it back.
    let mut tx = house.home.store.begin().await.unwrap();
    tx.forget_backend(ben.id).await.unwrap();
    tx.remove_backend(ben.id).await.unwrap();
    tx.commit().await.unwrap();
    house.rounds().await;
    assert_eq!(shown_to("ben", &house.attic), bens);
    assert_eq!(lost(&house.shown()), 0, "and still are");
}

#[tokio::test]
async fn two_backends_that_are_the_same_server() {
    let mut house = House::in_sync().await;
    let mut expected = house.shown();
    house.home.join("attic again", ServerKind::Jellyfin, &house.attic).await;
    house.rounds().await;
    house.assert_shown(&expected, "a second look at it says nothing new");
    let titles = unwatched(&house.den, 3);
    house.den.watch(&titles[0], "ana").unwrap();
    house.attic.watch(&titles[1], "ana").unwrap();
    let writes = house.attic.writes().len();
    house.rounds().await;
    assert_eq!(house.attic.writes().len() - writes, 1, "it is told once, not once for each name");
    for shown in &mut expected {
        shown.insert(titles[0].clone(), Watch::WATCHED);
        shown.insert(titles[1].clone(), Watch::WATCHED);
    }
    house.assert_shown(&expected, "marks travel both ways");
    // An un-watch there is one, though it is seen twice; and it stays.
    house.attic.unwatch(&titles[1], "ana").unwrap();
    house.den.unwatch(&titles[0], "ana").unwrap();
    house.rounds().await;
    for shown in &mut expected {
        shown.insert(titles[0].clone(), Watch::Unwatched);
        shown.insert(titles[1].clone(), Watch::Unwatched);
    }
    house.assert_shown(&expected, "and un-watches do");
    assert_eq!(house.lines("held", Because::Brake).await, 0);
}

#[tokio::test]
async fn a_server_that_answers_200_with_an_empty_list_during_start() {
    let house = House::in_sync().await;
    let before = house.shown();
    for (name, server) in house.servers() {
        let whole = server.library().clone();
        for key in keys(server) {
            server.library().remove(&key).unwrap();
        }
        for _ in 0..2 {
            let reports = house.sync().await;
            assert_ok(&reports);
            assert_eq!(written(&reports), 0, "{name}: gone is not un-watched");
        }
        *server.library() = whole;
        house.rounds().await;
        house.assert_shown(&before, name);
    }
    assert_eq!(house.lines("took", Because::Unwatched).await, 0);
    assert_eq!(house.lines("held", Because::Brake).await, 0, "there was nothing to ask about");
}

#[tokio::test]
async fn a_page_that_repeats() {
    let mut house = House::in_sync().await;
    (house.home.settings.page_first, house.home.settings.page_most) = (40, 40);
    let mut expected = house.shown();
    let title = unwatched(&house.den, 1).remove(0);
    for (name, server) in house.servers() {
        let path = if name == "den" { "/all" } else { "/items" };
        server.fail(Fault::new(Trouble::RepeatedPage).on(path));
        house.den.watch(&title, "ana").unwrap();
        for _ in 0..ROUNDS {
            let reports = house.sync().await;
            let import = of(&reports, Task::Import, name);
            let error = import.run.error.as_ref().unwrap_or_else(|| panic!("{name}: {import:?}"));
            // Plex numbers the entries of a page: there it is seen before the page is taken in.
            let seen = ["does not add up", "another stretch of the list"];
            assert!(seen.iter().any(|words| error.contains(words)), "{error}");
        }
        server.heal().await;
        house.rounds().await;
        for shown in &mut expected {
            shown.insert(title.clone(), Watch::WATCHED);
        }
        house.assert_shown(&expected, name);
    }
    assert_eq!(house.lines("took", Because::Unwatched).await, 0);
}

#[tokio::test]
async fn export_enabled_by_mistake() {
    // An account that was only read, or not even that, and shows other marks than the others.
    for import in [Import::On, Import::Metadata, Import::Off] {
        let mut house = House::in_sync().await;
        let other = attic().seeded(7).with_sample().start().await.unwrap();
        for title in unwatched(&other, 40) {
            other.mark_watched(&title, "ana").unwrap();
        }
        for title in watched(&shown(&house.den)).iter().take(30) {
            other.unwatch(title, "ana").unwrap();
        }
        house.home.join_unasked("other", ServerKind::Jellyfin, &other, "ana").await;
        let id = house.home.store.backends().await.unwrap()[3].id;
        let switch = async |house: &House, export: bool| {
            let mut tx = house.home.store.begin().await.unwrap();
            tx.set_switches(id, import, export).await.unwrap();
            tx.commit().await.unwrap();
        };
        switch(&house, false).await;
        let alone = shown(&other);
        house.rounds().await;
        let before = house.shown();
        assert_eq!(shown(&other), alone, "it is off");
        // By mistake, and nobody notices for a while.
        switch(&house, true).await;
        for _ in 0..ROUNDS {
            let reports = house.sync().await;
            assert_ok(&reports);
            assert!(of(&reports, Task::Export, "other").waits_for_yes, "{import:?}");
        }
        assert_eq!(shown(&other), alone, "{import:?}: nothing is written without a yes");
        house.assert_shown(&before, "nor anywhere else");
        assert!(waits(&house.home, "other").await["first_export"] > 0);
        // It is noticed, switched off, and a year later switched on again by mistake, after a yes had once
        // been given.
        switch(&house, false).await;
        house.home.approve("other").await;
        switch(&house, true).await;
        let reports = house.sync().await;
        assert!(of(&reports, Task::Export, "other").waits_for_yes, "{import:?}: it is asked anew");
        assert_eq!(shown(&other), alone, "{import:?}: a yes of long ago is none for today");
        switch(&house, false).await;
        house.rounds().await;
        assert_eq!(shown(&other), alone);
        house.assert_shown(&before, "as if nothing had been");
    }
}
