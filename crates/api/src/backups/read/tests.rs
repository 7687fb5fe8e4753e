//! Files from anywhere.

use std::io::Write;

use watchstate_model::{Position, Watch};

use super::*;

fn all(text: &str) -> Result<(Whole, Vec<Said>), Refusal> {
    let mut said = Vec::new();
    let whole = read(text.as_bytes(), &mut |one| {
        said.push(one);
        true
    })?;
    Ok((whole, said))
}

fn ours(titles: &str, count: u64) -> String {
    format!(
        r#"{{"format":"watchstate-backup","version":1,"madeAt":5,"new":{{"a":[1]}},"titles":[{titles}],"count":{count}}}"#
    )
}

const FILM: &str = r#"{"type":"movie","title":"Heat","year":1995,"ids":{"imdb":"tt0113277"},"watched":true,"plays":2,"lastPlayed":9}"#;

#[test]
fn ours_is_read_as_it_was_written() {
    let episode = r#"{"type":"episode","title":"Pilot","show":"Lost","season":1,"episode":2,
        "ids":{},"showIds":{"tvdb":"73739","elsewhere":"x"},"watched":false,"positionMs":600000,
        "plays":0,"a later field":[{}]}"#;
    let (whole, said) = all(&ours(&format!("{FILM},{episode}"), 2)).unwrap();
    assert_eq!(whole, Whole { made_at: Some(Moment(5)), count: 2 });
    assert_eq!(said[0].name, "Heat (1995)");
    let ids = ExternalIds::from_text("imdb:tt0113277");
    assert_eq!(said[0].wanted, Some(Wanted::Movie { ids }));
    let kept = Kept { watch: Watch::WATCHED, plays: 2, played_at: Some(Moment(9)) };
    assert_eq!(said[0].kept, kept);
    assert_eq!(said[1].name, "Lost S01E02 Pilot");
    let show_ids = ExternalIds::from_text("tvdb:73739");
    let wanted = Wanted::Episode { show_ids, place: (1, 2), ids: ExternalIds::NONE };
    assert_eq!(said[1].wanted, Some(wanted));
    assert_eq!(said[1].kept.watch, Watch::from_flag(false, Position::from_ms(600_000)));
}

#[test]
fn the_reference_s_list_is_read() {
    // Made up for this test, after the description of the format.
    let text = r#"[
        {"type":"movie","watched":1,"updated":1700000000,"title":"Dune","year":"2021",
         "guids":{"guid_imdb":"tt1160419","guid_tmdb":438631,"guid_nobody":"7"},"parent":[]},
        {"type":"episode","watched":"0","updated":1700000001,"show":"Severance","title":"Half Loop",
         "season":"1","episode":2,"year":null,"guids":[],"parent":{"guid_tvdb":"371980"},
         "progress":"754000"},
        {"type":"episode","watched":false,"show":"Lost","title":"?","season":null,"episode":null}
    ]"#;
    let (whole, said) = all(text).unwrap();
    assert_eq!(whole, Whole { made_at: None, count: 3 });
    let ids = ExternalIds::from_text("imdb:tt1160419 tmdb:438631");
    assert_eq!(said[0].wanted, Some(Wanted::Movie { ids }));
    let kept = Kept { watch: Watch::WATCHED, plays: 0, played_at: Some(Moment(1_700_000_000)) };
    assert_eq!(said[0].kept, kept);
    let show_ids = ExternalIds::from_text("tvdb:371980");
    let wanted = Wanted::Episode { show_ids, place: (1, 2), ids: ExternalIds::NONE };
    assert_eq!(said[1].wanted, Some(wanted));
    let watch = Watch::from_flag(false, Position::from_ms(754_000));
    let kept = Kept { watch, plays: 0, played_at: None };
    assert_eq!(said[1].kept, kept, "the date of a change is not one of a play");
    assert_eq!(said[2].wanted, None, "an episode of nowhere");
}

