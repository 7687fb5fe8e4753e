use super::*;

fn entry(json: &str) -> Entry<'_> {
    serde_json::from_str(json).unwrap()
}

#[test]
fn entries_that_are_no_items() {
    const DATA: &str = r#""UserData":{"Played":false,"PlayCount":0}"#;
    for (json, taken, why) in [
        (r#""Type":"Movie""#, true, "a movie"),
        (r#""Type":"Movie","LocationType":"Virtual""#, false, "without a file"),
        (r#""Type":"Series""#, false, "a series"),
        (r#""Type":"MusicVideo""#, false, "something else"),
        (r#""Name":"?""#, false, "nobody says what"),
        (r#""Type":"Episode","ParentIndexNumber":0,"IndexNumber":1"#, true, "a special"),
        (r#""Type":"Episode","IndexNumber":1"#, false, "no season"),
        (r#""Type":"Episode","ParentIndexNumber":1"#, false, "no number"),
        (r#""Type":"Episode","ParentIndexNumber":-1,"IndexNumber":1"#, false, "no such season"),
        (r#""Type":"Episode","ParentIndexNumber":1,"IndexNumber":70000"#, false, "nor number"),
    ] {
        let json = format!(r#"{{"Id":"a",{json},{DATA}}}"#);
        assert_eq!(entry(&json).item(Detail::Full).is_some(), taken, "{why}");
        let lean: LeanEntry<'_> = serde_json::from_str(&json).unwrap();
        assert_eq!(lean.item().is_some(), taken, "{why}, in a lean page");
    }
}

#[test]
fn unknown_marks_are_not_unwatched() {
    for (json, marks, why) in [
        (r#""X":1"#, None, "no user data at all"),
        (r#""UserData":null"#, None, "null"),
        (r#""UserData":{"PlayCount":1}"#, None, "not said whether played"),
        (r#""UserData":{"Played":false}"#, Some(Marks::UNTOUCHED), "said to be not played"),
        (
            r#""UserData":{"Played":true,"PlayCount":-3,"PlaybackPositionTicks":-1}"#,
            Some(Marks { watch: Watch::WATCHED, ..Marks::UNTOUCHED }),
            "absurd numbers are none",
        ),
        (
            r#""UserData":{"Played":true,"PlayCount":99999999999,"LastPlayedDate":"soon"}"#,
            Some(Marks { watch: Watch::WATCHED, plays: u32::MAX, last_played: None }),
            "and neither are absurd dates",
        ),
    ] {
        let json = format!(r#"{{"Id":"a","Type":"Movie",{json}}}"#);
        assert_eq!(entry(&json).item(Detail::Full).map(|i| i.marks), marks, "{why}");
    }
}

#[test]
fn odd_values_cost_themselves_or_the_item() {
    const GOOD: &str = r#""UserData":{"Played":true,"PlayCount":2}"#;
    let good = Some(Marks { watch: Watch::WATCHED, plays: 2, last_played: None });
    let played = |marks: &str| format!(r#""UserData":{{{marks}}}"#);
    let bare = Some(Marks { watch: Watch::WATCHED, ..Marks::UNTOUCHED });
    for (json, is_odd, marks, why) in [
        (format!(r#""Id":7,{GOOD}"#), false, good, "a number for an id"),
        (format!(r#""Id":null,{GOOD}"#), true, None, "no id"),
        (format!(r#""Id":["a"],{GOOD}"#), true, None, "a list for an id"),
        (
            format!(
                r#""Id":"a","Name":{{}},"ProductionYear":"MCMXXII","RunTimeTicks":1.5e10,"Path":[],
                "ProviderIds":["tt1"],"DateCreated":20240305,"SeriesId":false,{GOOD}"#
            ),
            false,
            good,
            "odd facts",
        ),
        (r#""Id":"a","UserData":"played""#.into(), false, None, "a text for the user data"),
        (r#""Id":"a","UserData":[true,2]"#.into(), false, None, "a list for it"),
        (
            format!(r#""Id":"a",{}"#, played(r#""Played":"True","PlayCount":"2""#)),
            false,
            good,
            "as text",
        ),
        (format!(r#""Id":"a",{}"#, played(r#""Played":1"#)), false, bare, "a flag as a number"),
        (format!(r#""Id":"a",{}"#, played(r#""Played":"maybe""#)), true, None, "no flag"),
        (format!(r#""Id":"a",{}"#, played(r#""Played":{}"#)), true, None, "an object for a flag"),
        (
            format!(r#""Id":"a",{}"#, played(r#""Played":true,"PlaybackPositionTicks":"far""#)),
            true,
            bare,
            "an unknown place is not the start",
        ),
        (
            format!(r#""Id":"a",{}"#, played(r#""Played":true,"PlayCount":[],"LastPlayedDate":7"#)),
            false,
            bare,
            "a mark may be without a count and a date",
        ),
    ] {
        let json = format!(r#"{{"Type":"Movie",{json}}}"#);
        let whole = entry(&json);
        assert_eq!(whole.is_odd(), is_odd, "{why}");
        assert_eq!(whole.item(Detail::Full).map(|item| item.marks), marks, "{why}");
        let lean: LeanEntry<'_> = serde_json::from_str(&json).unwrap();
        assert_eq!(lean.is_odd(), is_odd, "{why}, in a lean page");
        assert_eq!(lean.item().map(|item| item.marks), marks, "{why}, in a lean page");
    }
}

#[test]
fn what_must_outlive_a_write() {
    let kept = |favorite, rating| Some(Kept { favorite, rating });
    for (json, kept, why) in [
        ("{}", kept(false, None), "nothing"),
        (r#"{"IsFavorite":true,"Rating":10}"#, kept(true, Some(10.0)), "both"),
        (r#"{"IsFavorite":null,"Rating":7.5}"#, kept(false, Some(7.5)), "a fraction"),
        (r#"{"IsFavorite":"very"}"#, None, "what is not understood would be lost"),
        (r#"{"Rating":"7.5"}"#, None, "this as well"),
        (r#"{"Rating":{}}"#, None, "and this"),
    ] {
        let data: UserData<'_> = serde_json::from_str(json).unwrap();
        assert_eq!(data.kept(), kept, "{why}");
    }
}

#[test]
fn lists() {
    let movie =
        |id: &str| format!(r#"{{"Id":"{id}","Type":"Movie","UserData":{{"Played":true}}}}"#);
    let odd = r#"{"Id":"b","Type":"Movie","UserData":{"Played":[]}}"#;
    for (items, keys, why) in [
        (String::new(), Ok(vec![]), "empty"),
        (format!("{},{}", movie("a"), movie("c")), Ok(vec!["a", "c"]), "good"),
        (
            format!("{},{odd},null,7,[],{{}},{}", movie("a"), movie("c")),
            Ok(vec!["a", "c"]),
            "some odd",
        ),
        (odd.into(), Err(Fault::BadAnswer), "all odd"),
        ("null,\"x\"".into(), Err(Fault::BadAnswer), "no entries at all"),
        (r#"{"Id":"s","Type":"Series"}"#.into(), Ok(vec![]), "something else is not odd"),
    ] {
        let json = format!(r#"{{"Items":[{items}]}}"#);
        let list: List<LeanEntry<'_>> = serde_json::from_str(&json).unwrap();
        assert_eq!(list.total("reading").map_err(|e| e.fault), Err(Fault::BadAnswer), "{why}");
        let read = list.entries("reading").map_err(|error| error.fault);
        let read = read.map(|all| all.filter_map(LeanEntry::item).map(|item| item.key).collect());
        assert_eq!(
            read,
            keys.map(|keys| keys.into_iter().map(ItemKey::from).collect::<Vec<_>>()),
            "{why}"
        );
    }
    for (total, read, why) in [
        ("3", Ok(3), "a number"),
        ("\"3\"", Ok(3), "as text"),
        ("-1", Err(Fault::BadAnswer), "below zero"),
        ("[]", Err(Fault::BadAnswer), "a list"),
        ("4294967296", Err(Fault::BadAnswer), "more than anybody has"),
    ] {
        let json = format!(r#"{{"Items":[],"TotalRecordCount":{total}}}"#);
        let list: List<LeanEntry<'_>> = serde_json::from_str(&json).unwrap();
        assert_eq!(list.total("reading").map_err(|e| e.fault), read, "{why}");
    }
}

#[test]
fn several_episodes_in_a_file() {
    for (end, last, why) in [("3", 3, "two"), ("1", 2, "backwards"), ("null", 2, "one")] {
        let json = format!(
            r#"{{"Id":"a","Type":"Episode","ParentIndexNumber":1,"IndexNumber":2,
            "IndexNumberEnd":{end},"UserData":{{"Played":false}}}}"#
        );
        let Some(Facts { kind: Kind::Episode(episode), .. }) =
            entry(&json).item(Detail::Full).unwrap().facts
        else {
            panic!("an episode");
        };
        assert_eq!((episode.number, episode.last), (2, last), "{why}");
    }
}

#[test]
fn libraries() {
    for (json, kind, why) in [
        (r#""CollectionType":"movies""#, Some(LibraryKind::Movies), "movies"),
        (r#""CollectionType":"tvshows""#, Some(LibraryKind::Shows), "series"),
        (r#""Type":"CollectionFolder""#, Some(LibraryKind::Mixed), "mixed"),
        (r#""CollectionType":null"#, Some(LibraryKind::Mixed), "mixed"),
        (r#""CollectionType":"music""#, None, "music"),
        (r#""CollectionType":"boxsets""#, None, "collections hold nothing of their own"),
        (r#""Type":"Channel""#, None, "a channel"),
        (r#""Type":"CollectionFolder","CollectionType":"playlists""#, None, "playlists"),
        (r#""Type":"UserView","CollectionType":"livetv""#, None, "television"),
        (r#""CollectionType":["movies"]"#, None, "a list says nothing, and is not mixed"),
        (r#""Name":7,"Type":{},"CollectionType":"movies""#, Some(LibraryKind::Movies), "odd names"),
        (r#""Id":9,"CollectionType":"movies""#, Some(LibraryKind::Movies), "a number for an id"),
        (r#""Id":"","CollectionType":"movies""#, None, "no id"),
    ] {
        let id = if json.contains("\"Id\"") { "" } else { r#""Id":"a","# };
        let json = format!("{{{id}{json}}}");
        let view: View<'_> = serde_json::from_str(&json).unwrap();
        assert_eq!(view.library().map(|l| l.kind), kind, "{why}");
    }
}
