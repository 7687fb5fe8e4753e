//! The listener for webhooks, as long as the app lives and as the settings say.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::net::{UdpSocket, lookup_host};
use tokio::select;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::{Host, Url};
use watchstate_engine::CancellationToken;
use watchstate_model::BackendId;
use watchstate_servers::registering::{Hook, PLEX, Registered, register_webhook};
use watchstate_servers::{Fault, Sensitive, ServerError, ServerKind};
use watchstate_store::Backend;

use super::inbox::{self, Inbox};
use super::{App, locked};
use crate::ApiError;
use crate::contract::{
    Advice, Failure, FailureKind, Tag, WebhookAddress, WebhookCounts, WebhookRegistered,
    WebhookState, WebhooksOf,
};
use crate::household::{Household, secret_name, webhook_secret_name};
use crate::webhooks::{Counts, Door, Doors, Listener, Outcome, PATH, Reception, Rings, new_secret};

/// A port that is taken, or a keyring that is locked, is tried again after so long.
const AGAIN: Duration = Duration::from_secs(15);

/// What an app has for webhooks.
pub(super) struct Webhooks {
    doors: Arc<Doors>,
    counts: Arc<Counts>,
    stands: Mutex<Stands>,
    /// What came, until somebody has looked after it.
    pub(super) inbox: Inbox,
    /// Moves when what the listener goes by may be another.
    looks: watch::Sender<u64>,
    end: CancellationToken,
    tending: Mutex<Vec<JoinHandle<()>>>,
}

/// How it stands with the listener.
#[derive(Clone, PartialEq, Eq, Default)]
struct Stands {
    state: WebhookState,
    at: Option<SocketAddr>,
    trouble: Option<Advice>,
}

impl Webhooks {
    pub(super) fn new() -> Self {
        Self {
            doors: Arc::default(),
            counts: Arc::default(),
            stands: Mutex::default(),
            inbox: Inbox::new(),
            looks: watch::Sender::new(0),
            end: CancellationToken::new(),
            tending: Mutex::default(),
        }
    }

    /// The settings or the doors may be others than before.
    pub(super) fn look_again(&self) {
        self.looks.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Another household is at work: the doors are others, and who had ears had them for the one before.
    pub(super) fn begin_anew(&self) {
        self.look_again();
        self.inbox.set_ears(None);
    }
}

impl App {
    /// Listens for webhooks from now on until the app is closed, while the settings say so, and has looked
    /// after what came. To be called once.
    pub fn start_webhooks(self: &Arc<Self>) {
        let app = Arc::downgrade(self);
        let rung = app.clone();
        let rings: Rings = Arc::new(move || {
            if let Some(app) = rung.upgrade() {
                app.webhooks.inbox.ring();
                app.changed(&[Tag::Webhooks]);
            }
        });
        let own = &self.webhooks;
        let clock = self.household().around.clock.clone();
        let reception = Reception::new(own.doors.clone(), own.counts.clone(), clock, rings);
        let mut tending = locked(&own.tending);
        if tending.is_empty() {
            let (looks, end) = (own.looks.subscribe(), own.end.clone());
            tending.push(tokio::spawn(tend(app.clone(), reception, looks, end)));
            tending.push(tokio::spawn(inbox::empty(app, own.inbox.rings(), own.end.clone())));
        }
    }

    /// Listens no more, and looks after nothing more.
    pub(super) async fn stop_webhooks(&self) {
        self.webhooks.end.cancel();
        let tending = std::mem::take(&mut *locked(&self.webhooks.tending));
        for task in tending {
            // It went down, or it ended: nothing listens either way.
            let _ = task.await;
        }
    }

