//! External ids as Jellyfin and Emby write them.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use watchstate_model::{ExternalId, ExternalIds, Provider};

use super::wire::Text;
use crate::lenient::Scalar;

/// `ProviderIds`: an object of texts whose keys are spelled differently by each agent. What is not an id of a
/// provider we know, in its format, is dropped.
#[derive(Default)]
pub(super) struct ProviderIds(pub(super) ExternalIds);

impl<'de> Deserialize<'de> for ProviderIds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Ids;
        impl<'de> Visitor<'de> for Ids {
            type Value = ProviderIds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of ids")
            }

            fn visit_unit<E>(self) -> Result<ProviderIds, E> {
                Ok(ProviderIds::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ProviderIds, A::Error> {
                let mut ids = ExternalIds::default();
                // A plugin may put anything there.
                while let Some((Text(name), value)) = map.next_entry::<Text<'_>, Scalar<'_>>()? {
                    let id = Provider::from_name(&name)
                        .zip(value.text())
                        .and_then(|(provider, value)| ExternalId::new(provider, &value));
                    if let Some(id) = id {
                        ids.add(id);
                    }
                }
                Ok(ProviderIds(ids))
            }
        }
        deserializer.deserialize_any(Ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        for (json, ids, why) in [
            (r#"{"Imdb":"tt123","Tmdb":"12"}"#, "imdb:tt123 tmdb:12", "as servers spell them"),
            (r#"{"IMDB":"tt123","tV MaZe":"5"}"#, "imdb:tt123 tvmaze:5", "case does not matter"),
            (r#"{"Imdb":"123","Tmdb":"12a"}"#, "", "wrong formats are dropped"),
            (r#"{"":"","none":"1","imdb":""}"#, "", "nothing known"),
            (r#"{"TmdbCollection":"8","Tmdb":"9"}"#, "tmdb:9", "a collection's id is another"),
            (r#"{"tmdb":9,"imdb":null,"tvdb":[1],"x":{"y":-1},"z":1.5}"#, "tmdb:9", "odd values"),
            (r#"{"tmdb":"12","Tmdb":"9"}"#, "tmdb:9", "two of one provider"),
            (r#"{"Im\u0064b":"t\u0074123"}"#, "imdb:tt123", "with escapes"),
            ("null", "", "none at all"),
        ] {
            let read: ProviderIds = serde_json::from_str(json).unwrap();
            assert_eq!(read.0.to_text(), ids, "{why}");
        }
    }
}
