//! The family of a day: its servers, and an account of each person on each of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use watchstate_model::marks::ProgressRule;
use watchstate_model::{ItemKey, Moment, PersonId, Provider, Watch};
use watchstate_servers::ServerKind;
use watchstate_store::{Import, NewBackend, Store, Tx};

use super::story::{Day, PEOPLE, PersonNo, SERVERS};
use crate::fake::library::{Library, Refused};
use crate::fake::marks::TICKS_PER_MS;
use crate::fake::people::{Device, UserNo};
use crate::fake::titles::{Holds, NewItem};
use crate::simulator::direct::{Direct, Sessions, SimClock, Tripwire, abilities, locked};
use crate::simulator::judge::place;
use crate::simulator::story::{Act, ServerNo, TitleNo};
use crate::simulator::world::{DURATION_MS, KINDS};

/// When days begin: 2026-01-01.
pub(super) const BEGINNING: Moment = Moment(1_767_225_600);
/// Who is not of the household, and has an account on each server all the same.
pub(super) const GUEST: PersonNo = PEOPLE;
/// Whoever plays on does not come further than this: nobody sits through to the end without an event.
const FURTHEST_MS: u64 = DURATION_MS as u64 / 100 * 80;

/// The servers of a family, and who has which account there.
pub(super) struct Family {
    /// For each server the account of each person, and the guest's.
    accounts: Vec<Vec<Direct>>,
    libraries: Vec<Arc<Mutex<Library>>>,
    /// What each server calls each title.
    keys: Vec<Vec<Option<ItemKey>>>,
    /// Who has paused for the time being, and goes on as soon as something happens.
    breaks: BTreeSet<(PersonNo, ServerNo)>,
    /// What the guest's accounts show.
    guest: BTreeMap<(ServerNo, TitleNo), Watch>,
}

impl Family {
    /// The servers as they are when the day begins.
    pub(super) fn of(
        day: &Day,
        clock: &SimClock,
        sessions: Option<Sessions>,
    ) -> Result<Self, Refused> {
        let (mut accounts, mut libraries) = (Vec::new(), Vec::new());
        let mut keys = vec![vec![None; day.titles]; SERVERS];
        for (server, (kind, skew)) in day.servers.iter().enumerate() {
            let (kind, version) = KINDS[*kind];
            let mut library = Library::new(kind, version).seeded(server as u64 + 1);
            for person in 0..PEOPLE {
                library.add_user(&format!("person{person}"));
            }
            library.add_user("guest");
            let section = library.add_section("Movies", Holds::Movies);
            for (_, title) in day.has.iter().filter(|(there, _)| *there == server) {
                let movie = NewItem::movie(&format!("Title {title}"), 2020)
                    .id(Provider::Tmdb, &(1000 + title).to_string())
                    .lasting_ms(DURATION_MS);
                keys[server][*title] = Some(library.add_movie(&section, movie, BEGINNING)?);
            }
            let plex = kind == ServerKind::Plex;
            let owner = Direct::new(library, clock.clone(), *skew, Tripwire::default());
            libraries.push(Arc::clone(&owner.library));
            accounts.push(
                (0..=GUEST)
                    .map(|person| {
                        let mut account = owner.of_another(UserNo(person));
                        // Whoever has a share of a Plex may not see who plays what.
                        let usual =
                            if plex && person > 0 { Sessions::NotVisible } else { Sessions::Own };
                        account.sessions = sessions.unwrap_or(usual);
                        account
                    })
                    .collect(),
            );
        }
        let (breaks, guest) = (BTreeSet::new(), BTreeMap::new());
        let family = Self { accounts, libraries, keys, breaks, guest };
        for (person, server, title) in &day.at_first {
            family.act(*person, Act::Watch(*server, *title))?;
        }
        Ok(family)
    }

