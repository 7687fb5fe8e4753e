//! How Emby says no. What it says when it does what it is asked is in [`mediabrowser`](super::mediabrowser).

use super::exchange::Reply;
use super::habits::Version;
use super::mediabrowser::No;

const HTML: &str = "text/html";
const NO_GUID: &str =
    "Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx).";

/// The answer of a version to something it will not do. Of 3.2.40: recordings 09, 10, 12, 15, 16, 35, 40,
/// 73 to 75. Of 4.x no recording was to be had: the statuses its OpenAPI document lists.
pub(super) fn refuse(version: Version, no: &No) -> Reply {
    let four = version.is_from(4, 0);
    let say = |status, text: &str| Reply::text(status, HTML, text);
    match no {
        No::Token => say(401, "Access token is required."),
        No::BadToken => say(401, "Access token is invalid or expired."),
        No::BadPassword => say(401, "Invalid user or password entered."),
        No::Device => say(if four { 400 } else { 500 }, "Exception was thrown."),
        No::Item { .. } | No::User if four => say(404, "Object reference not found."),
        No::Item { read: true } => say(400, "Value cannot be null.\nParameter name: item"),
        No::Item { read: false } | No::User => {
            say(500, "Object reference not set to an instance of an object")
        }
        No::Id(_) | No::Me => say(if four { 404 } else { 500 }, NO_GUID),
        No::Date(_) => say(500, "String was not recognized as a valid DateTime."),
        No::Json => say(400, "Error converting value."),
        No::Allowed => say(403, "User is not authorized."),
        No::UserUnsaid => say(500, "Value cannot be null.\nParameter name: user"),
        No::Call => say(404, "Unable to find the specified file."),
    }
}
