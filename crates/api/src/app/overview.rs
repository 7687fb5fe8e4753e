//! The whole at a glance.

use jiff::Timestamp;
use watchstate_engine::Trouble;
use watchstate_model::Moment;
use watchstate_servers::ServerKind;
use watchstate_store::{Backend, Import, Stock, Waiting as Owed};

use super::preview::LookAnew;
use super::truth::{Standing, Stands, Told, truth};
use super::{App, locked};
use crate::contract::{
    BackendCard, Connection, Failure, Mended, Overview, Stranger, Today, Waiting, WaitingWhy,
};
use crate::failure::advice;

impl App {
    /// All backends as cards.
    pub async fn cards(&self) -> Result<Vec<BackendCard>, Failure> {
        let household = self.household();
        let stock = self.stock().await?;
        let mut heard = self.realtime_snapshot().backends;
        let mut strangers = household.store().strangers().await?;
        let mut cards = Vec::new();
        for backend in household.backends().await? {
            let owed = household.store().waiting(backend.id).await?;
            let has = stock.iter().find(|stock| stock.backend == backend.id).copied();
            let connection = heard.remove(&backend.id).map(|heeded| heeded.connection);
            let place = strangers.iter().position(|stranger| stranger.backend == backend.id);
            let stranger = place.map(|place| strangers.swap_remove(place));
            cards.push(card(backend, owed, has, connection, stranger));
        }
        Ok(cards)
    }

    /// The whole at a glance.
    pub async fn overview(&self) -> Result<Overview, Failure> {
        let household = self.household();
        let store = household.store();
        let backends = self.cards().await?;
        let mended = store.mended().await?;
        let unplanned = store.count_touched().await? > 0;
        let paused_until = self.paused_until();
        let (trouble, look_anew, next_run) = {
            let mood = locked(&self.mood);
            (mood.trouble.clone().map(Failure::advice), mood.look_anew.clone(), mood.next_run)
        };
        let running = self.is_working();
        let stands: Vec<Stands> = backends.iter().map(stands).collect();
        let waiting = backends.iter().zip(&stands).flat_map(|(card, stands)| {
            let waits =
                |why, count| Waiting { backend: card.id, name: card.name.clone(), why, count };
            let first = stands
                .waits_for_first_export()
                .then(|| waits(WaitingWhy::FirstExport, stands.owed));
            let brake = (stands.held > 0).then(|| waits(WaitingWhy::Brake, stands.held));
            [first, brake].into_iter().flatten()
        });
        let waiting = waiting.collect();
        let last_sync =
            backends.iter().flat_map(|card| [card.imported_at, card.exported_at]).flatten().max();
        let Told { truth, says, todo } = truth(&Standing {
            backends: stands,
            running,
            paused: paused_until.is_some(),
            unplanned,
            trouble,
            backup: self.backup_trouble(),
            look_anew: look_anew.as_ref().map(LookAnew::advice),
            mended: mended.is_some(),
        });
        Ok(Overview {
            truth,
            says,
            todo,
            running,
            titles: store.count_titles().await?,
            last_sync,
            next_run: next_run.filter(|_| paused_until.is_none()),
            paused_until: paused_until.map(Into::into),
            today: self.today().await?,
            waiting,
            look_anew: look_anew.as_ref().and_then(LookAnew::preview).map(str::to_owned),
            brakes_off: household.brakes_off().await?,
            backends,
            mended: mended.map(|mended| Mended {
                at: mended.at.into(),
                why: mended.why,
                aside: household.path().join(mended.aside).display().to_string(),
                copy_at: mended.copy_at.map(Into::into),
            }),
        })
    }

    /// A person has read that the database was made anew.
    pub async fn put_mended_away(&self) -> Result<(), Failure> {
        Ok(self.household().put_mended_away().await?)
    }

    /// What happened since midnight.
    async fn today(&self) -> Result<Today, Failure> {
        let household = self.household();
        let now = household.now();
        let midnight = Timestamp::from_second(now.0)
            .ok()
            .and_then(|time| time.to_zoned_datetime(self.shell.zone.clone()).start_of_day().ok())
            .map_or(Moment(now.0 - now.0.rem_euclid(86_400)), |day| {
                Moment(day.timestamp().as_second())
            });
        let known = locked(&self.mood).today.filter(|(day, _)| *day == midnight);
        let after = match known {
            Some((_, line)) => line,
            None => {
                let line = household.store().line_before(midnight).await?;
                locked(&self.mood).today = Some((midnight, line));
                line
            }
        };
        let since = household.store().since(midnight, after).await?;
        Ok(Today {
            marks: since.marks,
            written: since.written,
            held: since.held,
            failed: since.failed,
        })
    }
}

fn stands(card: &BackendCard) -> Stands {
    Stands {
        name: card.name.clone(),
        import: card.import != crate::contract::Import::Off,
        export: card.export,
        approved: card.approved,
        imported: card.imported_at.is_some(),
        exported: card.exported_at.is_some(),
        trouble: card.trouble.is_some(),
        owed: card.owed,
        parked: card.parked,
        held: card.held,
    }
}

/// How a backend stands that is not listened to.
fn unheeded(backend: &Backend) -> Connection {
    let why = match backend.import {
        Import::Off => "Nothing is read from it, because its import is off",
        Import::On | Import::Metadata => "What happens on it is found by the next import",
    };
    Connection { why: Some(why.to_owned()), ..Connection::default() }
}

fn card(
    backend: Backend,
    owed: Owed,
    has: Option<Stock>,
    connection: Option<Connection>,
    stranger: Option<watchstate_store::Stranger>,
) -> BackendCard {
    let kind = ServerKind::from_name(&backend.kind).unwrap_or(ServerKind::Plex);
    // The engine's line begins with the name, which the card shows anyway. That a person stopped a run is
    // no trouble.
    let prefix = format!("{}: ", backend.name);
    let stopped = Trouble::Cancelled.to_string();
    let trouble = backend
        .trouble
        .as_deref()
        .map(|line| line.strip_prefix(prefix.as_str()).unwrap_or(line))
        .filter(|line| *line != stopped)
        .map(advice);
    let stranger = stranger.map(|who| Stranger {
        other_server: backend.server_id.as_ref() != Some(&who.server_id),
        server: who.server_name,
        user: Some(who.user_name).filter(|name| !name.is_empty()),
    });
    BackendCard {
        stranger,
        connection: connection.unwrap_or_else(|| unheeded(&backend)),
        id: backend.id.into(),
        kind: kind.into(),
        url: backend.url,
        user: backend.user_name,
        import: backend.import.into(),
        export: backend.export,
        approved: backend.approved_at.is_some(),
        imported_at: backend.imported_at.map(Into::into),
        exported_at: backend.exported_at.map(Into::into),
        items: has.map_or(0, |has| has.items),
        watched: has.map_or(0, |has| has.watched),
        owed: owed.owed,
        parked: owed.parked,
        held: owed.held,
        trouble,
        name: backend.name,
    }
}
