//! A household's library for demos and tests: the same titles on every kind of server.

use watchstate_model::{Moment, Provider};

use super::library::{Library, mixed};
use super::people::UserNo;
use super::titles::{Holds, NewItem, NewShow};

/// When the first of them was added: 2021-01-01, and one more each day.
const FIRST_ADDED: i64 = 1_609_459_200;
const DAY: i64 = 86_400;

/// Films with real names and ids: year, minutes, imdb, tmdb.
const FILMS: [(&str, u16, u32, &str, &str); 16] = [
    ("The Matrix", 1999, 136, "tt0133093", "603"),
    ("Inception", 2010, 148, "tt1375666", "27205"),
    ("Dune", 2021, 155, "tt1160419", "438631"),
    ("Arrival", 2016, 116, "tt2543164", "329865"),
    ("Amélie", 2001, 122, "tt0211915", "194"),
    ("Spirited Away", 2001, 125, "tt0245429", "129"),
    ("Alien", 1979, 117, "tt0078748", "348"),
    ("Blade Runner", 1982, 117, "tt0083658", "78"),
    ("Fargo", 1996, 98, "tt0116282", "275"),
    ("The Big Lebowski", 1998, 117, "tt0118715", "115"),
    ("Parasite", 2019, 133, "tt6751668", "496243"),
    ("Heat", 1995, 170, "tt0113277", "949"),
    ("Jaws", 1975, 124, "tt0073195", "578"),
    ("Casablanca", 1942, 102, "tt0034583", "289"),
    ("Big Buck Bunny", 2008, 10, "tt1254207", "10378"),
    ("Sintel", 2010, 15, "tt1727587", "45745"),
];

