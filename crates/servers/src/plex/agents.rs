//! The external ids within the guids of Plex's agents.
//!
//! A modern agent gives an item a `plex://` guid, which is Plex's own, and a list `Guid` of others
//! (`imdb://tt0133093`). A legacy agent puts the id into the guid itself
//! (`com.plexapp.agents.imdb://tt0133093?lang=en`), and for seasons and episodes the **series'** id with
//! the place behind it (`com.plexapp.agents.thetvdb://81189/1/2?lang=en`): that is not an id of the episode.
//! Sources: the recordings `movies.json`, `shows.json` and `episodes.json`; the agents' own naming.

use watchstate_model::{ExternalId, ExternalIds, Provider};

/// What an item is, as the NFO agents spell it in their guids.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Of {
    Movie,
    Show,
    Episode,
}

impl Of {
    fn name(self) -> &'static str {
        match self {
            Self::Movie => "movie",
            Self::Show => "show",
            Self::Episode => "episode",
        }
    }
}

/// The item's own ids among its guids.
pub(super) fn own_ids<'a>(of: Of, guids: impl Iterator<Item = &'a str>) -> ExternalIds {
    guids.filter_map(|guid| own_id(of, guid)).collect()
}

fn own_id(of: Of, guid: &str) -> Option<ExternalId> {
    let guid = guid.trim().split('?').next()?;
    let (scheme, value) = guid.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let value = value.trim_end_matches('/');
    if let Some(nfo) = scheme.strip_prefix("tv.plex.agents.nfo.") {
        return matches!(nfo, "movie" | "series").then(|| nfo_id(of, value)).flatten();
    }
    // A slash parts a series' id from a season and an episode.
    if value.contains('/') {
        return None;
    }
    match scheme.strip_prefix("com.plexapp.agents.").unwrap_or(&scheme) {
        "hama" => hama_id(value),
        "xbmcnfo" if value.starts_with("tt") => ExternalId::new(Provider::Imdb, value),
        "xbmcnfo" | "themoviedb" => ExternalId::new(Provider::Tmdb, value),
        "xbmcnfotv" | "thetvdb" => ExternalId::new(Provider::Tvdb, value),
        "ytinforeader" => ExternalId::new(Provider::Youtube, value),
        // Providers' plain names. `plex`, `local` and `none` are not among them: they carry no id.
        name => ExternalId::new(Provider::from_name(name)?, value),
    }
}

/// The NFO agents: `show/tvdb_121361`. A bare number (`movie/858024`) does not say whose it is.
fn nfo_id(of: Of, value: &str) -> Option<ExternalId> {
    let (kind, id) = value.split_once('/')?;
    let (source, id) = id.split_once('_')?;
    (kind == of.name()).then(|| ExternalId::new(Provider::from_name(source)?, id)).flatten()
}

