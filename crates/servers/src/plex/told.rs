//! What Plex says on its socket, `/:/websockets/notifications`.
//!
//! The official document 1.2.0 names the socket and not its messages; what they look like is known from what
//! clients in the field read. Each is a `NotificationContainer` of one type with a list under a name of its
//! own, and its numbers come as numbers or as text. There is none for a mark that is set by hand.

use serde::Deserialize;
use watchstate_model::ItemKey;

use super::loose::{Number, Text, is_key};
use crate::heard::{Heard, Playback};
use crate::lenient::{Each, Maybe, Scalar};
use crate::socket::{Ear, Said, changed};

/// Where the socket is.
pub(super) const PATH: &str = "/:/websockets/notifications";

/// Understands Plex. It needs no memory: each message is whole.
pub(super) struct PlexEar;

impl Ear for PlexEar {
    fn opening(&self) -> Option<&'static str> {
        None
    }

    fn hear(&mut self, text: &str) -> Option<Said> {
        told(text).map(Said::from)
    }
}

/// What one message tells; `None` where it cannot be read. It says who plays nowhere, so that a playback
/// may be anybody's.
pub fn told(text: &str) -> Option<Vec<Heard>> {
    let message: Maybe<Message<'_>> = serde_json::from_str(text).ok()?;
    let container = message.0?.container.0?;
    Some(match &container.kind {
        Scalar::Text(kind) => container.told(kind),
        Scalar::Absent => vec![],
        _ => return None,
    })
}

impl Container<'_> {
    fn told(&self, kind: &str) -> Vec<Heard> {
        match kind {
            "playing" => self.playing.0.iter().filter_map(Session::told).collect(),
            "timeline" => vec![changed(self.timeline.0.iter().filter_map(Entry::told))],
            "activity" => vec![changed(self.activities.0.iter().filter_map(Step::told))],
            _ => vec![],
        }
    }
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, rename = "NotificationContainer")]
    container: Maybe<Container<'a>>,
}

#[derive(Deserialize)]
struct Container<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Scalar<'a>,
    #[serde(default, rename = "PlaySessionStateNotification")]
    playing: Each<Session>,
    #[serde(default, rename = "TimelineEntry")]
    timeline: Each<Entry>,
    #[serde(default, rename = "ActivityNotification")]
    activities: Each<Step>,
}

/// How a session goes on: about every ten seconds while it runs.
#[derive(Deserialize)]
struct Session {
    #[serde(default, rename = "ratingKey")]
    item: Text,
    #[serde(default)]
    key: Text,
    #[serde(default)]
    state: Text,
}

impl Session {
    fn told(&self) -> Option<Heard> {
        let how = match self.state.as_str()? {
            "playing" => Playback::Runs,
            "paused" => Playback::Paused,
            "stopped" => Playback::Stopped,
            // `buffering` comes between any two of the others and says nothing of its own.
            _ => return None,
        };
        let key = self.item.key().or_else(|| self.key.as_str().and_then(of_path))?;
        Some(Heard::Playback { key: key.into(), how })
    }
}

/// How far the server is with an item.
#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    identifier: Text,
    #[serde(default, rename = "itemID")]
    item: Text,
    #[serde(default, rename = "type")]
    kind: Number,
    #[serde(default)]
    state: Number,
}

impl Entry {
    /// The item, once the server is done with it (5) or took it away (9): what comes before would be told
    /// several times over for each file. A movie is 1, an episode 4; some entries do not say.
    fn told(&self) -> Option<ItemKey> {
        let of_library =
            matches!(self.identifier.as_str(), None | Some("com.plexapp.plugins.library"));
        let is_done = matches!(self.state.get(), Some(5 | 9));
        let is_item = matches!(self.kind, Number::Absent | Number::Is(1 | 4));
        (of_library && is_done && is_item).then(|| self.item.key().map(ItemKey::from)).flatten()
    }
}

/// Something that the server does or did.
#[derive(Deserialize)]
struct Step {
    #[serde(default)]
    event: Text,
    #[serde(default, rename = "Activity")]
    activity: Maybe<Activity>,
}

#[derive(Deserialize)]
struct Activity {
    #[serde(default, rename = "type")]
    kind: Text,
    #[serde(default, rename = "Context")]
    context: Maybe<Context>,
}

#[derive(Deserialize)]
struct Context {
    #[serde(default)]
    key: Text,
}