    /// Adds a backend for each account of the household.
    pub(super) async fn join(&self, store: &Store) -> anyhow::Result<()> {
        let mut tx = store.begin().await?;
        let mut people = vec![PersonId(1)];
        for person in 1..PEOPLE {
            people.push(tx.add_person(&format!("person{person}")).await?);
        }
        for server in 0..SERVERS {
            for (person, id) in people.iter().enumerate() {
                self.add_backend(&mut tx, *id, person, server).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    async fn add_backend(
        &self,
        tx: &mut Tx,
        id: PersonId,
        person: PersonNo,
        server: ServerNo,
    ) -> anyhow::Result<()> {
        let (kind, server_id) = {
            let library = locked(&self.libraries[server]);
            (library.kind(), library.server_id())
        };
        let backend = tx
            .add_backend(&NewBackend {
                person: id,
                name: &format!("server{server} of person{person}"),
                kind: kind.name(),
                url: "http://127.0.0.1",
                server_id: &server_id,
                user_id: &person.to_string(),
                user_name: &format!("person{person}"),
                import: Import::On,
                export: true,
                added_at: BEGINNING,
            })
            .await?;
        tx.approve_backend(backend, BEGINNING).await?;
        Ok(())
    }

    pub(super) fn account(&self, person: PersonNo, server: ServerNo) -> &Direct {
        &self.accounts[server][person]
    }

    pub(super) fn library(&self, server: ServerNo) -> &Mutex<Library> {
        &self.libraries[server]
    }

    /// What a server calls a title; nothing when it has none.
    pub(super) fn key(&self, server: ServerNo, title: TitleNo) -> Option<&ItemKey> {
        self.keys[server][title].as_ref()
    }

    /// What a person is shown for a title.
    pub(super) fn shows(
        &self,
        person: PersonNo,
        server: ServerNo,
        title: TitleNo,
    ) -> Option<Watch> {
        let key = self.key(server, title)?;
        let library = locked(&self.libraries[server]);
        library.shows(UserNo(person), key.as_str()).ok().map(|mark| mark.shown().watch)
    }

    /// Whether a person is watching a title somewhere.
    pub(super) fn plays(&self, person: PersonNo, title: TitleNo) -> bool {
        (0..SERVERS).any(|server| self.sits(person, server).is_some_and(|on| on == title))
    }

    /// What a person is watching on a server.
    pub(super) fn sits(&self, person: PersonNo, server: ServerNo) -> Option<TitleNo> {
        let library = locked(&self.libraries[server]);
        let on = &library.sittings().iter().find(|sitting| sitting.user == UserNo(person))?.item;
        self.keys[server].iter().position(|key| key.as_ref() == Some(on))
    }

    /// Whether a person is watching an item on a server.
    pub(super) fn plays_there(&self, person: PersonNo, server: ServerNo, key: &ItemKey) -> bool {
        let library = locked(&self.libraries[server]);
        library.sittings().iter().any(|s| s.user == UserNo(person) && s.item == *key)
    }

    /// Whether something happened to a title of a person that nobody has read since.
    pub(super) fn is_unread(&self, person: PersonNo, title: TitleNo) -> bool {
        (0..SERVERS).any(|server| {
            let Some(key) = self.key(server, title) else { return false };
            locked(&self.account(person, server).record).unread.contains(key)
        })
    }

    /// When an account was last told what to show for a title.
    pub(super) fn written_at(
        &self,
        person: PersonNo,
        server: ServerNo,
        title: TitleNo,
    ) -> Option<Moment> {
        let key = self.key(server, title)?;
        locked(&self.account(person, server).record).written_at.get(key).copied()
    }

    /// Whether something happened on an account that nobody has read since.
    pub(super) fn has_unread(&self, person: PersonNo, server: ServerNo) -> bool {
        !locked(&self.account(person, server).record).unread.is_empty()
    }

    pub(super) fn is_plex(&self, server: ServerNo) -> bool {
        locked(&self.libraries[server]).kind() == ServerKind::Plex
    }

    /// Whether a server can be reached.
    pub(super) fn is_up(&self, server: ServerNo) -> bool {
        !locked(&self.account(0, server).weather).down
    }

    /// What all servers show a person for a title, where it is the same; `exactly` with its place.
    pub(super) fn one(&self, person: PersonNo, title: TitleNo, exactly: bool) -> Option<Watch> {
        let rule = ProgressRule::default();
        let shown: Vec<(ServerNo, Watch)> = (0..SERVERS)
            .filter_map(|server| Some((server, self.shows(person, server, title)?)))
            .map(|(server, watch)| (server, rule.settle(watch, Some(DURATION_MS))))
            .collect();
        let first = shown.first()?.1;
        if shown.iter().any(|(_, watch)| watch.is_watched() != first.is_watched()) {
            return None;
        }
        if !exactly {
            return Some(first.with_position(None));
        }
        // A place beside a mark not every server can hold.
        let mut full = shown
            .iter()
            .filter(|(server, watch)| !watch.is_watched() || self.keeps_rewatches(*server))
            .map(|(_, watch)| *watch);
        let one = full.next().unwrap_or(first);
        full.all(|other| other == one).then_some(one)
    }

    fn keeps_rewatches(&self, server: ServerNo) -> bool {
        let library = locked(&self.libraries[server]);
        abilities(library.kind(), library.habits().partial_writes).rewatch_positions
    }

    /// Somebody does something in front of a server.
    pub(super) fn act(&self, person: PersonNo, act: Act) -> Result<(), Refused> {
        let Some((server, title)) = act.concerns() else { return Ok(()) };
        let Some(key) = self.key(server, title) else { return Ok(()) };
        let account = self.account(person, server);
        let (user, now) = (account.user, account.now());
        account.is_unread(key);
        let (mut library, key) = (locked(&account.library), key.as_str());
        match act {
            Act::Watch(..) => library.watch(user, key, now),
            Act::Mark(..) => library.mark_watched(user, key, now),
            Act::Unwatch(..) => library.unwatch(user, key),
            Act::StopAt(_, _, percent) => library.watch_until(user, key, ms(percent), now),
            Act::Reopen(..) => library.reopen(user, key, now),
            Act::Begin(..) => {
                let id = format!("television of person {person}");
                library.play(user, key, Device { id, ..Device::television() }, now)
            }
            _ => Ok(()),
        }
    }

    /// Whoever plays on a server goes to a place.
    pub(super) fn goes_to(&self, person: PersonNo, server: ServerNo, ms: u64) {
        let account = self.account(person, server);
        let mut library = locked(&account.library);
        let on = library.sittings().iter().find(|sitting| sitting.user == account.user);
        let Some(on) = on.map(|sitting| sitting.item.clone()) else { return };
        account.is_unread(&on);
        // It is played: it is there.
        let _ = library.seek(account.user, ms, account.now());
    }

    pub(super) fn pauses(&self, person: PersonNo, server: ServerNo, paused: bool) {
        let account = self.account(person, server);
        let _ = locked(&account.library).pause(account.user, paused, account.now());
    }

    /// Whoever plays on a server stops at a place.
    pub(super) fn stops(
        &self,
        person: PersonNo,
        server: ServerNo,
        percent: u8,
    ) -> Result<(), Refused> {
        let account = self.account(person, server);
        if let Some(title) = self.sits(person, server)
            && let Some(key) = self.key(server, title)
        {
            account.is_unread(key);
        }
        locked(&account.library).stop_at(account.user, ms(percent), account.now())
    }

    /// Players tell their servers where they are, as they do all the time. Whoever is `tired` takes a
    /// break.
    pub(super) fn play_on(&mut self, seconds: i64, tired: bool) {
        let further = u64::try_from(seconds).unwrap_or(0) * 1000;
        for server in (0..SERVERS).filter(|server| self.is_up(*server)).collect::<Vec<_>>() {
            for person in 0..=GUEST {
                let user = UserNo(person);
                let on = {
                    let library = locked(&self.libraries[server]);
                    let on = library.sittings().iter().find(|sitting| sitting.user == user);
                    on.map(|sitting| (sitting.paused, sitting.position_ticks / TICKS_PER_MS))
                };
                match on {
                    None => {}
                    Some((true, _)) => self.pauses(person, server, true),
                    Some(_) if tired => {
                        self.breaks.insert((person, server));
                        self.pauses(person, server, true);
                    }
                    Some((false, at)) => {
                        self.goes_to(person, server, (at + further).min(FURTHEST_MS.max(at)));
                    }
                }
            }
        }
    }

    /// Whoever has taken a break goes on.
    pub(super) fn breaks_end(&mut self) {
        for (person, server) in std::mem::take(&mut self.breaks) {
            if self.is_up(server) {
                self.pauses(person, server, false);
            }
        }
    }

    /// Whether anybody plays anything.
    pub(super) fn is_on(&self) -> bool {
        self.libraries.iter().any(|library| !locked(library).sittings().is_empty())
    }

    /// The guest does something, or has done it: what is shown now is what was meant.
    pub(super) fn guest(&mut self, act: Act) -> Result<(), Refused> {
        let Some((server, title)) = act.concerns() else { return Ok(()) };
        if !self.is_up(server) || self.key(server, title).is_none() {
            return Ok(());
        }
        if self.sits(GUEST, server).is_some() {
            self.stops(GUEST, server, 50)?;
        }
        self.act(GUEST, act)?;
        self.remember_guest();
        Ok(())
    }

    /// Keeps what the guest's accounts show.
    pub(super) fn remember_guest(&mut self) {
        self.guest = self.guest_shows().collect();
    }

    fn guest_shows(&self) -> impl Iterator<Item = ((ServerNo, TitleNo), Watch)> + '_ {
        let titles = self.keys.first().map_or(0, Vec::len);
        let all =
            (0..SERVERS).flat_map(move |server| (0..titles).map(move |title| (server, title)));
        all.filter_map(|(server, title)| Some(((server, title), self.shows(GUEST, server, title)?)))
            .filter(|(_, watch)| *watch != Watch::Unwatched)
    }

    /// What nobody but the guest may change is as the guest left it.
    pub(super) fn leaves_guest_alone(&self) -> Result<(), String> {
        let shown: BTreeMap<_, _> = self.guest_shows().collect();
        if shown == self.guest {
            return Ok(());
        }
        Err(format!("the guest left {:?}, and it became {shown:?}", self.guest))
    }

    /// The first offence that a server saw.
    pub(super) fn offence(&self) -> Option<String> {
        self.accounts.iter().enumerate().find_map(|(server, accounts)| {
            accounts.iter().enumerate().find_map(|(person, account)| {
                let offence = locked(&account.record).offences.first().cloned()?;
                Some(format!("server {server}, person {person}: {offence}"))
            })
        })
    }

    /// How many writes were made to a title of a person.
    pub(super) fn writes_to(&self, person: PersonNo, title: TitleNo) -> usize {
        (0..SERVERS)
            .filter_map(|server| Some((server, self.key(server, title)?)))
            .map(|(server, key)| {
                let record = locked(&self.account(person, server).record);
                record.delivered.iter().filter(|written| *written == key).count()
            })
            .sum()
    }

    /// How many writes were made.
    pub(super) fn writes(&self) -> usize {
        self.accounts.iter().flatten().map(|it| locked(&it.record).delivered.len()).sum()
    }
}

fn ms(percent: u8) -> u64 {
    place(percent).map_or(0, |at| u64::from(at.ms()))
}
