//! The Jellyfin client against recordings of genuine servers (10.8.6 and 10.10.7) and against answers that
//! no server should give.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "jellyfin/check.rs"]
mod check;
#[path = "jellyfin/lately.rs"]
mod lately;
mod mediabrowser;
#[path = "jellyfin/odd.rs"]
mod odd;
#[path = "jellyfin/reading.rs"]
mod reading;
#[path = "jellyfin/trouble.rs"]
mod trouble;
#[path = "jellyfin/writing.rs"]
mod writing;

use mediabrowser::{NOW, Stage, Waits, address, limits, recorded};
use watchstate_model::{LibraryKey, Position};
use watchstate_servers::jellyfin::Jellyfin;
use watchstate_servers::{Library, LibraryKind, MediaServer, ServerKind};

const OLD: &str = "jellyfin-10.8.6";
const NEW: &str = "jellyfin-10.10.7";
const BOTH: [(&str, &str); 2] =
    [(OLD, "5ff5dec47b84424fae73796cd2e7b98e"), (NEW, "a1b2004c4b58489fbf882c16e30fffcd")];
const SINTEL: &str = "6073316aa82c33afb89a02d3619a2480";
const MATRIX: &str = "1bbb1dc4bf56f45974003cc26f3c4391";
const SHOW: &str = "7cdc384c3fb7da40bc2114dd6a801ffe";

/// A server that is known and whose token belongs to root.
async fn stage(server: &str) -> Stage {
    let stage = Stage::open().await;
    stage
        .on("GET /System/Info/Public", recorded(server, "01-public-info"))
        .on("GET /Users/Me", recorded(server, "12-users-me"))
        .on("GET /Users", recorded(server, "13-users"));
    stage
}

fn client(stage: &Stage, user: Option<&str>) -> Jellyfin {
    let address = address(ServerKind::Jellyfin, &stage.url, user);
    Jellyfin::new(address, limits(), Waits::at(NOW)).unwrap()
}

/// The same, checked, and what that asked forgotten.
async fn checked(stage: &Stage) -> Jellyfin {
    let client = client(stage, None);
    client.check().await.unwrap();
    stage.seen();
    client
}

fn library(kind: LibraryKind) -> Library {
    Library { key: LibraryKey::from("lib"), name: String::new(), kind }
}

fn position(ms: u64) -> Position {
    Position::from_ms(ms).unwrap()
}