    /// What became of the webhooks that came.
    pub fn webhook_counts(&self) -> WebhookCounts {
        let counts = &self.webhooks.counts;
        let Stands { state, at, trouble } = locked(&self.webhooks.stands).clone();
        let backends = counts.by_backend().into_iter();
        WebhookCounts {
            state,
            at: at.map(|at| at.to_string()),
            trouble,
            received: counts.received(),
            taken: counts.of(Outcome::Taken),
            no_marks: counts.of(Outcome::NoMarks),
            wrong_secret: counts.of(Outcome::WrongSecret),
            other_server: counts.of(Outcome::OtherServer),
            other_user: counts.of(Outcome::OtherUser),
            unreadable: counts.of(Outcome::Unreadable),
            too_large: counts.of(Outcome::TooLarge),
            too_slow: counts.of(Outcome::TooSlow),
            too_many: counts.of(Outcome::TooMany),
            not_kept: counts.of(Outcome::NotKept),
            backends: backends
                .map(|(backend, taken)| WebhooksOf {
                    backend: backend.into(),
                    taken: taken.webhooks,
                    last_at: taken.last_at.into(),
                })
                .collect(),
        }
    }

    /// The address of a backend; made when it is asked for the first time.
    pub async fn webhook_address(&self, backend: BackendId) -> Result<WebhookAddress, Failure> {
        let backend = self.backend_with_webhooks(backend).await?;
        let household = self.household();
        let name = webhook_secret_name(backend.id);
        let secret = match household.secrets.get(&name).await.map_err(ApiError::from)? {
            Some(secret) => secret,
            None => self.new_webhook_secret(&household, &backend).await?,
        };
        self.address_with(&backend, &secret).await
    }

    /// Gives a backend another address; the one before is nobody's from now on.
    pub async fn renew_webhook(&self, backend: BackendId) -> Result<WebhookAddress, Failure> {
        let backend = self.backend_with_webhooks(backend).await?;
        let secret = self.new_webhook_secret(&self.household(), &backend).await?;
        self.address_with(&backend, &secret).await
    }

    /// Enters the address of a backend at its server, where a program can do that.
    pub async fn register_webhook(&self, backend: BackendId) -> Result<WebhookRegistered, Failure> {
        let backend = self.backend_with_webhooks(backend).await?;
        let household = self.household();
        let WebhookAddress { address, advice } = self.webhook_address(backend.id).await?;
        let mut others = Vec::new();
        for other in household.backends().await? {
            let secret = household.secrets.get(&webhook_secret_name(other.id)).await;
            if other.id != backend.id
                && let Some(secret) = secret.map_err(ApiError::from)?
            {
                let other = self.address_with(&other, &secret).await?;
                others.push(Sensitive::new(other.address));
            }
        }
        let token = household.secrets.get(&secret_name(&backend)).await.map_err(ApiError::from)?;
        let token = token.ok_or_else(|| no_token(&backend))?;
        let at = household.address(&backend, token)?;
        let name = format!("WatchState: {}", backend.name);
        let hook = Hook { address: Sensitive::new(address), others: &others, name: &name };
        let plex = PLEX.parse().map_err(|_| no_token(&backend))?;
        let (limits, pause) = (household.around.limits(), household.around.pause.clone());
        match register_webhook(&at, &hook, &plex, limits, pause).await {
            Ok(Registered::Entered) => Ok(WebhookRegistered { already: false, advice }),
            Ok(Registered::Already) => Ok(WebhookRegistered { already: true, advice }),
            Ok(Registered::NoPlugin) => Err(Failure::usage(
                "This Jellyfin has no webhook plugin that works",
                "Install Webhook in Jellyfin (Dashboard, Plugins, Catalog), restart Jellyfin, and try again",
            )),
            Err(error) => Err(cannot_register(&backend, at.kind, &error)),
        }
    }

    async fn backend_with_webhooks(&self, backend: BackendId) -> Result<Backend, Failure> {
        let backend = self.backend(backend).await?;
        if ServerKind::from_name(&backend.kind) == Some(ServerKind::Kodi) {
            return Err(Failure::usage(
                "Kodi sends no webhooks",
                "Nothing is missing: WatchState asks it by itself",
            ));
        }
        Ok(backend)
    }

    async fn new_webhook_secret(
        &self,
        household: &Household,
        backend: &Backend,
    ) -> Result<Sensitive<String>, Failure> {
        let secret = new_secret();
        let name = webhook_secret_name(backend.id);
        household.secrets.put(&name, &secret).await.map_err(ApiError::from)?;
        self.webhooks.doors.set(doors_of(household).await?);
        Ok(secret)
    }

