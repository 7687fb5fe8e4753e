//! What accounts showed before something was written to them.
//!
//! The marks of an account's items are cut into pieces of a fixed range of items each. A piece in which nothing
//! changed is the same bytes as in the snapshot before, and is kept once; whoever writes an item says in which
//! range, so that it is not even read: a snapshot costs what has changed.

use std::collections::BTreeSet;
use std::hash::Hasher;

use serde::Deserialize;
use siphasher::sip::SipHasher13;
use watchstate_model::{BackendId, ItemId, Marks, Moment, Position, RunId, TitleId, Watch};

use crate::rows::marks;
use crate::{Result, Store, Tx};

/// How many items a piece ranges over; a migration has this number too.
const RANGE: i64 = 1024;

/// The latest snapshot of a backend.
#[derive(Clone, Copy)]
struct Latest {
    id: i64,
    items: i64,
    bytes: i64,
}

/// A snapshot, as a list shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// Its number.
    pub id: i64,
    /// Of which backend.
    pub backend: BackendId,
    /// Before the first write of which run; 0 outside of any.
    pub run: RunId,
    /// When.
    pub at: Moment,
    /// How many items it has.
    pub items: u64,
    /// How many bytes its pieces have, those included that it shares with others.
    pub bytes: u64,
}

/// A piece of a snapshot: some of its items.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SnapshotPart {
    /// Its place among the pieces.
    pub place: i64,
    /// The items and what they showed; nothing where that cannot be read.
    pub showed: Option<Vec<(ItemId, Marks)>>,
}

/// How many snapshots are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeepSnapshots {
    /// So many of each backend at most, the latest.
    pub most: u32,
    /// None that was taken before this.
    pub since: Moment,
}

impl Tx {
    /// Keeps what a backend's items show now, unless that was done in this run already, or after `since`.
    /// Answers whether it was done. Old ones are forgotten. One from the future, made by a clock that was wrong,
    /// is none that was just made.
    pub async fn take_snapshot(
        &mut self,
        backend: BackendId,
        run: RunId,
        at: Moment,
        since: Option<Moment>,
        keep: KeepSnapshots,
    ) -> Result<bool> {
        let since = since.map_or(i64::MAX, |since| since.0);
        let known = sqlx::query!(
            r#"SELECT count(*) AS "n!: i64" FROM snapshots
               WHERE backend_id = ?1
                 AND ((run_id = ?2 AND run_id <> 0) OR (taken_at > ?3 AND taken_at <= ?4))"#,
            backend.0,
            run.0,
            since,
            at.0
        )
        .fetch_one(self.conn())
        .await?;
        if known.n > 0 {
            return Ok(false);
        }
        let before = self.latest_snapshot(backend).await?;
        let stale = match before {
            Some(_) => self.stale_places(backend).await?,
            None => self.all_places(backend).await?,
        };
        let (mut items, mut bytes) = match before {
            Some(before) => (before.items, before.bytes),
            None if stale.is_empty() => return Ok(false),
            None => (0, 0),
        };
        let size = |number: usize| i64::try_from(number).unwrap_or(0);
        let mut parts = Vec::new();
        for place in &stale {
            if let Some(before) = before
                && let Some(piece) = self.piece_at(before.id, *place).await?
            {
                items -= size(decode(*place, &piece).unwrap_or_default().len());
                bytes -= size(piece.len());
            }
            let these = self.marks_in(backend, *place).await?;
            if these.is_empty() {
                continue;
            }
            items += size(these.len());
            let piece = encode(*place, &these);
            bytes += size(piece.len());
            parts.push((*place, self.keep_piece(&piece).await?));
        }
        let snapshot = sqlx::query!(
            "INSERT INTO snapshots (backend_id, run_id, taken_at, items, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            backend.0,
            run.0,
            at.0,
            items,
            bytes
        )
        .execute(self.conn())
        .await?
        .last_insert_rowid();
        if let Some(before) = before {
            sqlx::query!(
                "INSERT INTO snapshot_parts (snapshot_id, place, piece_id)
                 SELECT ?1, p.place, p.piece_id FROM snapshot_parts p
                 WHERE p.snapshot_id = ?2
                   AND p.place NOT IN (SELECT s.place FROM snapshot_stale s WHERE s.backend_id = ?3)",
                snapshot,
                before.id,
                backend.0
            )
            .execute(self.conn())
            .await?;
        }
        let parts = serde_json::to_string(&parts)?;
        sqlx::query!(
            "INSERT INTO snapshot_parts (snapshot_id, place, piece_id)
             SELECT ?2, value ->> 0, value ->> 1 FROM json_each(?1)",
            parts,
            snapshot
        )
        .execute(self.conn())
        .await?;
        sqlx::query!("DELETE FROM snapshot_stale WHERE backend_id = ?1", backend.0)
            .execute(self.conn())
            .await?;
        self.forget_snapshots(backend, keep).await?;
        Ok(true)
    }

