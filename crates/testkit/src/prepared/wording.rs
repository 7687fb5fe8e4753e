//! The texts of Jellyfin 10.10, as `jellyfin-10.10.7` was recorded: `26-items-all.json` without the fields
//! that our client does not ask for, `25-views.json`, `12-users-me.json`, `01-public-info.json`.

use std::io::Write as _;

use jiff::Timestamp;
use serde::Deserialize;

use super::library::{Part, UserData, What, hex, key, show_key, thrown};
use super::{Stock, USER};

const WORDS: [&str; 32] = [
    "Amber",
    "Bridge",
    "Candle",
    "Desert",
    "Echo",
    "Forest",
    "Garden",
    "Harbour",
    "Island",
    "Journey",
    "Kingdom",
    "Lantern",
    "Mirror",
    "Night",
    "Ocean",
    "Promise",
    "Quarry",
    "River",
    "Shadow",
    "Thunder",
    "Umbrella",
    "Valley",
    "Winter",
    "Xylophone",
    "Yesterday",
    "Zephyr",
    "Stranger",
    "Daughter",
    "Silence",
    "Station",
    "Orchard",
    "Machine",
];

/// Larger than any id that is made, and prime: `i * step % PRIME` repeats nothing.
const PRIME: u64 = 10_000_019;

fn id(stock: &Stock, what: u64, step: u64) -> u64 {
    (what * step + stock.seed % 1000) % PRIME + 1
}

fn name(stock: &Stock, what: u64) -> String {
    let n = thrown(stock.seed, what);
    let word = |shift: u32| WORDS[usize::try_from(n >> shift & 31).unwrap_or(0)];
    match n >> 20 & 3 {
        0 => format!("The {} {}", word(0), word(5)),
        1 => format!("{} of the {}", word(0), word(5)),
        2 => format!("{} {} {}", word(0), word(5), word(10)),
        _ => format!("A {} in the {}", word(0), word(5)),
    }
}

fn date(seconds: i64) -> String {
    let at = Timestamp::from_second(seconds).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%S.1880858Z").to_string()
}