/// Name, year, tvdb, imdb, tmdb, and the episodes of each season.
type RealSeries = (&'static str, u16, &'static str, &'static str, &'static str, &'static [u16]);

/// Series with real names and ids: year, tvdb, imdb, tmdb, episodes of each season.
const SERIES: [RealSeries; 5] = [
    ("Breaking Bad", 2008, "81189", "tt0903747", "1396", &[7, 13]),
    ("Fargo", 2014, "269613", "tt2802850", "60622", &[10]),
    ("The Expanse", 2015, "280619", "tt3230854", "63639", &[10, 13]),
    ("Severance", 2022, "371980", "tt11280740", "95396", &[9]),
    ("Planet Earth", 2006, "79257", "tt0795176", "1044", &[11]),
];

/// Words for titles that nobody owns.
const FIRST: [&str; 12] = [
    "Silent", "Crooked", "Paper", "Winter", "Hollow", "Golden", "Borrowed", "Distant", "Electric",
    "Salt", "Velvet", "Thirteen",
];
const SECOND: [&str; 12] = [
    "Harbour",
    "Orchard",
    "Ledger",
    "Letters",
    "Kingdom",
    "Staircase",
    "Meridian",
    "Parade",
    "Lanterns",
    "Machine",
    "Garden",
    "Witness",
];

/// Fills an empty library: 160 films, 12 series and their 200 odd episodes, the people Ana, Ben and Kim
/// where there are none yet, and what they have watched in the past.
pub fn fill(library: &mut Library) {
    if library.people().is_empty() {
        for name in ["ana", "ben", "kim"] {
            library.add_user(name);
        }
    }
    let films = library.add_section("Movies", Holds::Movies);
    let shows = library.add_section("Shows", Holds::Shows);
    library.add_section("Music", Holds::Music);
    let mut day = FIRST_ADDED;
    let mut next_day = || {
        day += DAY;
        Moment(day)
    };
    // The keys of a server just made are always good, so that nothing here can be refused.
    for (name, year, minutes, imdb, tmdb) in FILMS {
        let film = NewItem::movie(name, year)
            .lasting_ms(minutes * 60_000)
            .id(Provider::Imdb, imdb)
            .id(Provider::Tmdb, tmdb);
        let _ = library.add_movie(&films, film, next_day());
    }
    for number in 0..FIRST.len() * SECOND.len() {
        let film = invented(number);
        let _ = library.add_movie(&films, film, next_day());
    }
    for (name, year, tvdb, imdb, tmdb, seasons) in SERIES {
        let show = NewShow::new(name, year)
            .id(Provider::Tvdb, tvdb)
            .id(Provider::Imdb, imdb)
            .id(Provider::Tmdb, tmdb);
        let Ok(show) = library.add_show(&shows, show, next_day()) else { continue };
        for (season, episodes) in seasons.iter().enumerate() {
            for number in 1..=*episodes {
                let episode = NewItem::episode(season as u16 + 1, number);
                let _ = library.add_episode(&show, episode, next_day());
            }
        }
    }
    for number in 0..7 {
        let name = format!("The {} {}", SECOND[number + 2], FIRST[number + 1]);
        let show = NewShow::new(&name, 2000 + number as u16)
            .id(Provider::Tvdb, &(900_100 + number).to_string())
            .id(Provider::Tmdb, &(800_100 + number).to_string());
        let Ok(show) = library.add_show(&shows, show, next_day()) else { continue };
        for season in 1..=2_u16 {
            for episode in 1..=8_u16 {
                let seed = number as u64 * 100 + u64::from(season * 10 + episode);
                let episode = NewItem::episode(season, episode)
                    .lasting_ms(20 * 60_000 + (mixed(seed) % 40) as u32 * 60_000)
                    .id(Provider::Tvdb, &(7_000_000 + seed).to_string());
                let _ = library.add_episode(&show, episode, next_day());
            }
        }
        // One file with two episodes, and a special.
        let _ = library.add_episode(&show, NewItem::episode(2, 9).up_to(10), next_day());
        let _ = library.add_episode(&show, NewItem::episode(0, 1).named("The Special"), next_day());
    }
    remember(library, Moment(day + DAY));
}

/// An invented film: its words and its ids follow from its number.
fn invented(number: usize) -> NewItem {
    let name = format!("{} {}", FIRST[number % FIRST.len()], SECOND[number / FIRST.len()]);
    let seed = mixed(number as u64);
    NewItem::movie(&name, 1960 + (seed % 60) as u16)
        .lasting_ms(80 * 60_000 + (seed % 70) as u32 * 60_000)
        .id(Provider::Tmdb, &(900_000 + number).to_string())
        .id(Provider::Imdb, &format!("tt9{number:06}"))
}

/// What the household watched before: each person about a third, some begun. Which ones follows from the
/// person and the title alone, so that a person's account on another server starts alike.
fn remember(library: &mut Library, after: Moment) {
    let keys: Vec<_> = library.entries().iter().map(|e| (e.key.clone(), e.duration_ms)).collect();
    for user in 0..library.people().len() {
        for (number, (key, duration_ms)) in keys.iter().enumerate() {
            let dice = mixed((user as u64) << 32 | number as u64) % 12;
            let at = Moment(after.0 + number as i64 * 3_600);
            let _ = match dice {
                0..4 => library.watch_at(UserNo(user), key.as_str(), at, at),
                4 => {
                    library.watch_until(UserNo(user), key.as_str(), u64::from(*duration_ms) / 3, at)
                }
                _ => Ok(()),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use watchstate_servers::ServerKind;

    use super::*;

    #[test]
    fn a_few_hundred_titles_on_every_kind() {
        for (kind, version) in [
            (ServerKind::Plex, "1.40.2"),
            (ServerKind::Jellyfin, "10.10.7"),
            (ServerKind::Emby, "4.8.11.0"),
        ] {
            let mut library = Library::new(kind, version);
            fill(&mut library);
            let entries = library.entries().len();
            assert!((350..450).contains(&entries), "{kind:?} has {entries}");
            assert_eq!(library.all_series().len(), 12, "{kind:?}");
            assert!(
                library.find("Dune").is_some() && library.find("Breaking Bad S02E13").is_some()
            );
            assert!(library.find("Fargo").is_some(), "the film, not the series of that name");
            let watched = library.entries().iter().filter(|e| library.shown(UserNo(0), e).played);
            assert!(watched.count() > 90, "{kind:?}");
            assert!(library.writes().is_empty(), "what people did is not counted");
        }
    }
}