    async fn address_with(
        &self,
        backend: &Backend,
        secret: &Sensitive<String>,
    ) -> Result<WebhookAddress, Failure> {
        let at = self.settable()?.webhook_place();
        let server = backend.url.parse::<Url>().ok();
        let here = SocketAddr::new(reached_at(at.ip(), server.as_ref()).await, at.port());
        Ok(WebhookAddress {
            address: format!("http://{here}{PATH}{}", secret.expose()),
            advice: self.why_nothing_comes(at.ip(), server.as_ref()),
        })
    }

    fn why_nothing_comes(&self, at: IpAddr, server: Option<&Url>) -> Option<Advice> {
        let Stands { state, trouble, .. } = locked(&self.webhooks.stands).clone();
        let advice = |what, todo| Some(Failure::usage(what, todo).advice());
        if state == WebhookState::Off {
            return advice(
                "WatchState does not listen for webhooks",
                "Switch it on in Settings (WS_WEBHOOK)",
            );
        }
        if trouble.is_some() {
            return trouble;
        }
        if at.is_loopback() && !server.is_some_and(is_here) {
            return advice(
                "This address is good on this computer only, and the server is on another one",
                "Let WatchState listen in the network (WS_WEBHOOK_BIND)",
            );
        }
        None
    }

    /// Brings the listener to what the settings say. Whether to try again by and by.
    async fn look_after_webhooks(
        &self,
        open: &mut Option<Listener>,
        reception: &Arc<Reception>,
    ) -> bool {
        let household = self.household();
        let wanted = household.around.book.as_ref().and_then(|book| book.webhooks());
        let keep = open.as_ref().is_some_and(|open| Some(open.at()) == wanted);
        if !keep && let Some(open) = open.take() {
            open.close().await;
        }
        let stands = match wanted {
            None => Stands::default(),
            Some(at) => {
                let listens = self.listen_for_webhooks(at, open, reception, &household).await;
                let trouble = listens.err().map(Failure::advice);
                let state = match trouble {
                    None => WebhookState::Listening,
                    Some(_) => WebhookState::Trouble,
                };
                Stands { state, at: Some(at), trouble }
            }
        };
        let again = stands.state == WebhookState::Trouble;
        let before = std::mem::replace(&mut *locked(&self.webhooks.stands), stands.clone());
        if before != stands {
            if let Some(trouble) = stands.trouble {
                tracing::warn!(what = trouble.what, "no webhooks are listened for");
            }
            self.changed(&[Tag::Webhooks]);
        }
        again
    }

