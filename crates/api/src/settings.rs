//! The settings that come from environment variables.

use watchstate_engine::Settings;

use crate::{ApiError, Result};

/// More owed writes than this make an export a full one.
pub const EXPORT_THRESHOLD: &str = "WS_EXPORT_THRESHOLD";
/// How many items a page may ask for at most.
pub const LIBRARY_SEGMENT: &str = "WS_LIBRARY_SEGMENT";
/// From how many seconds on a position is progress.
pub const PROGRESS_MINIMUM: &str = "WS_PROGRESS_MINIMUM";

/// The settings, with what `variable` answers for each of the names above. A value that is no number, or
/// one out of reach, is an error: a setting that is silently not used is worse than none.
pub fn settings(variable: impl Fn(&str) -> Option<String>) -> Result<Settings> {
    let number = |name: &str, least: u64, most: u64| -> Result<Option<u64>> {
        let Some(text) = variable(name) else { return Ok(None) };
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        match text.parse::<u64>() {
            Ok(number) if (least..=most).contains(&number) => Ok(Some(number)),
            _ => Err(ApiError::usage(format!(
                "the environment variable {name} is \"{text}\"; set it to a whole number from {least} \
                 to {most}, or unset it"
            ))),
        }
    };
    let mut settings = Settings::default();
    if let Some(threshold) = number(EXPORT_THRESHOLD, 0, 1_000_000_000)? {
        settings.export_threshold = threshold;
    }
    if let Some(segment) = number(LIBRARY_SEGMENT, 50, 10_000)? {
        settings.page_most = u32::try_from(segment).unwrap_or(settings.page_most);
        settings.page_first = settings.page_first.min(settings.page_most);
    }
    if let Some(seconds) = number(PROGRESS_MINIMUM, 0, 3_600)? {
        settings.progress.minimum_ms = u32::try_from(seconds * 1000).unwrap_or(60_000);
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &'static str) -> Result<Settings> {
        settings(move |asked| (asked == name).then(|| value.to_owned()))
    }

    #[test]
    fn what_is_set_is_used() {
        assert_eq!(settings(|_| None), Ok(Settings::default()));
        assert_eq!(with(EXPORT_THRESHOLD, " "), Ok(Settings::default()), "empty is not set");
        assert_eq!(with(EXPORT_THRESHOLD, "7").unwrap().export_threshold, 7);
        let small = with(LIBRARY_SEGMENT, "300").unwrap();
        assert_eq!(
            (small.page_first, small.page_most),
            (300, 300),
            "no page is larger, the first too"
        );
        let large = with(LIBRARY_SEGMENT, "5000").unwrap();
        assert_eq!((large.page_first, large.page_most), (1000, 5000));
        assert_eq!(with(PROGRESS_MINIMUM, "90").unwrap().progress.minimum_ms, 90_000);
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (name, value, why) in [
            (EXPORT_THRESHOLD, "many", "no number"),
            (EXPORT_THRESHOLD, "-1", "less than nothing"),
            (LIBRARY_SEGMENT, "49", "a page too small"),
            (LIBRARY_SEGMENT, "1e3", "a number as programs write it"),
            (PROGRESS_MINIMUM, "3601", "more than an hour"),
        ] {
            let told = with(name, value).unwrap_err();
            assert_eq!(told.code, crate::Code::Usage, "{why}");
            assert!(told.message.contains(name) && told.message.contains(value), "{why}: {told}");
        }
    }
}
