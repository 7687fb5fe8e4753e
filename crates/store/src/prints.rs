//! Fingerprints of items: what a sweep compares instead of the items themselves.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;
use watchstate_model::{Facts, Kind, Marks, Moment};

/// The fingerprint of marks and add date: what a lean sweep compares. Never 0, which means "open".
pub fn marks_print(marks: &Marks, added_at: Option<Moment>) -> i64 {
    let mut hasher = SipHasher13::new();
    hasher.write_u8(u8::from(marks.watch.is_watched()));
    hasher.write_u32(marks.watch.position().map_or(0, |position| position.ms()));
    hasher.write_u32(marks.plays);
    hasher.write_i64(marks.last_played.map_or(i64::MIN, |at| at.0));
    hasher.write_i64(added_at.map_or(i64::MIN, |at| at.0));
    print(&hasher)
}

/// The fingerprint of what an item is: another one means that the server identified it anew.
pub fn facts_print(facts: &Facts) -> i64 {
    let mut hasher = SipHasher13::new();
    let mut text = |text: &str| {
        hasher.write(text.as_bytes());
        hasher.write_u8(0xff);
    };
    for id in facts.ids.iter() {
        text(id.provider().name());
        text(id.value());
    }
    text(facts.path.as_deref().unwrap_or_default());
    match &facts.kind {
        Kind::Movie => text("movie"),
        Kind::Episode(episode) => {
            text(episode.show_key.as_ref().map_or("", |key| key.as_str()));
            hasher.write_u16(episode.season);
            hasher.write_u16(episode.number);
            hasher.write_u16(episode.last);
        }
    }
    hasher.write_u32(facts.duration_ms.unwrap_or(0));
    print(&hasher)
}

fn print(hasher: &SipHasher13) -> i64 {
    i64::from_ne_bytes(hasher.finish().to_ne_bytes()).checked_abs().unwrap_or(1).max(1)
}