#[test]
fn what_is_no_backup_is_refused_with_words() {
    let deep = format!("[{}", "[".repeat(100_000));
    let deep_field = ours(&format!(r#"{{"x":{}"#, "{\"x\":".repeat(10_000)), 1);
    let long_name = ours(&FILM.replace("Heat", &"x".repeat(2 * 1024 * 1024)), 1);
    let many_ids: String = (0..100_000).map(|n| format!("\"p{n}\":\"1\",")).collect();
    let ids = ours(&FILM.replace("\"imdb\"", &format!("{many_ids}\"imdb\"")), 1);
    let spaces = format!("{}{}", " ".repeat(3 * 1024 * 1024), ours(FILM, 1));
    let cut = ours(FILM, 1);
    let newer = ours(FILM, 1).replace("\"version\":1", "\"version\":2");
    for (text, words, why) in [
        ("", "ends in the middle", "nothing"),
        (&cut[..cut.len() / 2], "ends in the middle", "cut short"),
        ("\0\0\0\0", "line 1 cannot be read", "zeros"),
        ("0000000", "line 1 cannot be read", "the digit"),
        ("{}", "not of WatchState", "an object of nothing"),
        ("17", "line 1", "a number"),
        (r#"{"format":"other","titles":[]}"#, "not of WatchState", "another program's"),
        (r#"{"titles":[],"format":"watchstate-backup"}"#, "not of WatchState", "the wrong order"),
        (&ours(FILM, 1).replace("1,\"madeAt\"", "0,\"madeAt\""), "not of WatchState", "version 0"),
        (&newer, "newer WatchState", "a later version"),
        (&ours(FILM, 7), "says otherwise", "the wrong count"),
        (&ours(FILM, 1).replace(",\"count\":1", ""), "says otherwise", "no count"),
        (&ours(FILM, 1).replace("\"madeAt\":5", "\"version\":1"), "version twice", "said twice"),
        (&format!("{} x", ours(FILM, 1)), "cannot be read", "something behind it"),
        (&ours(&FILM.replace("movie", "song"), 1), "unknown variant", "a song"),
        (&ours(&FILM.replace("true", "[]"), 1), "true or false", "a list for a flag"),
        (&ours(&FILM.replace("true", "2"), 1), "true or false", "a number for a flag"),
        (&ours(&FILM.replace("1995", "{}"), 1), "whole number", "an object for a year"),
        (&ours(&FILM.replace("9}", "1.5}"), 1), "whole number", "half a second"),
        (&ours(&FILM.replace(r#""watched":true,"#, ""), 1), "watched", "no mark"),
        (&ours("7", 1), "line 1", "a title that is a number"),
        (&deep, "line 1", "very deep"),
        (&deep_field, "cannot be read", "very deep where nobody looks"),
        (&long_name, "larger than any title", "a name of two MiB"),
        (&ids, "more ids", "a hundred thousand ids"),
        (&spaces, "larger than any title", "spaces without end"),
    ] {
        let refused = all(text).expect_err(why);
        assert!(refused.what.contains(words), "{why}: {refused}");
        assert!(!refused.todo.is_empty(), "{why}");
    }
}

#[test]
fn zeros_without_end_are_given_up_at_once() {
    let mut read_so_far = 0;
    let endless = std::io::repeat(b' ');
    struct Counted<'a, R>(R, &'a mut u64);
    impl<R: Read> Read for Counted<'_, R> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let read = self.0.read(into)?;
            *self.1 += read as u64;
            Ok(read)
        }
    }
    let refused = read(Counted(endless, &mut read_so_far), &mut |_| true).unwrap_err();
    assert!(refused.what.contains("larger than any title"), "{refused}");
    assert!(read_so_far < 2 * LARGEST_ENTRY, "{read_so_far}");
}

#[test]
fn odd_values_of_a_title_are_no_reason_to_refuse_a_file() {
    let odd = r#"{"type":"movie","watched":true,"title":7,"year":-3,"plays":99999999999999,
        "lastPlayed":-5,"positionMs":-1,"ids":{"imdb":"nonsense","tmdb":null}}"#;
    let (_, said) = all(&ours(odd, 1)).unwrap();
    assert_eq!(said[0].wanted, Some(Wanted::Movie { ids: ExternalIds::NONE }));
    assert_eq!(said[0].kept, Kept { watch: Watch::WATCHED, plays: 0, played_at: None });
    assert_eq!(said[0].name, "7");
}

#[test]
fn nobody_who_listens_ends_it() {
    let text = ours(&[FILM; 3].join(","), 3);
    let mut seen = 0;
    let stopped = read(text.as_bytes(), &mut |_| {
        seen += 1;
        seen < 2
    });
    assert!(stopped.is_err());
    assert_eq!(seen, 2);
}

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// An archive of nothing but headers of files that are not there.
fn of_headers(many: usize, end: &[u8]) -> Vec<u8> {
    let mut header = [0; 46];
    header[..4].copy_from_slice(b"PK\x01\x02");
    [b"PK\x03\x04".as_slice(), &header.repeat(many), end].concat()
}

/// The record at the end of one: it says how many files there are, and how large their headers are together.
fn end_of_archive(many: u16, bytes: u32) -> Vec<u8> {
    let (many, bytes, begin) = (many.to_le_bytes(), bytes.to_le_bytes(), 4_u32.to_le_bytes());
    [b"PK\x05\x06\0\0\0\0".as_slice(), &many, &many, &bytes, &begin, &[0, 0]].concat()
}

/// The same of the form for large archives, behind so many headers.
fn end_of_large_archive(many: u64) -> Vec<u8> {
    let (length, bytes, begin) =
        (44_u64.to_le_bytes(), (many * 46).to_le_bytes(), 4_u64.to_le_bytes());
    let at = (4 + many * 46).to_le_bytes();
    let counts = [many.to_le_bytes(), many.to_le_bytes()].concat();
    let record = [b"PK\x06\x06".as_slice(), &length, &[0; 12], &counts, &bytes, &begin].concat();
    let locator = [b"PK\x06\x07".as_slice(), &[0; 4], &at, &1_u32.to_le_bytes()].concat();
    [record, locator, end_of_archive(u16::MAX, u32::MAX)].concat()
}

/// How much of a source is read.
struct Watched<R>(R, u64);

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(into)?;
        self.1 += read as u64;
        Ok(read)
    }
}

impl<R: Seek> Seek for Watched<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn an_archive_of_very_many_files_is_refused_before_they_are_looked_at() {
    let many = 65_534;
    let length = u32::try_from(many * 46).unwrap();
    let honest = end_of_archive(u16::try_from(many).unwrap(), length);
    // One that says little comes last, and is none: whoever opens the archive goes back to the one before.
    let hidden = [honest.clone(), end_of_archive(1, 46)].concat();
    let large = end_of_large_archive(many as u64);
    for (end, why) in [(&honest, "many"), (&hidden, "hidden"), (&large, "the large form")] {
        let bytes = of_headers(many, end);
        assert!(bytes.len() as u64 > 8 * ARCHIVE_END);
        let mut file = Watched(io::Cursor::new(bytes), 0);
        let refused = archive(&mut file).err().expect(why);
        assert!(refused.what.contains("archive"), "{why}: {refused}");
        assert!(file.1 <= ARCHIVE_END, "{why}: {} bytes were read", file.1);
    }
    let few = zipped(&[("a.json", b"[]"), ("read me.txt", b"")]);
    assert_eq!(archive(io::Cursor::new(few)).unwrap().1, 0, "a note beside the backup is no harm");
    let names: Vec<String> = (0..=MOST_IN_ARCHIVE).map(|n| format!("{n}.json")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"[]"[..])).collect();
    assert!(archive(io::Cursor::new(zipped(&files))).is_err());
}

#[test]
fn packed_files() {
    let plain = ours(FILM, 1);
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(plain.as_bytes()).unwrap();
    let gz = gz.finish().unwrap();
    let zip = zipped(&[("main.den.20261126.json", plain.as_bytes())]);
    for bytes in [plain.as_bytes(), gz.as_slice(), zip.as_slice()] {
        assert_eq!(read_file(file(bytes), &mut |_| true).unwrap().count, 1);
    }
    let two = zipped(&[("a.json", plain.as_bytes()), ("b.json", plain.as_bytes())]);
    let other = zipped(&[("../../etc/passwd", b"x")]);
    let damaged = &zip[..zip.len() - 30];
    for bytes in [two.as_slice(), other.as_slice(), damaged] {
        let refused = read_file(file(bytes), &mut |_| true).unwrap_err();
        assert!(refused.what.contains("archive"), "{refused}");
    }
    // A few KiB that become two GiB of nothing.
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..64 {
        bomb.write_all(&[b' '; 1024 * 1024]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    let refused = read_file(file(&bomb), &mut |_| true).unwrap_err();
    assert!(refused.what.contains("larger than any title"), "{refused}");
}
