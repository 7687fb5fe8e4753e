//! Whose marks a token reads and writes.
//!
//! Plex keeps marks per account, and a request's account is its token's: none can be named beside it. A
//! server shows its accounts (`GET /accounts`: `accounts.json`) to the owner's token alone and answers 403
//! to others. So where the list is visible the token is the owner's, whose number is always 1; where it is not,
//! nothing on the server says whose the token is, and the user's own word has to do.

use crate::User;
use crate::error::{Fault, ServerError};

/// The number of the owner's account, on every server.
const OWNER: &str = "1";

/// The user of a token. `accounts` is the server's list where it is visible; `typed` is what the user
/// entered, the number or the name of an account; `owner_name` is the owner's name at plex.tv.
///
/// A name that the list does not have is [`Fault::NoSuchUser`]; an account in the list that is not the
/// owner's is [`Fault::Forbidden`], because its marks need a token of its own.
pub(super) fn whose(
    accounts: Option<&[User]>,
    typed: Option<&str>,
    owner_name: Option<&str>,
    op: &'static str,
) -> Result<User, ServerError> {
    let typed = typed.map(str::trim).filter(|typed| !typed.is_empty());
    let no_such = |what: &str| ServerError::new(Fault::NoSuchUser, op).with(what);
    let Some(accounts) = accounts else {
        return match typed {
            Some(typed) => Ok(User { id: typed.to_owned(), name: typed.to_owned() }),
            None => Err(no_such("the token is not the owner's; say whose it is")),
        };
    };
    let owner = || User {
        id: OWNER.to_owned(),
        name: accounts
            .iter()
            .find(|user| user.id == OWNER && user.name != OWNER)
            .map(|user| user.name.as_str())
            .or(owner_name)
            .unwrap_or(OWNER)
            .to_owned(),
    };
    let Some(typed) = typed else {
        return Ok(owner());
    };
    let is_name = |name: &str| name.to_lowercase() == typed.to_lowercase();
    // A number is never taken for a name: somebody may call themselves 1.
    let found = accounts
        .iter()
        .find(|user| user.id == typed)
        .or_else(|| accounts.iter().find(|user| is_name(&user.name)));
    match found {
        Some(user) if user.id == OWNER => Ok(owner()),
        Some(_) => Err(ServerError::new(Fault::Forbidden, op)
            .with("the token is the owner's; this user needs a token of their own")),
        None if typed == OWNER || owner_name.is_some_and(is_name) => Ok(owner()),
        None => Err(no_such("no account of the server has this number or name")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_token() {
        let user = |id: &str, name: &str| User { id: id.into(), name: name.into() };
        let list = [user("1", "anna"), user("7001234", "ben"), user("7005678", "1")];
        let list = Some(&list[..]);
        let mail = Some("anna@example.invalid");
        for (accounts, typed, told, why) in [
            (list, None, Ok(("1", "anna")), "the owner's token"),
            (list, Some(" "), Ok(("1", "anna")), "nothing was typed"),
            (
                list,
                Some("1"),
                Ok(("1", "anna")),
                "the owner by number, though somebody is called so",
            ),
            (list, Some("Anna"), Ok(("1", "anna")), "by name"),
            (list, Some("anna@example.invalid"), Ok(("1", "anna")), "by the name at plex.tv"),
            (
                list,
                Some("7001234"),
                Err(Fault::Forbidden),
                "another's marks with the owner's token",
            ),
            (list, Some("BEN"), Err(Fault::Forbidden), "by name as well"),
            (list, Some("carl"), Err(Fault::NoSuchUser), "nobody's name"),
            (Some(&[][..]), None, Ok(("1", "anna@example.invalid")), "a list without accounts"),
            (
                Some(&[][..]),
                Some("1"),
                Ok(("1", "anna@example.invalid")),
                "and its owner by number",
            ),
            (None, Some("ben"), Ok(("ben", "ben")), "a token of ben's: his word has to do"),
            (None, None, Err(Fault::NoSuchUser), "nothing says whose the token is"),
        ] {
            let read = whose(accounts, typed, mail, "checking the account");
            let read = read.map_err(|e| e.fault);
            assert_eq!(read, told.map(|(id, name)| user(id, name)), "{why}");
        }
    }
}
