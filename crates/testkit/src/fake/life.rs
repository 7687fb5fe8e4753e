//! What becomes of items after they were added, none of which is an act on anyone's marks.

use watchstate_model::{ItemKey, Moment};

use super::library::{Library, Refused};
use super::marks::Mark;
use super::titles::{Entry, What};
use super::told::News;

impl Library {
    /// An item vanishes. Jellyfin and Emby keep its marks under the title's key: should it come back, it
    /// is watched again.
    pub fn remove(&mut self, key: &str) -> Result<(), Refused> {
        let place = self.place(key).ok_or(Refused::NoSuchItem)?;
        let entry = self.entries.remove(place);
        self.tell_removed(&entry);
        self.copies[entry.slot] -= 1;
        self.lagging.retain(|(_, serial), _| *serial != entry.serial);
        self.sittings.retain(|sitting| sitting.item != entry.key);
        self.places = self.entries.iter().enumerate().map(|(i, e)| (e.key.clone(), i)).collect();
        Ok(())
    }

    /// The file is replaced by a better one: the add date moves. With `lose_marks` everyone's marks go.
    pub fn replace_file(
        &mut self,
        key: &str,
        path: Option<&str>,
        lose_marks: bool,
        at: Moment,
    ) -> Result<(), Refused> {
        let place = self.place(key).ok_or(Refused::NoSuchItem)?;
        self.entries[place].added_at = at;
        if let Some(path) = path {
            path.clone_into(&mut self.entries[place].path);
        }
        if lose_marks {
            self.lose_marks(place);
        }
        let key = self.entries[place].key.clone();
        self.tell(None, &key, News::Refreshed);
        Ok(())
    }

    /// The item comes back under another key, with or without its marks.
    pub fn rekey(&mut self, key: &str, lose_marks: bool, at: Moment) -> Result<ItemKey, Refused> {
        let place = self.place(key).ok_or(Refused::NoSuchItem)?;
        let serial = self.next();
        let new = self.key_of(serial);
        if lose_marks {
            self.lose_marks(place);
        }
        let gone = self.entries[place].clone();
        self.tell_removed(&gone);
        let entry = &mut self.entries[place];
        let old = std::mem::replace(&mut entry.key, new.clone());
        entry.added_at = at;
        self.places.remove(&old);
        self.places.insert(new.clone(), place);
        self.sittings.retain(|sitting| sitting.item != old);
        self.tell(None, &new, News::Added);
        Ok(new)
    }

    fn tell_removed(&mut self, entry: &Entry) {
        let (section, movie) = (entry.section.clone(), entry.what == What::Movie);
        self.tell(None, &entry.key, News::Removed { section, movie });
    }

    fn lose_marks(&mut self, place: usize) {
        let (slot, serial) = (self.entries[place].slot, self.entries[place].serial);
        self.lagging.retain(|(_, lagging), _| *lagging != serial);
        if self.copies[slot] > 1 {
            // Another copy keeps them; this one starts anew.
            self.copies[slot] -= 1;
            let fresh = self.fresh_slot();
            self.copies[fresh] = 1;
            self.entries[place].slot = fresh;
        } else {
            for marks in &mut self.marks {
                marks[slot] = Mark::default();
            }
        }
    }

    /// The server is restarted: copies agree again, and nobody plays anything.
    pub fn restart(&mut self) {
        self.lagging.clear();
        self.sittings.clear();
    }
}

#[cfg(test)]
mod tests {
    use watchstate_model::{LibraryKey, Provider};
    use watchstate_servers::ServerKind;

    use super::*;
    use crate::fake::people::{Device, UserNo};
    use crate::fake::titles::{Holds, NewItem, NewShow};

    const ANA: UserNo = UserNo(0);
    const NOW: Moment = Moment(1_700_000_000);
    const LATER: Moment = Moment(1_700_100_000);

    fn house(kind: ServerKind, version: &str) -> (Library, LibraryKey) {
        let mut library = Library::new(kind, version);
        library.add_user("ana");
        let movies = library.add_section("Movies", Holds::Movies);
        (library, movies)
    }

    fn dune() -> NewItem {
        NewItem::movie("Dune", 2021).id(Provider::Tmdb, "438631")
    }

    #[test]
    fn what_comes_back_is_watched_where_marks_belong_to_the_title() {
        for (kind, version, still_watched) in [
            (ServerKind::Jellyfin, "10.10.7", true),
            (ServerKind::Emby, "3.2.40", true),
            (ServerKind::Plex, "1.40.2", false),
        ] {
            let (mut library, movies) = house(kind, version);
            let key = library.add_movie(&movies, dune(), NOW).unwrap();
            library.watch(ANA, key.as_str(), NOW).unwrap();
            library.remove(key.as_str()).unwrap();
            assert_eq!(library.shows(ANA, key.as_str()), Err(Refused::NoSuchItem));
            let again = library.add_movie(&movies, dune(), LATER).unwrap();
            assert_ne!(again, key, "{kind:?}");
            let shown = library.shows(ANA, again.as_str()).unwrap();
            assert_eq!(shown.played, still_watched, "{kind:?}");
        }
    }

