//! How Jellyfin says no. What it says when it does what it is asked is in [`mediabrowser`](super::mediabrowser).

use serde_json::json;

use super::exchange::Reply;
use super::habits::Version;
use super::mediabrowser::No;

const TEXT: &str = "text/plain";

/// The answer of a version to something it will not do: recordings 09, 10, 15, 16, 31, 56, 73 to 76.
pub(super) fn refuse(version: Version, no: &No) -> Reply {
    let modern = version.is_from(10, 9);
    let trouble = |status| Reply::text(status, TEXT, "Error processing request.");
    match no {
        No::Token | No::BadToken => Reply::empty(401),
        No::BadPassword => trouble(401),
        No::Device => trouble(if modern { 400 } else { 500 }),
        No::Item { .. } | No::User if modern => problem(404, "Not Found"),
        No::Item { .. } | No::User | No::UserUnsaid => trouble(500),
        No::Id(id) => {
            invalid(modern, &json!({ "itemId": [format!("The value '{id}' is not valid.")] }))
        }
        No::Date(date) => {
            invalid(modern, &json!({ "datePlayed": [format!("The value '{date}' is not valid.")] }))
        }
        No::Json => invalid(
            modern,
            &json!({
                "$": ["The body is not valid JSON."],
                "userDataDto": ["The userDataDto field is required."],
            }),
        ),
        No::Allowed => trouble(403),
        No::Call => Reply::empty(404),
        No::Me => problem(400, "Bad Request"),
    }
}

fn problem(status: u16, title: &str) -> Reply {
    let section = if status == 404 { "15.5.5" } else { "15.5.1" };
    Reply::json(json!({
        "type": format!("https://tools.ietf.org/html/rfc9110#section-{section}"),
        "title": title,
        "status": status,
        "traceId": "00-00000000000000000000000000000000-0000000000000000-00",
    }))
    .with_status(status)
}

fn invalid(modern: bool, errors: &serde_json::Value) -> Reply {
    let section = if modern { "rfc9110#section-15.5.1" } else { "rfc7231#section-6.5.1" };
    Reply::json(json!({
        "type": format!("https://tools.ietf.org/html/{section}"),
        "title": "One or more validation errors occurred.",
        "status": 400,
        "errors": errors,
        "traceId": "00-00000000000000000000000000000000-0000000000000000-00",
    }))
    .with_status(400)
}
