//! Why: one reason for every decision, as a code for programs and a sentence for people.

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $sentence:literal;)*) => {
        /// Why something was decided. Each reason is written into the journal by its code.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Because {
            $($(#[$doc])* $name,)*
        }

        impl Because {
            /// Every reason there is.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable code that is stored.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The reason in plain words.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }
        }
    };
}

reasons! {
    // What an observation meant.
    /// The observation equals the baseline.
    SameAsBaseline = "same_as_baseline", "nothing changed there since we last agreed";
    /// Count or date moved, mark and position did not.
    OnlyTracesMoved = "only_traces_moved", "only the play count or the date moved, not the mark";
    /// A position that is no progress.
    TooSmallToTell = "too_small_to_tell", "the position is a look inside or the credits, not progress";
    /// First sight, and it agrees with us.
    FirstSightAgrees = "first_sight_agrees", "seen there for the first time, and it agrees";
    /// First sight of a mark we did not have.
    FirstSightAdds = "first_sight_adds", "seen there for the first time: what it knows more is taken, nothing is taken away";
    /// First sight of an item that knows less than we do.
    FirstSightKnowsLess = "first_sight_knows_less", "seen there for the first time, and it knows less than we do: a first look never un-watches";
    /// Unwatched or started became watched.
    Watched = "watched", "watched there";
    /// Watched again: the play count rose.
    WatchedAgain = "watched_again", "watched there again";
    /// The date of the play moved on.
    PlayedLater = "played_later", "played or marked once more there";
    /// A position appeared or moved.
    Progressed = "progressed", "played on there";
    /// A position appeared on a watched title.
    RewatchBegun = "rewatch_begun", "a rewatch was begun there: it stays watched, and the place is kept";
    /// A position appeared on a title that was watched a moment ago.
    JustWatched = "just_watched", "watched only a moment ago: a place in it is no rewatch yet";
    /// A position was taken away.
    PositionCleared = "position_cleared", "the place to go on was cleared there";
    /// A person took the watched mark away.
    Unwatched = "unwatched", "marked unwatched there";
    /// A session began or was dropped and cleared the mark.
    Reopened = "reopened", "only opened again there, not marked unwatched: the mark is restored";
    /// A new key, or a new add date, came without the mark.
    FileReplaced = "file_replaced", "the file or its entry was replaced there and lost its mark: it is restored";
    /// A place that is older than what was shown before.
    OlderThanBefore = "older_than_before", "it shows an older place, with an older date, than it did before, as after restoring a back-up: ours is kept";
    /// Another change is later.
    LaterChangeElsewhere = "later_change_elsewhere", "a later change elsewhere wins";
    /// The account's marks are never taken.
    MetadataOnly = "metadata_only", "import from there is set to metadata only";
    /// The account's marks are not read.
    ImportOff = "import_off", "import from there is off";
    /// Our own write came back.
    OwnWrite = "own_write", "our own write came back";
    /// Only a part of our own write was done.
    OwnWriteUnfinished = "own_write_unfinished", "our own write was half done there and is finished";

    /// A person decided in the window.
    MarkedByHand = "marked_by_hand", "marked by you in WatchState";
    /// A person restored a backup that says so.
    RestoredFromBackup = "restored_from_backup", "restored by you from a backup";
    /// A person restored a backup exactly, and it does not list the title.
    NotInBackup = "not_in_backup", "not in the backup that you restored exactly";

    /// A person took a change back.
    Undone = "undone", "undone by you";
    /// A person wanted an account to be as it was in a snapshot.
    Restored = "restored", "restored by you from a snapshot";

    // Which title an item is.
    /// Identified by external ids.
    SameIds = "same_ids", "the external ids are the same";
    /// Identified by series, season and episode.
    SameEpisode = "same_episode", "the same season and episode of the same series";
    /// A title nobody had before.
    NewTitle = "new_title", "nobody had it before";
    /// Nothing we know of has these ids.
    NobodyHasIt = "nobody_has_it", "no server of yours has a title with these ids";
    /// An episode of nowhere.
    NoPlace = "no_place", "it does not say which season and episode it is";
    /// No usable ids.
    NoIds = "no_ids", "it has no external id that we know, so it cannot be matched";
    /// Ids of several titles.
    ConflictingIds = "conflicting_ids", "its ids belong to different titles: it is not guessed which is right";
    /// The id belongs to another episode.
    ConflictingEpisode = "conflicting_episode", "its id belongs to another season or episode: it is not guessed which is right";
    /// More episodes in one file than anybody would put there.
    TooManyEpisodes = "too_many_episodes", "the file claims more episodes than a file can hold";

    // What is told to whom.
    /// The account shows something else than we hold.
    Differs = "differs", "it shows something else than the other servers";
    /// Nobody decided anything about this title: it is told to nobody.
    NothingDecided = "nothing_decided", "nothing is held of this title, so what is shown there is left alone";
    /// Export is off.
    ExportOff = "export_off", "export to there is off";
    /// Somebody is watching it.
    BeingPlayed = "being_played", "it is being played there now: told when playing ends";
    /// Who is playing what could not be read.
    SessionsUnknown = "sessions_unknown", "who is playing there could not be read: told when it can";
    /// A file with several episodes that are not all in the same state.
    EpisodesDiffer = "episodes_differ", "one file holds several episodes, and not all of them are in the same state";
    /// The account has no copy.
    NotThere = "not_there", "it has no copy there";
    /// The server took the write but shows something else.
    NotTaken = "not_taken", "the server accepted the write but does not show it";
    /// The item is gone.
    ItemGone = "item_gone", "the item is not there any more";
    /// The server refused.
    Refused = "refused", "the server refused the write";
    /// A transient failure.
    TryAgain = "try_again", "the server did not answer as it should: tried again";
    /// Delivered and read back.
    Delivered = "delivered", "written, and read back";
    /// Nothing to write.
    AlreadyThere = "already_there", "it showed so already";
    /// Too many un-watches at once.
    Brake = "brake", "too many titles would become unwatched at once: held until you decide";
    /// An account's latest marks are gone, all at once.
    RolledBack = "rolled_back", "the latest marks there are gone all at once, as after restoring a back-up: held until you decide";
    /// A person said that the mark stays.
    Rejected = "rejected", "refused by you: it stays watched, and the mark is restored there";
    /// Approved by a person.
    Approved = "approved", "approved by you";
    /// What a change led to is not there any more, so it cannot be taken back.
    ChangedSince = "changed_since", "changed since, so it is left as it is";
    /// A person wants the title left alone.
    LeftAlone = "left_alone", "you want this title left alone";
    /// The server stamps its own date or count.
    TracesNotTaken = "traces_not_taken", "the mark and the place go back; the date or the play count cannot be written there";
    /// The server cannot be told a position.
    PlaceNotTaken = "place_not_taken", "the mark goes back; the place to go on cannot be written there";
    /// What a copy showed at the time of a snapshot cannot be read.
    SnapshotUnreadable = "snapshot_unreadable", "this part of the snapshot cannot be read, so it is left as it is";
    /// The first export to a backend.
    FirstExport = "first_export", "the first export to this backend waits for your yes";
}

impl Because {
    /// Whether a write for this reason brings back what a copy showed once, count and date included.
    pub fn brings_back(self) -> bool {
        matches!(self, Self::Undone | Self::Restored)
    }

    /// The reason of a stored code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|because| because.code() == code)
    }
}

impl std::fmt::Display for Because {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.sentence())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_and_found_again() {
        let codes: BTreeSet<_> = Because::ALL.iter().map(|b| b.code()).collect();
        assert_eq!(codes.len(), Because::ALL.len());
        for because in Because::ALL {
            assert_eq!(Because::from_code(because.code()), Some(*because));
        }
        assert_eq!(Because::from_code("gone_with_the_wind"), None);
    }
}