    /// Keeps that these items of a backend may show something else than in its latest snapshot. To be called
    /// wherever items are written.
    pub(crate) async fn stale_in_snapshots(
        &mut self,
        backend: BackendId,
        items: impl Iterator<Item = ItemId>,
    ) -> Result<()> {
        let places: BTreeSet<i64> = items.map(|item| item.0 / RANGE).collect();
        let places = serde_json::to_string(&places)?;
        sqlx::query!(
            "INSERT INTO snapshot_stale (backend_id, place)
             SELECT ?2, value FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING",
            places,
            backend.0
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The same for items of whatever backends: a JSON list of their rows.
    pub(crate) async fn gone_since_snapshots(&mut self, items: &str) -> Result<()> {
        sqlx::query!(
            "INSERT INTO snapshot_stale (backend_id, place)
             SELECT i.backend_id, i.id / ?2 FROM json_each(?1) j CROSS JOIN items i ON i.id = j.value
             WHERE true ON CONFLICT DO NOTHING",
            items,
            RANGE
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    async fn latest_snapshot(&mut self, backend: BackendId) -> Result<Option<Latest>> {
        Ok(sqlx::query_as!(
            Latest,
            r#"SELECT id AS "id!: i64", items, bytes FROM snapshots
               WHERE backend_id = ?1 ORDER BY id DESC LIMIT 1"#,
            backend.0
        )
        .fetch_optional(self.conn())
        .await?)
    }

    async fn stale_places(&mut self, backend: BackendId) -> Result<Vec<i64>> {
        let rows = sqlx::query!(
            "SELECT place FROM snapshot_stale WHERE backend_id = ?1 ORDER BY place",
            backend.0
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows.into_iter().map(|row| row.place).collect())
    }

    async fn all_places(&mut self, backend: BackendId) -> Result<Vec<i64>> {
        let rows = sqlx::query!(
            r#"SELECT DISTINCT id / ?2 AS "place!: i64" FROM items WHERE backend_id = ?1 ORDER BY 1"#,
            backend.0,
            RANGE
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows.into_iter().map(|row| row.place).collect())
    }

    async fn piece_at(&mut self, snapshot: i64, place: i64) -> Result<Option<Vec<u8>>> {
        let row = sqlx::query!(
            r#"SELECT q.marks AS "marks!: Vec<u8>"
               FROM snapshot_parts p JOIN snapshot_pieces q ON q.id = p.piece_id
               WHERE p.snapshot_id = ?1 AND p.place = ?2"#,
            snapshot,
            place
        )
        .fetch_optional(self.conn())
        .await?;
        Ok(row.map(|row| row.marks))
    }

    async fn marks_in(&mut self, backend: BackendId, place: i64) -> Result<Vec<(ItemId, Marks)>> {
        #[derive(Deserialize)]
        struct Out(i64, i64, Option<i64>, i64, Option<i64>);
        let (from, to) = (place * RANGE, (place + 1) * RANGE);
        let row = sqlx::query!(
            r#"SELECT json_group_array(json_array(id, seen_watched, seen_position, seen_plays,
                                                  seen_played_at)) AS "rows!: String"
               FROM items WHERE id >= ?2 AND id < ?3 AND +backend_id = ?1 AND +present = 1"#,
            backend.0,
            from,
            to
        )
        .fetch_one(self.conn())
        .await?;
        let mut rows: Vec<Out> = serde_json::from_str(&row.rows)?;
        rows.sort_unstable_by_key(|row| row.0);
        Ok(rows
            .into_iter()
            .map(|Out(id, watched, position, plays, played_at)| {
                (ItemId(id), marks(watched, position, plays, played_at))
            })
            .collect())
    }

    /// Keeps a piece, once. Another one of the same fingerprint is told from it by its bytes.
    async fn keep_piece(&mut self, piece: &[u8]) -> Result<i64> {
        let mut hasher = SipHasher13::new();
        hasher.write(piece);
        let print = i64::from_ne_bytes(hasher.finish().to_ne_bytes());
        let known = sqlx::query!(
            r#"SELECT id AS "id!: i64" FROM snapshot_pieces WHERE print = ?1 AND marks = ?2"#,
            print,
            piece
        )
        .fetch_optional(self.conn())
        .await?;
        if let Some(known) = known {
            return Ok(known.id);
        }
        Ok(sqlx::query!("INSERT INTO snapshot_pieces (print, marks) VALUES (?1, ?2)", print, piece)
            .execute(self.conn())
            .await?
            .last_insert_rowid())
    }

    async fn forget_snapshots(&mut self, backend: BackendId, keep: KeepSnapshots) -> Result<()> {
        let gone = sqlx::query!(
            r#"SELECT json_group_array(id) AS "ids!: String" FROM snapshots
               WHERE backend_id = ?1
                 AND (taken_at < ?3
                      OR id NOT IN (SELECT id FROM snapshots WHERE backend_id = ?1
                                    ORDER BY id DESC LIMIT ?2))"#,
            backend.0,
            keep.most,
            keep.since.0
        )
        .fetch_one(self.conn())
        .await?;
        self.forget_these_snapshots(&gone.ids).await
    }

    /// Forgets what was kept of what a backend showed: its items are none of those any more.
    pub(crate) async fn forget_snapshots_of(&mut self, backend: BackendId) -> Result<()> {
        let gone = sqlx::query!(
            r#"SELECT json_group_array(id) AS "ids!: String" FROM snapshots WHERE backend_id = ?1"#,
            backend.0
        )
        .fetch_one(self.conn())
        .await?;
        self.forget_these_snapshots(&gone.ids).await
    }

    /// Forgets snapshots, a JSON list of their numbers, and those of their pieces that no other one has: no other
    /// piece is looked at.
    async fn forget_these_snapshots(&mut self, snapshots: &str) -> Result<()> {
        if snapshots == "[]" {
            return Ok(());
        }
        let pieces = sqlx::query!(
            r#"SELECT json_group_array(DISTINCT p.piece_id) AS "ids!: String"
               FROM json_each(?1) j CROSS JOIN snapshot_parts p ON p.snapshot_id = j.value"#,
            snapshots
        )
        .fetch_one(self.conn())
        .await?
        .ids;
        sqlx::query!(
            "DELETE FROM snapshots WHERE id IN (SELECT value FROM json_each(?1))",
            snapshots
        )
        .execute(self.conn())
        .await?;
        sqlx::query!(
            "DELETE FROM snapshot_pieces
             WHERE id IN (SELECT value FROM json_each(?1))
               AND NOT EXISTS (SELECT 1 FROM snapshot_parts p WHERE p.piece_id = snapshot_pieces.id)",
            pieces
        )
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The next piece of a snapshot, after the place of another. Nothing after the end.
    pub async fn snapshot_part(
        &mut self,
        snapshot: i64,
        after: i64,
    ) -> Result<Option<SnapshotPart>> {
        let row = sqlx::query!(
            r#"SELECT p.place AS "place!: i64", q.marks AS "marks!: Vec<u8>"
               FROM snapshot_parts p JOIN snapshot_pieces q ON q.id = p.piece_id
               WHERE p.snapshot_id = ?1 AND p.place > ?2 ORDER BY p.place LIMIT 1"#,
            snapshot,
            after
        )
        .fetch_optional(self.conn())
        .await?;
        Ok(row.map(|row| SnapshotPart { place: row.place, showed: decode(row.place, &row.marks) }))
    }

    /// The titles whose copies on a backend a piece at this place would be about: those that are there. Of a file
    /// with several titles, the first.
    pub async fn titles_in_part(&mut self, backend: BackendId, place: i64) -> Result<Vec<TitleId>> {
        let (from, to) = (place * RANGE, (place + 1) * RANGE);
        let rows = sqlx::query!(
            r#"SELECT DISTINCT title_id AS "title_id!: i64" FROM items
               WHERE id >= ?2 AND id < ?3 AND +backend_id = ?1 AND +present = 1 AND title_id IS NOT NULL
               ORDER BY title_id"#,
            backend.0,
            from,
            to
        )
        .fetch_all(self.conn())
        .await?;
        Ok(rows.into_iter().map(|row| TitleId(row.title_id)).collect())
    }
}

impl Store {
    /// All snapshots, the latest first.
    pub async fn snapshots(&self) -> Result<Vec<Snapshot>> {
        let rows = sqlx::query!(
            r#"SELECT id AS "id!: i64", backend_id, run_id, taken_at, items, bytes FROM snapshots
               ORDER BY id DESC"#
        )
        .fetch_all(self.reader())
        .await?;
        let number = |n: i64| u64::try_from(n).unwrap_or(0);
        Ok(rows
            .into_iter()
            .map(|r| Snapshot {
                id: r.id,
                backend: BackendId(r.backend_id),
                run: RunId(r.run_id),
                at: Moment(r.taken_at),
                items: number(r.items),
                bytes: number(r.bytes),
            })
            .collect())
    }
}

const WATCHED: u8 = 1;
const PLACE: u8 = 2;
const PLAYS: u8 = 4;
const DATE: u8 = 8;

/// The marks of a range of items as bytes: for each item how far it is from the one before, what of its marks there
/// is, and that. Dates are told as their distance from the one before, which a history that was copied at once makes
/// short.
fn encode(place: i64, items: &[(ItemId, Marks)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(items.len() * 8);
    let (mut last, mut date) = (place * RANGE, 0_i64);
    for (item, marks) in items {
        put(&mut bytes, item.0.abs_diff(last));
        last = item.0;
        let mut what = 0;
        for (is, bit) in [
            (marks.watch.is_watched(), WATCHED),
            (marks.watch.position().is_some(), PLACE),
            (marks.plays > 0, PLAYS),
            (marks.last_played.is_some(), DATE),
        ] {
            what |= if is { bit } else { 0 };
        }
        bytes.push(what);
        if let Some(position) = marks.watch.position() {
            put(&mut bytes, u64::from(position.ms()));
        }
        if marks.plays > 0 {
            put(&mut bytes, u64::from(marks.plays));
        }
        if let Some(at) = marks.last_played {
            let step = at.0.wrapping_sub(date);
            // So that a small step back is a small number as well.
            put(&mut bytes, ((step << 1) ^ (step >> 63)).cast_unsigned());
            date = at.0;
        }
    }
    bytes
}

/// The same, read; nothing where the bytes are none of ours.
fn decode(place: i64, mut bytes: &[u8]) -> Option<Vec<(ItemId, Marks)>> {
    let mut items = Vec::new();
    let (mut last, mut date) = (place * RANGE, 0_i64);
    while !bytes.is_empty() {
        last = last.checked_add(i64::try_from(take(&mut bytes)?).ok()?)?;
        let (what, rest) = bytes.split_first()?;
        bytes = rest;
        let position = match what & PLACE {
            0 => None,
            _ => Some(Position::from_ms(take(&mut bytes)?)?),
        };
        let plays = if what & PLAYS == 0 { 0 } else { u32::try_from(take(&mut bytes)?).ok()? };
        let last_played = if what & DATE == 0 {
            None
        } else {
            let step = take(&mut bytes)?;
            date = date.wrapping_add((step >> 1).cast_signed() ^ -((step & 1).cast_signed()));
            Some(Moment(date))
        };
        let watch = Watch::from_flag(what & WATCHED != 0, position);
        items.push((ItemId(last), Marks { watch, plays, last_played }));
    }
    Some(items)
}

/// A number in as few bytes as it needs, seven bits in each.
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push((number & 0x7f) as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for at in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(7 * at)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Vec<(ItemId, Marks)> {
        let mut items = Vec::new();
        for (at, position) in [None, Position::from_ms(1), Position::from_ms(u64::MAX)]
            .into_iter()
            .cycle()
            .take(90)
            .enumerate()
        {
            let at = i64::try_from(at).unwrap();
            let date =
                [None, Some(0), Some(-5), Some(1_700_000_000), Some(i64::MAX), Some(i64::MIN)];
            items.push((
                ItemId(7 * RANGE + at * 11),
                Marks {
                    watch: Watch::from_flag(at % 2 == 0, position),
                    plays: [0, 1, u32::MAX][usize::try_from(at).unwrap() / 3 % 3],
                    last_played: date[usize::try_from(at).unwrap() % 6].map(Moment),
                },
            ));
        }
        items
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(decode(7, &encode(7, &some())), Some(some()));
        assert_eq!(decode(7, &encode(7, &[])), Some(vec![]));
    }

    #[test]
    fn a_piece_that_was_cut_off_is_none_of_ours_or_a_shorter_one() {
        let whole = encode(7, &some());
        for end in 0..whole.len() {
            let read = decode(7, &whole[..end]);
            assert!(read.is_none_or(|read| some().starts_with(&read)), "{end}");
        }
        for byte in 0..=u8::MAX {
            // Whatever it says, it ends.
            let _ = decode(7, &[byte; 64]);
        }
    }
}