/// `UserData` of an item, and the answer to a write.
pub(super) fn user_data(to: &mut Vec<u8>, title: u32, data: &UserData) {
    let UserData { played, plays, ticks, last_played } = *data;
    to.push(b'{');
    if ticks > 0 {
        to.extend_from_slice(br#""PlayedPercentage":21.327014218009478,"#);
    }
    let _ =
        write!(to, r#""PlaybackPositionTicks":{ticks},"PlayCount":{plays},"IsFavorite":false,"#);
    if let Some(at) = last_played.and_then(|at| Timestamp::from_second(at).ok()) {
        let at = at.strftime("%Y-%m-%dT%H:%M:%S.0000000Z");
        let _ = write!(to, r#""LastPlayedDate":"{at}","#);
    }
    let _ = write!(
        to,
        r#""Played":{played},"Key":"{title}","ItemId":"00000000000000000000000000000000"}}"#
    );
}

/// A film or an episode.
pub(super) fn item(
    to: &mut Vec<u8>,
    stock: &Stock,
    title: u32,
    place: usize,
    data: &UserData,
    part: Part,
) {
    let what = u64::from(title);
    let own = name(stock, what);
    let year = 1960 + thrown(stock.seed, what) % 65;
    let server = hex(stock, 1 << 50);
    let key = key(stock, title);
    let full = part == Part::Full;
    let place = i64::try_from(place).unwrap_or(0);
    let _ = write!(
        to,
        r#"{{"Name":"{own}","ServerId":"{server}","Id":"{key}","DateCreated":"{}","Container":"mkv","PremiereDate":"{year}-05-17T00:00:00.0000000Z","#,
        date(1_500_000_000 + place * 600),
    );
    let (imdb, tmdb) = (id(stock, what, 7_368_787), id(stock, what, 4_256_233));
    match stock.what(title) {
        What::Movie => {
            if full {
                let _ = write!(
                    to,
                    r#""Path":"/media/movies/{own} ({year})/{own} ({year}) {what}.mkv","#
                );
            }
            let _ = write!(
                to,
                r#""ChannelId":null,"RunTimeTicks":{},"ProductionYear":{year},"#,
                42_000_000_000 + what % 1000 * 10_000_000
            );
            if full {
                let _ = write!(to, r#""ProviderIds":{{"Imdb":"tt{imdb:07}","Tmdb":"{tmdb}"}},"#);
            }
            let _ = write!(to, r#""IsFolder":false,"Type":"Movie","UserData":"#);
            user_data(to, title, data);
        }
        What::Episode(show, season, number) => {
            let series = name(stock, u64::from(show) | 1 << 40);
            let series_key = show_key(stock, show);
            let season_key = hex(stock, u64::from(show * 100 + season) | 1 << 41);
            if full {
                let _ = write!(
                    to,
                    r#""Path":"/media/tv/{series} {show}/Season {season:02}/{series} - S{season:02}E{number:02}.mkv","#
                );
            }
            let _ = write!(
                to,
                r#""ChannelId":null,"RunTimeTicks":{},"ProductionYear":{year},"IndexNumber":{number},"ParentIndexNumber":{season},"#,
                24_000_000_000 + what % 1000 * 1_000_000
            );
            if full {
                let tvdb = id(stock, what, 2_750_159);
                let _ = write!(
                    to,
                    r#""ProviderIds":{{"Tvdb":"{tvdb}","Imdb":"tt{imdb:07}","Tmdb":"{tmdb}"}},"#
                );
            }
            let _ = write!(to, r#""IsFolder":false,"Type":"Episode","UserData":"#);
            user_data(to, title, data);
            let _ = write!(
                to,
                r#","SeriesName":"{series}","SeriesId":"{series_key}","SeasonId":"{season_key}","SeasonName":"Season {season}""#
            );
        }
    }
    to.extend_from_slice(
        br#","VideoType":"VideoFile","ImageTags":{},"BackdropImageTags":[],"ImageBlurHashes":{},"LocationType":"FileSystem","MediaType":"Video"}"#,
    );
}

/// A series.
pub(super) fn show(to: &mut Vec<u8>, stock: &Stock, show: u32) {
    let what = u64::from(show) | 1 << 40;
    let (name, key, server) = (name(stock, what), show_key(stock, show), hex(stock, 1 << 50));
    let number = u64::from(show);
    let (imdb, tmdb, tvdb) =
        (id(stock, number, 6_364_136), id(stock, number, 1_442_695), id(stock, number, 3_935_559));
    let _ = write!(
        to,
        r#"{{"Name":"{name}","ServerId":"{server}","Id":"{key}","PremiereDate":"2008-01-20T00:00:00.0000000Z","ChannelId":null,"ProductionYear":2008,"ProviderIds":{{"Tvdb":"{tvdb}","Imdb":"tt{imdb:07}","Tmdb":"{tmdb}"}},"IsFolder":true,"Type":"Series","AirDays":[],"ImageTags":{{}},"BackdropImageTags":[],"ImageBlurHashes":{{}},"LocationType":"FileSystem","MediaType":"Unknown"}}"#
    );
}

pub(super) fn system(stock: &Stock) -> String {
    let id = hex(stock, 1 << 50);
    format!(
        r#"{{"LocalAddress":"http://127.0.0.1","ServerName":"prepared","Version":"10.10.7","ProductName":"Jellyfin Server","OperatingSystem":"","Id":"{id}","StartupWizardCompleted":true}}"#
    )
}

pub(super) fn user(stock: &Stock) -> String {
    let id = hex(stock, 1 << 50);
    format!(
        r#"{{"Name":"ana","ServerId":"{id}","Id":"{USER}","HasPassword":true,"HasConfiguredPassword":true}}"#
    )
}

pub(super) fn library_key(stock: &Stock, episodes: bool) -> String {
    hex(stock, 1 << 51 | u64::from(episodes))
}

pub(super) fn views(stock: &Stock) -> String {
    let (movies, shows) = (library_key(stock, false), library_key(stock, true));
    format!(
        r#"{{"Items":[{{"Name":"Movies","Id":"{movies}","Type":"CollectionFolder","CollectionType":"movies"}},{{"Name":"Shows","Id":"{shows}","Type":"CollectionFolder","CollectionType":"tvshows"}}],"TotalRecordCount":2,"StartIndex":0}}"#
    )
}

/// The part of the user data that a write names; the rest is kept.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UserDataIn {
    played: Option<bool>,
    playback_position_ticks: Option<u64>,
    play_count: Option<u32>,
    last_played_date: Option<String>,
}

impl UserDataIn {
    pub(super) fn change(&self, data: &mut UserData) {
        data.played = self.played.unwrap_or(data.played);
        data.ticks = self.playback_position_ticks.unwrap_or(data.ticks);
        data.plays = self.play_count.unwrap_or(data.plays);
        let at = self.last_played_date.as_deref().and_then(|at| at.parse::<Timestamp>().ok());
        data.last_played = at.map(Timestamp::as_second).or(data.last_played);
    }
}
