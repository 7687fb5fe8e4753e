//! The body of a webhook: JSON, or a form with a field that holds JSON.

use std::borrow::Cow;
use std::convert::Infallible;

use bytes::Bytes;
use futures::{FutureExt, stream};
use multer::{Constraints, Multipart, SizeLimit};

use super::{LARGEST, TOO_LARGE, Wrong};

/// A body that came as a form.
pub(crate) type Fields<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// What a body is.
pub(crate) enum Body<'a> {
    /// JSON, as all but the content type says.
    Json(&'a str),
    /// A form with its named fields.
    Form(Fields<'a>),
}

/// Takes a body apart. Of a form of several parts only the field called `field` is kept: the others are
/// pictures.
///
/// Senders are careless with the content type: Jellyfin's plugin says `text/plain` unless told otherwise,
/// and what is not set by hand is often said to be a form. What begins like an object of JSON is one.
pub(crate) fn read<'a>(
    content_type: &str,
    body: &'a [u8],
    field: &'static str,
) -> Result<Body<'a>, Wrong> {
    let is = |what: &str| {
        content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(what)
    };
    if is("multipart/form-data") {
        let text = of_parts(content_type, body, field)?;
        return Ok(Body::Form(vec![(Cow::Borrowed(field), Cow::Owned(text))]));
    }
    let looks_like_json = body.trim_ascii_start().starts_with(b"{");
    if is("application/x-www-form-urlencoded") && !looks_like_json {
        // Each byte takes at most three in the encoded form.
        return match body.len() <= 3 * LARGEST {
            true => Ok(Body::Form(url::form_urlencoded::parse(body).collect())),
            false => Err(TOO_LARGE),
        };
    }
    match (looks_like_json, body.len() <= LARGEST) {
        (true, true) => std::str::from_utf8(body).map(Body::Json).map_err(|_| NO_TEXT),
        (true, false) => Err(TOO_LARGE),
        (false, _) => Err("it is neither an object of JSON nor a form"),
    }
}

impl<'a> Body<'a> {
    /// The JSON: of the body, or of that field of a form.
    pub(crate) fn json(self, field: &str) -> Result<Cow<'a, str>, Wrong> {
        let fields = match self {
            Self::Json(json) => return Ok(Cow::Borrowed(json)),
            Self::Form(fields) => fields,
        };
        match fields.into_iter().find(|(name, _)| name == field) {
            None => Err(NO_FIELD),
            Some((_, text)) if text.len() > LARGEST => Err(TOO_LARGE),
            Some((_, text)) => Ok(text),
        }
    }
}

const NO_TEXT: Wrong = "it is not UTF-8";
const NO_FIELD: Wrong = "its form lacks the field that holds the event";

/// A field of a form of several parts (`multipart/form-data`, RFC 7578).
fn of_parts(content_type: &str, body: &[u8], field: &'static str) -> Result<String, Wrong> {
    const BROKEN: Wrong = "its form cannot be taken apart";
    /// As much of the body as is copied for the parser at a time.
    const PIECE: usize = 16 * 1024;
    let boundary = multer::parse_boundary(content_type).map_err(|_| BROKEN)?;
    let pieces = body.chunks(PIECE).map(|piece| Ok::<_, Infallible>(Bytes::copy_from_slice(piece)));
    let limit = SizeLimit::new().for_field(field, LARGEST as u64);
    let mut parts = Multipart::with_constraints(
        stream::iter(pieces),
        boundary,
        Constraints::new().size_limit(limit),
    );
    let reading = async {
        while let Some(part) = parts.next_field().await.map_err(|_| BROKEN)? {
            if part.name() == Some(field) {
                return match part.bytes().await {
                    Ok(bytes) => Ok(bytes),
                    Err(multer::Error::FieldSizeExceeded { .. }) => Err(TOO_LARGE),
                    Err(_) => Err(BROKEN),
                };
            }
        }
        Err(NO_FIELD)
    };
    // All of the body is here, so that there is nothing to wait for.
    let bytes = reading.now_or_never().ok_or(BROKEN)??;
    String::from_utf8(bytes.into()).map_err(|_| NO_TEXT)
}
