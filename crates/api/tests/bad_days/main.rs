//! Bad days: the disk is full, it cannot be written, another program holds the database, the place of the tokens is
//! gone, each in the middle of an import, an export, an undo, a backup and a migration. Whoever waits is told what
//! is wrong and what to do; nothing is half done and no write is lost or made twice; everything else goes on; and
//! when the bad day is over the next run makes all exactly as it should be.
//!
//! What cannot be made on every machine (a disk of its own, no more rights than anybody has, a keyring) says where
//! it was skipped and why.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "what a test cannot do without may fail it")]

#[path = "../apart/mod.rs"]
mod apart;
mod backup;
mod export;
mod fault;
#[path = "../household/mod.rs"]
mod household;
mod import;
mod middle;
mod migration;
mod story;
mod undo;

/// A bad day of each kind, in the middle of something: `$through` tells how. `$here` is the name of its module.
macro_rules! bad_days {
    ($here:literal, $through:ident) => {
        #[tokio::test]
        async fn the_disk_is_full() {
            let test = concat!($here, "::the_disk_is_full");
            $crate::apart::within(test, $through($crate::fault::Fault::DiskFull)).await;
        }

        #[tokio::test]
        async fn a_small_disk_is_full() {
            let test = concat!($here, "::a_small_disk_is_full");
            if let Some(disk) = $crate::apart::on_a_small_disk(test).await {
                $through($crate::fault::Fault::SmallDiskFull(disk)).await;
            }
        }

        #[tokio::test]
        async fn the_disk_is_read_only() {
            let test = concat!($here, "::the_disk_is_read_only");
            if let Some(place) = $crate::apart::as_anybody(test).await {
                $through($crate::fault::Fault::DiskReadOnly(place)).await;
            }
        }

        #[tokio::test]
        async fn another_program_locks_the_database() {
            let test = concat!($here, "::another_program_locks_the_database");
            $crate::apart::within(test, $through($crate::fault::Fault::DatabaseLocked)).await;
        }

        #[tokio::test]
        async fn the_tokens_are_torn() {
            let test = concat!($here, "::the_tokens_are_torn");
            $crate::apart::within(test, $through($crate::fault::Fault::TokensTorn)).await;
        }

        #[tokio::test]
        async fn the_keyring_is_locked() {
            let test = concat!($here, "::the_keyring_is_locked");
            if let Some(place) = $crate::apart::beside_a_keyring(test).await {
                $through($crate::fault::Fault::KeyringLocked(place)).await;
            }
        }

        #[tokio::test]
        async fn the_keyring_is_gone() {
            let test = concat!($here, "::the_keyring_is_gone");
            if let Some(place) = $crate::apart::beside_a_keyring(test).await {
                $through($crate::fault::Fault::KeyringGone(place)).await;
            }
        }
    };
}
pub(crate) use bad_days;
