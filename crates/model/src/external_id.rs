//! External ids: what imdb, tmdb and the others call a title or a series.

use std::fmt;

/// Who gave the id. The list is the reference's; a server's other providers are not ids to us.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Provider {
    /// Internet Movie Database: `tt0133093`.
    Imdb,
    /// The Movie Database: a number.
    Tmdb,
    /// TheTVDB: a number.
    Tvdb,
    /// TVmaze: a number.
    Tvmaze,
    /// TVRage (closed, still found in old libraries): a number.
    Tvrage,
    /// AniDB: a number.
    Anidb,
    /// YouTube: any text.
    Youtube,
    /// The reference's own "custom media database": any text.
    Cmdb,
}

impl Provider {
    /// All of them, in the order in which they are stored.
    pub const ALL: [Self; 8] = [
        Self::Imdb,
        Self::Tmdb,
        Self::Tvdb,
        Self::Tvmaze,
        Self::Tvrage,
        Self::Anidb,
        Self::Youtube,
        Self::Cmdb,
    ];

    /// The name in lower case, as Jellyfin's `ProviderIds` keys and Plex's schemes spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Imdb => "imdb",
            Self::Tmdb => "tmdb",
            Self::Tvdb => "tvdb",
            Self::Tvmaze => "tvmaze",
            Self::Tvrage => "tvrage",
            Self::Anidb => "anidb",
            Self::Youtube => "youtube",
            Self::Cmdb => "cmdb",
        }
    }

    /// The provider of a name; case does not matter, and neither does the space of `TV Maze`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| {
            let mut theirs = name.bytes().filter(|b| *b != b' ').map(|b| b.to_ascii_lowercase());
            p.name().bytes().eq(theirs.by_ref())
        })
    }

    /// Whether `value` has this provider's format. Zero and the empty text are what agents write when
    /// they know nothing, and would make one title of a whole library.
    pub fn accepts(self, value: &str) -> bool {
        let digits = |text: &str| {
            !text.is_empty()
                && text.len() <= 18
                && text.bytes().all(|b| b.is_ascii_digit())
                && text.bytes().any(|b| b != b'0')
        };
        match self {
            Self::Imdb => value.strip_prefix("tt").is_some_and(digits),
            Self::Tmdb | Self::Tvdb | Self::Tvmaze | Self::Tvrage | Self::Anidb => digits(value),
            Self::Youtube | Self::Cmdb => {
                !value.is_empty()
                    && value.len() <= 128
                    && value.bytes().all(|b| b.is_ascii_graphic())
            }
        }
    }
}

/// One id of one provider, in that provider's format.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ExternalId {
    provider: Provider,
    value: String,
}

impl ExternalId {
    /// The id, if `value` has the provider's format.
    pub fn new(provider: Provider, value: &str) -> Option<Self> {
        let value = value.trim();
        // Some agents write `TT0133093`; imdb itself knows one spelling.
        let value = match value.strip_prefix("TT") {
            Some(digits) if provider == Provider::Imdb => format!("tt{digits}"),
            _ => value.to_owned(),
        };
        provider.accepts(&value).then_some(Self { provider, value })
    }

    /// Who gave it.
    pub fn provider(&self) -> Provider {
        self.provider
    }

    /// The id itself.
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.provider.name(), self.value)
    }
}

/// The ids that one server gives one item: at most one of each provider, in a fixed order.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct ExternalIds(Vec<ExternalId>);

impl ExternalIds {
    /// No ids.
    pub const NONE: Self = Self(Vec::new());

    /// Adds an id. Where a server gives two different ones of one provider, the lower number stays (the
    /// older entry, of which the other is a duplicate), of texts the first: the reference's rule, which
    /// makes all servers choose alike.
    pub fn add(&mut self, id: ExternalId) {
        match self.0.binary_search_by_key(&id.provider, |known| known.provider) {
            Err(place) => self.0.insert(place, id),
            Ok(place) => {
                let number = |id: &ExternalId| -> Option<u64> {
                    id.value.trim_start_matches("tt").parse().ok()
                };
                if let (Some(known), Some(new)) = (number(&self.0[place]), number(&id))
                    && new < known
                {
                    self.0[place] = id;
                }
            }
        }
    }

    /// The id of one provider.
    pub fn of(&self, provider: Provider) -> Option<&ExternalId> {
        self.0.iter().find(|id| id.provider == provider)
    }

    /// All of them, ordered by provider.
    pub fn iter(&self) -> std::slice::Iter<'_, ExternalId> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As one text, `imdb:tt0133093 tmdb:603`: how they are stored with the item that has them. No value
    /// holds a space.
    pub fn to_text(&self) -> String {
        self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    /// From [`Self::to_text`]. What is not an id is passed over.
    pub fn from_text(text: &str) -> Self {
        text.split(' ')
            .filter_map(|part| part.split_once(':'))
            .filter_map(|(name, value)| ExternalId::new(Provider::from_name(name)?, value))
            .collect()
    }
}

impl FromIterator<ExternalId> for ExternalIds {
    fn from_iter<T: IntoIterator<Item = ExternalId>>(ids: T) -> Self {
        let mut all = Self::default();
        ids.into_iter().for_each(|id| all.add(id));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        use Provider::*;
        for (provider, value, good) in [
            (Imdb, "tt1234567", true),
            (Imdb, "TT1234567", true),
            (Imdb, "1234567", false),
            (Imdb, "tt1234567a", false),
            (Imdb, "tt0000000", false),
            (Tmdb, "603", true),
            (Tmdb, "0", false),
            (Tmdb, "-603", false),
            (Tmdb, "603a", false),
            (Tvdb, "", false),
            (Anidb, "99999999999999999999", false),
            (Youtube, "dQw4w9WgXcQ", true),
            (Youtube, "two words", false),
            (Cmdb, "x/y", true),
        ] {
            assert_eq!(ExternalId::new(provider, value).is_some(), good, "{provider:?} {value:?}");
        }
    }

    #[test]
    fn names_of_providers() {
        assert_eq!(Provider::from_name("TV Maze"), Some(Provider::Tvmaze));
        assert_eq!(Provider::from_name("ImDb"), Some(Provider::Imdb));
        assert_eq!(Provider::from_name("TheAudioDb"), None);
        assert_eq!(Provider::from_name("tmdbcollection"), None);
    }

    #[test]
    fn one_id_of_each_provider_the_lower_number_stays() {
        let id = |p, v| ExternalId::new(p, v).unwrap();
        let ids: ExternalIds =
            [id(Provider::Tmdb, "99"), id(Provider::Imdb, "tt2"), id(Provider::Tmdb, "7")]
                .into_iter()
                .collect();
        assert_eq!(ids.to_text(), "imdb:tt2 tmdb:7");
        assert_eq!(ExternalIds::from_text("imdb:tt2 nonsense tmdb:7 tmdb:x"), ids);
    }
}