/// The HTTP Anidb Metadata Agent: `anidb-23`, `tvdb4-81189` (the digit is a way of numbering seasons),
/// `tsdb-1` for the TMDB entry of a series.
fn hama_id(value: &str) -> Option<ExternalId> {
    let (source, id) = value.split_once('-')?;
    let provider = match source.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "anidb" => Provider::Anidb,
        "tvdb" => Provider::Tvdb,
        "tmdb" | "tsdb" => Provider::Tmdb,
        "imdb" => Provider::Imdb,
        _ => return None,
    };
    ExternalId::new(provider, id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(of: Of, guids: &[&str]) -> String {
        own_ids(of, guids.iter().copied()).to_text()
    }

    #[test]
    fn each_agent() {
        use Of::{Episode, Movie, Show};
        for (of, guid, read, why) in [
            (Movie, "imdb://tt0096895", "imdb:tt0096895", "modern"),
            (Movie, "tmdb://268", "tmdb:268", "modern"),
            (Episode, "tvdb://349232", "tvdb:349232", "modern, an episode's own"),
            (Movie, "plex://movie/5d776826ad5437001f", "", "Plex's own guid"),
            (Movie, "local://4711", "", "no agent"),
            (Movie, "com.plexapp.agents.none://a1b2c3?lang=xn", "", "personal media"),
            (Movie, "tv.plex.agents.none://a1b2c3", "", "personal media, modern"),
            (Movie, "com.plexapp.agents.imdb://tt0165832?lang=en", "imdb:tt0165832", "legacy"),
            (Movie, "com.plexapp.agents.imdb://TT0165832?lang=en", "imdb:tt0165832", "in capitals"),
            (Movie, "com.plexapp.agents.imdb://165832", "", "not the format of the provider"),
            (Movie, "com.plexapp.agents.themoviedb://603?lang=de", "tmdb:603", "legacy"),
            (Movie, "com.plexapp.agents.tmdb://603", "tmdb:603", "legacy, the provider's name"),
            (Show, "com.plexapp.agents.thetvdb://81189?lang=en", "tvdb:81189", "a series' own"),
            (Show, "com.plexapp.agents.thetvdb://81189/", "tvdb:81189", "with a slash at the end"),
            (Episode, "com.plexapp.agents.thetvdb://81189/1/2?lang=en", "", "the series' id"),
            (Episode, "com.plexapp.agents.themoviedb://1399/1/2?lang=en", "", "the series' id"),
            (Show, "com.plexapp.agents.thetvdb://81189/1?lang=en", "", "a season's"),
            (Show, "com.plexapp.agents.hama://anidb-23?lang=en", "anidb:23", "hama"),
            (Show, "com.plexapp.agents.hama://tvdb4-81189?lang=en", "tvdb:81189", "hama, numbered"),
            (Show, "com.plexapp.agents.hama://tsdb-1399", "tmdb:1399", "hama, a TMDB series"),
            (Movie, "com.plexapp.agents.hama://imdb-tt0245429", "imdb:tt0245429", "hama, a movie"),
            (Show, "com.plexapp.agents.hama://mal-12", "", "hama, a source we do not know"),
            (Show, "com.plexapp.agents.hama://anidb-", "", "hama without an id"),
            (Episode, "com.plexapp.agents.hama://anidb-23/1/2?lang=en", "", "the series' id"),
            (
                Movie,
                "com.plexapp.agents.xbmcnfo://tt0133093?lang=en",
                "imdb:tt0133093",
                "NFO, IMDb",
            ),
            (Movie, "com.plexapp.agents.xbmcnfo://603?lang=en", "tmdb:603", "NFO, TMDB"),
            (Show, "com.plexapp.agents.xbmcnfotv://81189?lang=en", "tvdb:81189", "NFO, a series"),
            (Episode, "com.plexapp.agents.xbmcnfotv://81189/1/2", "", "the series' id"),
            (Movie, "com.plexapp.agents.ytinforeader://dQw4w9WgXcQ", "youtube:dQw4w9WgXcQ", ""),
            (Movie, "com.plexapp.agents.cmdb://my-film", "cmdb:my-film", "a database of one's own"),
            (Movie, "tv.plex.agents.nfo.movie://movie/tmdb_383498", "tmdb:383498", "NFO, modern"),
            (
                Movie,
                "tv.plex.agents.nfo.movie://movie/imdb_tt1234567",
                "imdb:tt1234567",
                "and IMDb",
            ),
            (Show, "tv.plex.agents.nfo.series://show/tvdb_121361", "tvdb:121361", "and a series"),
            (Episode, "tv.plex.agents.nfo.series://episode/tvdb_84871", "tvdb:84871", "an episode"),
            (Episode, "tv.plex.agents.nfo.series://show/tvdb_121361", "", "its series'"),
            (Movie, "tv.plex.agents.nfo.movie://movie/858024", "", "a number without a source"),
            (Movie, "tv.plex.agents.nfo.movie://movie", "", "nothing"),
            (Movie, "com.plexapp.agents.imdb", "", "no guid at all"),
            (Movie, "", "", "empty"),
            (Movie, "://", "", "signs only"),
            (Movie, "tmdb://0", "", "zero is what agents write when they know nothing"),
            (Movie, "mbid://f00", "", "a provider we do not know"),
        ] {
            assert_eq!(ids(of, &[guid]), read, "{guid} {why}");
        }
    }

    #[test]
    fn several_guids() {
        for (guids, read, why) in [
            (
                &["plex://movie/5d77", "imdb://tt2", "tmdb://268", "tvdb://1204"][..],
                "imdb:tt2 tmdb:268 tvdb:1204",
                "one of each",
            ),
            (
                &["com.plexapp.agents.imdb://tt9", "com.plexapp.agents.imdb://tt2"][..],
                "imdb:tt2",
                "two of one provider: the lower number",
            ),
            (
                &["com.plexapp.agents.cmdb://b", "com.plexapp.agents.cmdb://a"][..],
                "cmdb:b",
                "two that are not numbers: the first",
            ),
        ] {
            assert_eq!(ids(Of::Movie, guids), read, "{why}");
        }
    }
}