    async fn listen_for_webhooks(
        &self,
        at: SocketAddr,
        open: &mut Option<Listener>,
        reception: &Arc<Reception>,
        household: &Household,
    ) -> Result<(), Failure> {
        let doors = match doors_of(household).await {
            Ok(doors) => doors,
            Err(failure) => {
                // Without its doors it would send everybody away for good.
                if let Some(open) = open.take() {
                    open.close().await;
                }
                return Err(failure);
            }
        };
        self.webhooks.doors.set(doors);
        if open.is_none() {
            let pause = household.around.pause.clone();
            let opened = Listener::open(at, reception.clone(), pause).await;
            *open = Some(opened.map_err(|error| cannot_listen(at, &error))?);
        }
        Ok(())
    }
}

/// Looks after the listener whenever something may be different, and by and by while it is in trouble.
async fn tend(
    app: Weak<App>,
    reception: Arc<Reception>,
    mut looks: watch::Receiver<u64>,
    end: CancellationToken,
) {
    let mut open = None;
    loop {
        let (again, pause) = {
            let Some(app) = app.upgrade() else { return };
            looks.mark_unchanged();
            let pause = app.household().around.pause.clone();
            let again = select! {
                () = end.cancelled() => break,
                again = app.look_after_webhooks(&mut open, &reception) => again,
            };
            (again, pause)
        };
        select! {
            () = end.cancelled() => break,
            changed = looks.changed() => if changed.is_err() { break },
            () = pause.pause(AGAIN), if again => {}
        }
    }
    if let Some(open) = open {
        open.close().await;
    }
}

/// The doors of all backends that were ever given an address.
async fn doors_of(household: &Household) -> Result<Vec<Door>, Failure> {
    let mut doors = Vec::new();
    for backend in household.backends().await? {
        let name = webhook_secret_name(backend.id);
        if let Some(secret) = household.secrets.get(&name).await.map_err(ApiError::from)? {
            doors.extend(Door::of(backend, secret, household.store().clone()));
        }
    }
    Ok(doors)
}

fn no_token(backend: &Backend) -> Failure {
    let what = format!("{}: its token is not where tokens are kept", backend.name);
    Failure::new(FailureKind::Server, what, "Sign in again")
}

fn cannot_register(backend: &Backend, kind: ServerKind, error: &ServerError) -> Failure {
    match (kind, error.fault) {
        (_, Fault::Unsupported) => Failure::usage(
            format!("{} has no way for a program to enter a webhook", kind.title()),
            "Enter the address yourself; the guide says where",
        ),
        (ServerKind::Plex, Fault::Forbidden | Fault::Refused) => Failure::usage(
            "Plex did not take the webhook: it takes them from accounts with Plex Pass only",
            "Nothing is missing without it: WatchState hears of most things by itself",
        ),
        (ServerKind::Plex, Fault::Unauthorized) => Failure::usage(
            "plex.tv does not know this token: it may be good for the server alone",
            "Enter the address yourself; the guide says where",
        ),
        (ServerKind::Jellyfin, Fault::Forbidden) => Failure::usage(
            "Jellyfin lets only administrators enter webhooks",
            "Enter the address yourself as an administrator; the guide says where",
        ),
        _ => Failure::of_server(&backend.name, error),
    }
}

fn cannot_listen(at: SocketAddr, error: &io::Error) -> Failure {
    let (what, todo) = match error.kind() {
        io::ErrorKind::AddrInUse => (
            format!("Port {} is used by another program", at.port()),
            "Choose another port for webhooks in Settings, or close that program",
        ),
        io::ErrorKind::AddrNotAvailable => (
            format!("This computer does not have the address {}", at.ip()),
            "Choose where to listen for webhooks in Settings",
        ),
        kind => (
            format!("Webhooks cannot be listened for at {at} ({kind})"),
            "Choose another place and port for webhooks in Settings",
        ),
    };
    Failure::new(FailureKind::Usage, what, todo)
}

/// Whether a server is on this computer, by its address.
fn is_here(server: &Url) -> bool {
    match server.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Under which address a server reaches what listens here. Who listens everywhere is reached where the way to
/// that server begins; nothing is sent to it to find that out.
async fn reached_at(listens: IpAddr, server: Option<&Url>) -> IpAddr {
    if !listens.is_unspecified() {
        return listens;
    }
    way_to(listens, server).await.unwrap_or(listens)
}

async fn way_to(from: IpAddr, server: Option<&Url>) -> Option<IpAddr> {
    let server = server?;
    let place = (server.host_str()?.trim_matches(['[', ']']), server.port_or_known_default()?);
    let there = lookup_host(place).await.ok()?.find(|there| there.is_ipv4() == from.is_ipv4())?;
    let socket = UdpSocket::bind(SocketAddr::new(from, 0)).await.ok()?;
    socket.connect(there).await.ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn where_a_server_reaches_us() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        for (server, here) in [
            ("http://127.0.0.1:8096", true),
            ("http://localhost:32400", true),
            ("http://[::1]:8096", true),
            ("http://192.0.2.7:8096", false),
            ("https://media.example.org", false),
        ] {
            assert_eq!(is_here(&url(server)), here, "{server}");
        }
        let any: IpAddr = "0.0.0.0".parse().unwrap();
        let loopback: IpAddr = "127.0.0.1".parse().unwrap();
        let chosen: IpAddr = "192.0.2.1".parse().unwrap();
        let local = url("http://127.0.0.1:8096");
        assert_eq!(
            reached_at(loopback, Some(&url("http://192.0.2.7"))).await,
            loopback,
            "as it is said"
        );
        assert_eq!(reached_at(chosen, Some(&local)).await, chosen);
        assert_eq!(reached_at(any, Some(&local)).await, loopback, "the way there begins here");
        assert_eq!(reached_at(any, None).await, any, "nobody knows");
    }
}
