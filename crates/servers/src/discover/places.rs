//! Where servers are looked for.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use url::Url;

use crate::ServerKind;

/// Where servers are looked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Places {
    /// What is asked, of which network.
    pub asks: Vec<Ask>,
    /// Where is knocked.
    pub doors: Vec<Door>,
}

/// A question to a network.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ask {
    /// The question.
    pub question: Question,
    /// Our own address there.
    pub from: Ipv4Addr,
    /// Whom it is sent to: one, all, or all who listen to a group.
    pub to: SocketAddrV4,
}

/// A question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Question {
    /// Are there Jellyfin servers?
    Jellyfin,
    /// Are there Emby servers?
    Emby,
    /// Are there Plex servers?
    Plex,
}

impl Question {
    /// The kind of those who answer.
    pub fn kind(self) -> ServerKind {
        match self {
            Self::Jellyfin => ServerKind::Jellyfin,
            Self::Emby => ServerKind::Emby,
            Self::Plex => ServerKind::Plex,
        }
    }

    /// What is sent; see the table at [`super`].
    pub(super) fn payload(self) -> &'static [u8] {
        match self {
            Self::Jellyfin => b"who is JellyfinServer?",
            Self::Emby => b"who is EmbyServer?",
            Self::Plex => b"M-SEARCH * HTTP/1.0",
        }
    }

    /// The port that is listened at.
    fn port(self) -> u16 {
        match self {
            Self::Jellyfin | Self::Emby => 7359,
            Self::Plex => 32414,
        }
    }
}

/// An address where a server may be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Door {
    /// Which kind is expected. Jellyfin and Emby are told apart by their answer.
    pub kind: ServerKind,
    /// Where.
    pub url: Url,
}

/// The group that Plex listens to (python-plexapi `gdm.py`).
const PLEX_GROUP: Ipv4Addr = Ipv4Addr::new(239, 0, 0, 250);

impl Places {
    /// The usual ports of this computer alone: nothing leaves it.
    pub fn this_computer() -> Self {
        Self { asks: Vec::new(), doors: usual_doors() }
    }

    /// The networks of this computer, and its usual ports.
    pub fn around_here() -> Self {
        let networks = match if_addrs::get_if_addrs() {
            Ok(networks) => networks,
            Err(error) => {
                tracing::debug!(%error, "the networks of this computer are not known");
                Vec::new()
            }
        };
        let networks = networks.into_iter().filter_map(|network| match network.addr {
            if_addrs::IfAddr::V4(v4) if !v4.ip.is_loopback() => Some((v4.ip, v4.broadcast)),
            _ => None,
        });
        let mut networks: Vec<_> = networks.collect();
        if networks.is_empty() {
            // Better asked by whatever way the system takes than not at all.
            networks.push((Ipv4Addr::UNSPECIFIED, None));
        }
        Self { asks: asks(&networks), doors: usual_doors() }
    }
}

/// The questions to networks, each given by our address there and its broadcast address.
fn asks(networks: &[(Ipv4Addr, Option<Ipv4Addr>)]) -> Vec<Ask> {
    let mut asks = Vec::new();
    for (from, broadcast) in networks {
        for question in [Question::Jellyfin, Question::Emby, Question::Plex] {
            let group = (question == Question::Plex).then_some(PLEX_GROUP);
            for to in [group, Some(Ipv4Addr::BROADCAST), *broadcast].into_iter().flatten() {
                let to = SocketAddrV4::new(to, question.port());
                asks.push(Ask { question, from: *from, to });
            }
        }
    }
    asks
}

/// Where servers listen unless they are told otherwise, on this computer.
fn usual_doors() -> Vec<Door> {
    [
        (ServerKind::Jellyfin, "http://127.0.0.1:8096"),
        (ServerKind::Jellyfin, "https://127.0.0.1:8920"),
        (ServerKind::Plex, "http://127.0.0.1:32400"),
        (ServerKind::Kodi, "http://127.0.0.1:8080"),
    ]
    .into_iter()
    .filter_map(|(kind, url)| Some(Door { kind, url: url.parse().ok()? }))
    .collect()
}

/// A socket to ask from, on any free port.
pub(super) fn socket(ask: &Ask) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    if ask.to.ip().is_multicast() {
        socket.set_multicast_if_v4(&ask.from)?;
        socket.set_multicast_ttl_v4(2)?;
    } else {
        socket.set_broadcast(true)?;
    }
    socket.bind(&SocketAddr::from((ask.from, 0)).into())?;
    UdpSocket::from_std(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_network_is_asked_everything() {
        let home = (Ipv4Addr::new(192, 168, 1, 7), Some(Ipv4Addr::new(192, 168, 1, 255)));
        let asks = asks(&[home, (Ipv4Addr::new(10, 0, 0, 2), None)]);
        let told: Vec<_> =
            asks.iter().map(|ask| (ask.from.to_string(), ask.to.to_string())).collect();
        for (from, to) in [
            ("192.168.1.7", "255.255.255.255:7359"),
            ("192.168.1.7", "192.168.1.255:7359"),
            ("192.168.1.7", "239.0.0.250:32414"),
            ("192.168.1.7", "192.168.1.255:32414"),
            ("10.0.0.2", "255.255.255.255:7359"),
            ("10.0.0.2", "239.0.0.250:32414"),
        ] {
            assert!(told.contains(&(from.to_owned(), to.to_owned())), "{from} asks {to}: {told:?}");
        }
        assert_eq!(asks.len(), 7 + 4);
        assert_eq!(usual_doors().len(), 4);
        assert!(!Places::around_here().asks.is_empty(), "there is always somebody to ask");
    }
}