impl Step {
    /// An item of which the server looked up everything anew. It does so as well when somebody opens it in
    /// Plex Web, and that is where marks are set by hand: the nearest thing to being told of one.
    fn told(&self) -> Option<ItemKey> {
        let activity = self.activity.0.as_ref()?;
        let is_refresh = activity.kind.as_str() == Some("library.refresh.items");
        let key = of_path(activity.context.0.as_ref()?.key.as_str()?)?;
        (is_refresh && self.event.as_str() == Some("ended")).then(|| key.into())
    }
}

/// The key of an item from its path.
fn of_path(path: &str) -> Option<&str> {
    path.strip_prefix("/library/metadata/").filter(|key| is_key(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(keys: &[&str]) -> Option<Vec<Heard>> {
        Some(vec![Heard::Items(keys.iter().map(|key| ItemKey::from(*key)).collect())])
    }

    fn plays(key: &str, how: Playback) -> Heard {
        Heard::Playback { key: key.into(), how }
    }

    #[test]
    fn playback() {
        for (sessions, heard, why) in [
            (
                r#"{"sessionKey":"7","clientIdentifier":"c","guid":"","ratingKey":"311","url":"",
                "key":"/library/metadata/311","viewOffset":42000,"playQueueItemID":3,
                "playQueueID":2,"state":"playing"}"#,
                vec![plays("311", Playback::Runs)],
                "it runs",
            ),
            (
                r#"{"sessionKey":7,"ratingKey":311,"viewOffset":"43000","state":"paused",
                "transcodeSession":"t"}"#,
                vec![plays("311", Playback::Paused)],
                "numbers as numbers and as text",
            ),
            (
                r#"{"ratingKey":"311","state":"stopped"}"#,
                vec![plays("311", Playback::Stopped)],
                "as little as there can be",
            ),
            (
                r#"{"key":"/library/metadata/312","state":"playing"}"#,
                vec![plays("312", Playback::Runs)],
                "only the path of the item",
            ),
            (r#"{"ratingKey":"311","state":"buffering"}"#, vec![], "between two states"),
            (r#"{"ratingKey":"311"}"#, vec![], "no state"),
            (r#"{"sessionKey":"7","state":"playing"}"#, vec![], "no item"),
            (r#"{"ratingKey":"../1","state":"playing"}"#, vec![], "no key"),
            (r#"{"key":"/library/metadata/1/all","state":"playing"}"#, vec![], "nor one in a path"),
            (
                r#"{"ratingKey":"1","state":"stopped"},{"ratingKey":"2","state":"playing"}"#,
                vec![plays("1", Playback::Stopped), plays("2", Playback::Runs)],
                "two sessions in their order",
            ),
        ] {
            let text = format!(
                r#"{{"NotificationContainer":{{"type":"playing","size":1,
                "PlaySessionStateNotification":[{sessions}]}}}}"#
            );
            assert_eq!(told(&text), Some(heard), "{why}");
        }
    }

    #[test]
    fn items_that_the_server_is_done_with() {
        let nothing = || Some(vec![Heard::Nothing]);
        for (entries, heard, why) in [
            (
                r#"{"identifier":"com.plexapp.plugins.library","sectionID":"1","itemID":"905",
                "type":1,"title":"Copper Rain","state":5,"metadataState":"created",
                "updatedAt":1714000000}"#,
                items(&["905"]),
                "a movie is there",
            ),
            (
                r#"{"identifier":"com.plexapp.plugins.library","sectionID":2,"itemID":906,
                "type":"4","state":"9","metadataState":"deleted"}"#,
                items(&["906"]),
                "an episode is gone",
            ),
            (r#"{"itemID":"907","state":5}"#, items(&["907"]), "it does not say what"),
            (r#"{"itemID":"907","type":1,"state":3}"#, nothing(), "still at it"),
            (r#"{"itemID":"907","type":2,"state":5}"#, nothing(), "a series"),
            (r#"{"itemID":"907","type":1}"#, nothing(), "no state"),
            (
                r#"{"identifier":"com.plexapp.agents.x","itemID":"907","type":1,"state":5}"#,
                nothing(),
                "not of a library",
            ),
            (
                r#"{"itemID":"1","state":5},{"itemID":"1","state":5},{"itemID":"2","state":9}"#,
                items(&["1", "2"]),
                "each once",
            ),
        ] {
            let text = format!(
                r#"{{"NotificationContainer":{{"type":"timeline","size":1,
                "TimelineEntry":[{entries}]}}}}"#
            );
            assert_eq!(told(&text), heard, "{why}");
        }
    }

    #[test]
    fn too_many_items_are_only_something() {
        for (how_many, counted) in [(500, true), (501, false), (9_000, false)] {
            let entries: Vec<String> =
                (1..=how_many).map(|n| format!(r#"{{"itemID":"{n}","state":5}}"#)).collect();
            let text = format!(
                r#"{{"NotificationContainer":{{"type":"timeline","TimelineEntry":[{}]}}}}"#,
                entries.join(",")
            );
            match told(&text).unwrap().as_slice() {
                [Heard::Items(keys)] => assert!(counted && keys.len() == how_many, "{how_many}"),
                heard => assert!(!counted && heard == [Heard::Something], "{how_many}"),
            }
        }
    }

    #[test]
    fn items_that_were_looked_up_anew() {
        let nothing = || Some(vec![Heard::Nothing]);
        for (event, kind, key, heard, why) in [
            ("ended", "library.refresh.items", "/library/metadata/77", items(&["77"]), "done"),
            ("updated", "library.refresh.items", "/library/metadata/77", nothing(), "at it"),
            ("ended", "library.update.section", "/library/sections/1", nothing(), "a scan"),
            ("ended", "media.generate.bif", "/library/metadata/77", nothing(), "something else"),
            ("ended", "library.refresh.items", "/library/metadata/x", nothing(), "no key"),
        ] {
            let text = format!(
                r#"{{"NotificationContainer":{{"type":"activity","size":1,"ActivityNotification":[
                {{"event":"{event}","uuid":"5b1d","Activity":{{"uuid":"5b1d","type":"{kind}",
                "cancellable":false,"userID":1,"title":"Refreshing","subtitle":"Copper Rain",
                "progress":100,"Context":{{"key":"{key}"}}}}}}]}}}}"#
            );
            assert_eq!(told(&text), heard, "{why}");
        }
        let bare = r#"{"NotificationContainer":{"type":"activity","ActivityNotification":[
            {"event":"ended"},{"event":"ended","Activity":{"type":"library.refresh.items"}}]}}"#;
        assert_eq!(told(bare), nothing(), "with less than that");
    }

    /// What a client in the field saw while one film was looked up anew.
    #[test]
    fn a_look_up_from_its_beginning_to_its_end() {
        let step = |event: &str, progress: u8, context: &str| {
            format!(
                r#"{{"NotificationContainer":{{"type":"activity","size":1,"ActivityNotification":[
                {{"event":"{event}","uuid":"71aa","Activity":{{"uuid":"71aa",
                "type":"library.refresh.items","cancellable":false,"userID":1,"title":"Refreshing",
                "subtitle":"","progress":{progress}{context}}}}}]}}}}"#
            )
        };
        let nothing = || Some(vec![Heard::Nothing]);
        for (event, progress, context, heard, why) in [
            ("started", 0, "", nothing(), "without saying what"),
            ("updated", 0, r#","Context":{"key":"/library/metadata/640"}"#, nothing(), "begun"),
            (
                "updated",
                66,
                r#","Context":{"accessible":true,"exists":true,"key":"/library/metadata/640",
                "refreshed":false}"#,
                nothing(),
                "on",
            ),
            (
                "ended",
                100,
                r#","Context":{"accessible":true,"analyzed":false,"exists":true,
                "key":"/library/metadata/640","refreshed":false}"#,
                items(&["640"]),
                "done",
            ),
            (
                "ended",
                100,
                r#","Context":{"accessible":false,"exists":false,"key":"/library/metadata/640"}"#,
                items(&["640"]),
                "its file is gone, which a reading will show",
            ),
            ("ended", 100, r#","Context":"/library/metadata/640""#, nothing(), "a text"),
            ("ended", 100, r#","Context":{"key":640}"#, nothing(), "a number is no path"),
        ] {
            assert_eq!(told(&step(event, progress, context)), heard, "{why}");
        }
        let bare = r#"{"type":"activity","ActivityNotification":[{"event":"ended","Activity":
            {"type":"library.refresh.items","Context":{"key":"/library/metadata/640"}}}]}"#;
        assert_eq!(told(bare), None, "without its envelope it is no message of a server");
    }

    #[test]
    fn odd_entries_cost_themselves() {
        let playing = |list: &str| {
            told(&format!(
                r#"{{"NotificationContainer":{{"type":"playing","PlaySessionStateNotification":{list}}}}}"#
            ))
        };
        let good = r#"{"ratingKey":"8","state":"playing","viewOffset":1}"#;
        let runs = || Some(vec![plays("8", Playback::Runs)]);
        for (list, heard, why) in [
            (format!("[null,{good},7,[{good}],\"x\"]"), runs(), "no objects"),
            (format!(r#"[{{"ratingKey":[8],"state":"playing"}},{good}]"#), runs(), "an odd key"),
            (format!(r#"[{{"ratingKey":"9","state":{{}}}},{good}]"#), runs(), "an odd state"),
            (good.to_owned(), runs(), "one that is no list"),
            ("\"none\"".to_owned(), Some(vec![]), "a text for the list"),
            (
                r#"[{"sessionKey":"ab","guid":"","ratingKey":"","url":"","key":"","state":"playing"}]"#
                    .to_owned(),
                Some(vec![]),
                "empty",
            ),
        ] {
            assert_eq!(playing(&list), heard, "{why}");
        }
        for (entries, heard, why) in [
            (r#"[{"itemID":"1","state":[]},{"itemID":"2","state":5}]"#, items(&["2"]), "a state"),
            (
                r#"[{"itemID":"1","state":5,"type":"film"},{"itemID":"2","state":5}]"#,
                items(&["2"]),
                "a type that is no number is not an item's",
            ),
            (
                r#"[{"identifier":null,"sectionID":"-1","itemID":"3","type":1,"state":5}]"#,
                items(&["3"]),
                "no identifier",
            ),
            (
                r#"[{"identifier":"com.plexapp.plugins.library","sectionID":2,"itemID":"4","type":1,
                "state":9,"metadataState":"deleted","mediaState":"deleted"}]"#,
                items(&["4"]),
                "taken away",
            ),
            (r#"{"itemID":"5","state":5}"#, items(&["5"]), "one that is no list"),
            ("[]", Some(vec![Heard::Nothing]), "an empty list"),
        ] {
            let text = format!(
                r#"{{"NotificationContainer":{{"type":"timeline","PlaySessionStateNotification":7,
                "TimelineEntry":{entries}}}}}"#
            );
            assert_eq!(told(&text), heard, "{why}");
        }
    }

    #[test]
    fn what_does_not_concern_marks_and_what_cannot_be_read() {
        let nothing = Some(vec![]);
        for (text, heard, why) in [
            (
                r#"{"NotificationContainer":{"type":"status","size":1,"StatusNotification":[
                {"title":"Library scan complete","notificationName":"LIBRARY_UPDATE"}]}}"#,
                nothing.clone(),
                "a scan",
            ),
            (
                r#"{"NotificationContainer":{"type":"transcodeSession.update","size":1,
                "TranscodeSession":[{"key":"/transcode/sessions/a","progress":3.1}]}}"#,
                nothing.clone(),
                "a transcoding",
            ),
            (
                r#"{"NotificationContainer":{"type":"preference","Setting":[{"id":"a"}]}}"#,
                nothing.clone(),
                "a setting",
            ),
            (
                r#"{"NotificationContainer":{"type":"playing","TimelineEntry":[{"itemID":"1"}],
                "PlaySessionStateNotification":null}}"#,
                nothing.clone(),
                "the list of another type",
            ),
            (r#"{"NotificationContainer":{}}"#, nothing, "no type"),
            (
                r#"{"NotificationContainer":{"type":"playing","size":1,"TimelineEntry":
                [{"sectionID":"12","title":"Films"}],
                "PlaySessionStateNotification":[{"sessionKey":"ab","state":"playing"}]}}"#,
                Some(vec![]),
                "of nothing in particular",
            ),
            (
                r#"{"NotificationContainer":{"type":"backgroundProcessingQueue","size":1,
                "BackgroundProcessingQueueEventNotification":[{"queueID":3,"event":"queueRefresh"}]}}"#,
                Some(vec![]),
                "a queue",
            ),
            (
                r#"{"NotificationContainer":{"type":"reachability","size":1,
                "ReachabilityNotification":[{"reachability":true}]}}"#,
                Some(vec![]),
                "whether it can be reached",
            ),
            (r#"[{"type":"playing"}]"#, None, "a list for a message"),
            (r#"{"NotificationContainer":[]}"#, None, "a list in the envelope"),
            ("", None, "nothing"),
            ("<html>", None, "not JSON"),
            (r#"{"MediaContainer":{}}"#, None, "another envelope"),
            (r#"{"NotificationContainer":{"type":["playing"]}}"#, None, "no text"),
            (r#"{"NotificationContainer":{"type":"playing","#, None, "cut short"),
        ] {
            assert_eq!(told(text), heard, "{why}");
        }
    }
}
