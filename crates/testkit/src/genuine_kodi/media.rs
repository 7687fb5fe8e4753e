//! Tiny films of our own, with NFO files that name real titles: what a scan makes a library of.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::ensure;
use tokio::process::Command;

/// How many movies there are: five titles, of which The Matrix has two copies.
pub const MOVIES: u32 = 6;
/// How many episodes there are, of one series: two in season 1, three in season 2, of which the last two share
/// a file, and one special.
pub const EPISODES: u32 = 6;

struct Movie {
    folder: &'static str,
    title: &'static str,
    year: u16,
    imdb: &'static str,
    tmdb: u32,
    /// Twenty minutes; the others five seconds.
    long: bool,
}

const fn movie(
    folder: &'static str,
    title: &'static str,
    year: u16,
    ids: (&'static str, u32),
) -> Movie {
    Movie { folder, title, year, imdb: ids.0, tmdb: ids.1, long: false }
}

const FILMS: [Movie; MOVIES as usize] = [
    movie("The Matrix (1999)", "The Matrix", 1999, ("tt0133093", 603)),
    movie("The Matrix (1999) 4K", "The Matrix", 1999, ("tt0133093", 603)),
    movie("Inception (2010)", "Inception", 2010, ("tt1375666", 27_205)),
    movie("Big Buck Bunny (2008)", "Big Buck Bunny", 2008, ("tt1254207", 10_378)),
    movie("Amélie (2001)", "Amélie", 2001, ("tt0211915", 194)),
    Movie { long: true, ..movie("Sintel (2010)", "Sintel", 2010, ("tt1727587", 45_745)) },
];

struct Part {
    season: u16,
    number: u16,
    title: &'static str,
    tvdb: u32,
    /// The episode's own ids of two other providers.
    more: Option<(&'static str, u32)>,
}

const fn part(season: u16, number: u16, title: &'static str, tvdb: u32) -> Part {
    Part { season, number, title, tvdb, more: None }
}

/// The episodes, by file.
const FILES: [(&str, &[Part]); 5] = [
    ("Season 00/Breaking Bad - S00E01", &[part(0, 1, "Good Cop Bad Cop", 396_832)]),
    (
        "Season 01/Breaking Bad - S01E01",
        &[Part { more: Some(("tt0959621", 62_085)), ..part(1, 1, "Pilot", 349_232) }],
    ),
    ("Season 01/Breaking Bad - S01E02", &[part(1, 2, "Cat's in the Bag...", 349_233)]),
    ("Season 02/Breaking Bad - S02E01", &[part(2, 1, "Seven Thirty-Seven", 349_235)]),
    (
        "Season 02/Breaking Bad - S02E02-E03",
        &[part(2, 2, "Grilled", 349_236), part(2, 3, "Bit by a Dead Bee", 349_238)],
    ),
];

/// Makes them, in `movies/` and `tv/` below the folder.
pub(super) async fn make(ffmpeg: &Path, media: &Path) -> anyhow::Result<()> {
    let show = media.join("tv/Breaking Bad (2008)");
    for season in ["Season 00", "Season 01", "Season 02"] {
        fs::create_dir_all(show.join(season))?;
    }
    let (short, long) = (media.join("short.mkv"), media.join("long.mkv"));
    film(ffmpeg, &short, 5).await?;
    film(ffmpeg, &long, 1200).await?;
    for movie in &FILMS {
        let folder = media.join("movies").join(movie.folder);
        fs::create_dir_all(&folder)?;
        let file = folder.join(movie.folder);
        fs::copy(if movie.long { &long } else { &short }, with(&file, "mkv"))?;
        let Movie { title, year, imdb, tmdb, .. } = movie;
        fs::write(
            with(&file, "nfo"),
            format!(
                "<movie><title>{title}</title><originaltitle>{title}</originaltitle>\
                 <year>{year}</year><premiered>{year}-01-01</premiered><runtime>1</runtime>\
                 <uniqueid type=\"imdb\" default=\"true\">{imdb}</uniqueid>\
                 <uniqueid type=\"tmdb\">{tmdb}</uniqueid></movie>\n"
            ),
        )?;
    }
    fs::write(
        show.join("tvshow.nfo"),
        "<tvshow><title>Breaking Bad</title><year>2008</year><premiered>2008-01-20</premiered>\
         <uniqueid type=\"tvdb\" default=\"true\">81189</uniqueid>\
         <uniqueid type=\"imdb\">tt0903747</uniqueid><uniqueid type=\"tmdb\">1396</uniqueid></tvshow>\n",
    )?;
    for (name, parts) in FILES {
        let file = show.join(name);
        fs::copy(&short, with(&file, "mkv"))?;
        // Several of them in one file is how an NFO names several episodes.
        fs::write(with(&file, "nfo"), parts.iter().map(episode).collect::<String>())?;
    }
    fs::remove_file(short)?;
    fs::remove_file(long)?;
    Ok(())
}

fn episode(part: &Part) -> String {
    let Part { season, number, title, tvdb, more } = part;
    let more = more.map_or_else(String::new, |(imdb, tmdb)| {
        format!(
            "<uniqueid type=\"imdb\">{imdb}</uniqueid><uniqueid type=\"tmdb\">{tmdb}</uniqueid>"
        )
    });
    format!(
        "<episodedetails><title>{title}</title><season>{season}</season><episode>{number}</episode>\
         <uniqueid type=\"tvdb\" default=\"true\">{tvdb}</uniqueid>{more}</episodedetails>\n"
    )
}

/// The path with an ending added; names with dots in them keep theirs.
fn with(file: &Path, ending: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(".");
    path.push(ending);
    path.into()
}

/// A film of so many seconds: a blue picture without sound, one picture a second.
async fn film(ffmpeg: &Path, file: &Path, seconds: u32) -> anyhow::Result<()> {
    let picture = format!("color=c=blue:size=64x36:rate=1:duration={seconds}");
    let done = Command::new(ffmpeg)
        .args(["-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i", &picture])
        .args(["-c:v", "libx264", "-preset", "ultrafast", "-crf", "50"])
        .arg(file)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await?;
    ensure!(done.status.success(), "ffmpeg: {}", String::from_utf8_lossy(&done.stderr).trim());
    Ok(())
}