    #[test]
    fn a_new_key_and_a_new_file_with_and_without_marks() {
        for kind in [ServerKind::Jellyfin, ServerKind::Plex] {
            for lose in [false, true] {
                let (mut library, movies) = house(kind, "10.10.7");
                let key = library.add_movie(&movies, dune(), NOW).unwrap();
                library.watch(ANA, key.as_str(), NOW).unwrap();
                let new = library.rekey(key.as_str(), lose, LATER).unwrap();
                assert!(library.entry(key.as_str()).is_none() && new != key);
                let entry = library.entry(new.as_str()).unwrap();
                assert_eq!(entry.added_at, LATER);
                assert_eq!(library.shown(ANA, entry).played, !lose, "{kind:?}");
                library.watch(ANA, new.as_str(), LATER).unwrap();
                library.replace_file(new.as_str(), Some("/better.mkv"), lose, NOW).unwrap();
                let entry = library.entry(new.as_str()).unwrap();
                assert_eq!((entry.path.as_str(), entry.added_at), ("/better.mkv", NOW));
                assert_eq!(library.shown(ANA, entry).played, !lose, "{kind:?}");
            }
        }
    }

    #[test]
    fn two_copies_lag_until_a_restart() {
        let (mut library, movies) = house(ServerKind::Jellyfin, "10.10.7");
        let first = library.add_movie(&movies, dune(), NOW).unwrap();
        let second = library.add_movie(&movies, dune(), NOW).unwrap();
        let played = |library: &Library, key: &ItemKey| {
            let entry = library.entry(key.as_str()).unwrap();
            (library.shown(ANA, entry).played, library.kept(ANA, entry).played)
        };
        library.mark_played(ANA, first.as_str(), None, NOW).unwrap();
        assert_eq!(played(&library, &first), (true, true));
        assert_eq!(played(&library, &second), (false, true), "shown as before, but kept");
        library.mark_unplayed(ANA, second.as_str(), NOW).unwrap();
        assert_eq!(played(&library, &first), (true, false), "now the first one lags");
        library.restart();
        assert_eq!(played(&library, &first), (false, false));
        assert_eq!((library.writes().len(), library.writes_to(second.as_str())), (2, 1));
        library.habits_mut().copies_lag = false;
        library.mark_played(ANA, first.as_str(), None, NOW).unwrap();
        assert_eq!(played(&library, &second), (true, true));
    }

    #[test]
    fn a_copy_that_loses_its_marks_leaves_the_other_alone() {
        let (mut library, movies) = house(ServerKind::Emby, "4.8.11.0");
        let first = library.add_movie(&movies, dune(), NOW).unwrap();
        let second = library.add_movie(&movies, dune(), NOW).unwrap();
        library.watch(ANA, first.as_str(), NOW).unwrap();
        library.restart();
        library.replace_file(second.as_str(), None, true, NOW).unwrap();
        assert!(library.shows(ANA, first.as_str()).unwrap().played);
        assert_eq!(library.shows(ANA, second.as_str()).unwrap(), Mark::default());
    }

    #[test]
    fn a_file_with_two_episodes() {
        for (kind, items) in [(ServerKind::Jellyfin, 1), (ServerKind::Plex, 2)] {
            let mut library = Library::new(kind, "10.10.7");
            library.add_user("ana");
            let shows = library.add_section("Shows", Holds::Shows);
            let show = library.add_show(&shows, NewShow::new("Sisters", 2001), NOW).unwrap();
            library.add_episode(&show, NewItem::episode(1, 2).up_to(3), NOW).unwrap();
            assert_eq!(library.entries().len(), items, "{kind:?}");
            let (second, third) = (library.find("Sisters S01E02"), library.find("Sisters S01E03"));
            assert_eq!(second == third, items == 1, "{kind:?}");
            library.watch(ANA, third.unwrap().as_str(), NOW).unwrap();
            let shown = library.shows(ANA, second.unwrap().as_str()).unwrap();
            assert_eq!(shown.played, items == 1, "{kind:?}");
            assert!(library.entries().iter().all(|e| e.path.ends_with("S01E02-E03.mkv")));
        }
    }

    #[test]
    fn what_is_played_is_seen_until_it_stops_or_vanishes() {
        for kind in [ServerKind::Jellyfin, ServerKind::Emby, ServerKind::Plex] {
            let (mut library, movies) = house(kind, "10.10.7");
            let key = library.add_movie(&movies, dune(), NOW).unwrap();
            library.play(ANA, key.as_str(), Device::television(), NOW).unwrap();
            assert_eq!(library.sittings().len(), 1);
            library.seek(ANA, 1_800_000, NOW).unwrap();
            assert_eq!(library.shows(ANA, key.as_str()).unwrap().position_ms(), 1_800_000);
            library.stop_at(ANA, 3_600_000, NOW).unwrap();
            assert_eq!(library.shows(ANA, key.as_str()).unwrap().position_ms(), 3_600_000);
            assert!(library.sittings().is_empty());
            library.play(ANA, key.as_str(), Device::television(), NOW).unwrap();
            library.remove(key.as_str()).unwrap();
            assert!(library.sittings().is_empty());
            assert!(library.writes().is_empty(), "nothing of it came over the protocol");
        }
    }

    #[test]
    fn a_server_may_be_cloned_and_goes_its_own_way() {
        let (mut library, movies) = house(ServerKind::Plex, "1.40.2");
        let key = library.add_movie(&movies, dune(), NOW).unwrap();
        let before = library.clone();
        library.scrobble(ANA, key.as_str(), NOW).unwrap();
        assert!(library.shows(ANA, key.as_str()).unwrap().played);
        assert_eq!(before.shows(ANA, key.as_str()).unwrap(), Mark::default());
        assert_eq!((library.writes().len(), before.writes().len()), (1, 0));
    }
}
