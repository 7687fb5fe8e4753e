//! `backend add|list|show|set|test|remove`

use serde::Serialize;
use watchstate_api::{ApiError, Changes, Credentials, Household, NewAccount};
use watchstate_servers::{LibraryKind, Sensitive};
use watchstate_store::Backend;

use crate::End;
use crate::arguments::{AddWish, CredentialsWish, ExportSwitch, SetWish};
use crate::json::{self, BackendJson};
use crate::table::table;
use crate::terminal::say;
use crate::words::time_or;

/// `backend add`
pub(crate) async fn add(household: &Household, wish: AddWish, json: bool) -> Result<End, ApiError> {
    let credentials = credentials(wish.credentials)?.ok_or_else(|| {
        ApiError::usage(
            "nothing says how to get in; give --token-env VAR, or --username NAME with --password-env VAR",
        )
    })?;
    let backend = household
        .add_backend(NewAccount {
            name: wish.name,
            kind: wish.kind.into(),
            url: wish.url,
            user: wish.user,
            credentials,
            import: wish.import.into(),
            export: wish.export == ExportSwitch::On,
        })
        .await?;
    let name = &backend.name;
    one(&backend, json, &format!("{name} is added. Next: watchstate-cli import {name}"));
    Ok(End::Well)
}

/// `backend list`
pub(crate) async fn list(household: &Household, json: bool) -> Result<End, ApiError> {
    #[derive(Serialize)]
    struct All<'a> {
        backends: Vec<BackendJson<'a>>,
    }
    let backends = household.backends().await?;
    if json {
        say(&json::line(&All { backends: backends.iter().map(BackendJson::of).collect() }));
    } else if backends.is_empty() {
        say("There is no backend yet. Add one with: watchstate-cli backend add");
    } else {
        let rows: Vec<Vec<String>> = backends
            .iter()
            .map(|backend| {
                vec![
                    backend.name.clone(),
                    backend.kind.clone(),
                    backend.user_name.clone().unwrap_or_default(),
                    backend.import.name().to_owned(),
                    if backend.export { "on" } else { "off" }.to_owned(),
                    backend.url.clone(),
                ]
            })
            .collect();
        say(&table(&["NAME", "KIND", "USER", "IMPORT", "EXPORT", "ADDRESS"], &rows));
    }
    Ok(End::Well)
}

/// `backend show`
pub(crate) async fn show(household: &Household, name: &str, json: bool) -> Result<End, ApiError> {
    let backend = household.backend(name).await?;
    let waiting = household.store().waiting(backend.id).await?;
    let lines = [
        ("name", backend.name.clone()),
        ("kind", backend.kind.clone()),
        ("address", backend.url.clone()),
        ("user", backend.user_name.clone().unwrap_or_default()),
        ("import", backend.import.name().to_owned()),
        ("export", if backend.export { "on" } else { "off" }.to_owned()),
        ("last import", time_or(backend.imported_at, "never")),
        ("last export", time_or(backend.exported_at, "never")),
        ("first export", time_or(backend.approved_at, "waits for your yes")),
        ("owed", waiting.owed.to_string()),
        ("trouble", backend.trouble.clone().unwrap_or_else(|| "none".to_owned())),
    ];
    let text: Vec<String> =
        lines.iter().map(|(what, value)| format!("{:<13} {value}", format!("{what}:"))).collect();
    one(&backend, json, &text.join("\n"));
    Ok(End::Well)
}

/// `backend set`
pub(crate) async fn set(household: &Household, wish: SetWish, json: bool) -> Result<End, ApiError> {
    let credentials = credentials(wish.credentials)?;
    let switches = wish.import.is_some() || wish.export.is_some();
    if wish.url.is_none() && credentials.is_none() && !switches && !wish.new_server {
        return Err(ApiError::usage(
            "nothing to change; give --url, --import, --export, --token-env, --new-server, or --username \
             with --password-env",
        ));
    }
    let changes = Changes {
        url: wish.url,
        credentials,
        import: wish.import.map(Into::into),
        export: wish.export.map(|switch| switch == ExportSwitch::On),
        in_its_place: wish.new_server,
    };
    let backend = household.set_backend(&wish.name, changes).await?;
    one(&backend, json, &format!("{} is changed.", backend.name));
    Ok(End::Well)
}

/// `backend test`
pub(crate) async fn test(household: &Household, name: &str, json: bool) -> Result<End, ApiError> {
    #[derive(Serialize)]
    struct Test<'a> {
        test: Inner<'a>,
    }
    #[derive(Serialize)]
    struct Inner<'a> {
        server: &'a str,
        version: &'a str,
        user: &'a str,
        clock_offset_s: i64,
        libraries: Vec<LibraryJson<'a>>,
    }
    #[derive(Serialize)]
    struct LibraryJson<'a> {
        name: &'a str,
        holds: &'static str,
    }
    let tested = household.test_backend(name).await?;
    let libraries: Vec<LibraryJson<'_>> = tested
        .libraries
        .iter()
        .map(|library| LibraryJson {
            name: &library.name,
            holds: match library.kind {
                LibraryKind::Movies => "movies",
                LibraryKind::Shows => "series",
                LibraryKind::Mixed => "movies and series",
            },
        })
        .collect();
    let (server, user) = (&tested.server, &tested.user);
    if json {
        say(&json::line(&Test {
            test: Inner {
                server: &server.name,
                version: &server.version,
                user: &user.name,
                clock_offset_s: server.clock.0,
                libraries,
            },
        }));
        return Ok(End::Well);
    }
    say(&format!("All is well: {} {}, user {}.", server.name, server.version, user.name));
    if server.clock.0 != 0 {
        say(&format!("Its clock is {} seconds off, which is taken into account.", server.clock.0));
    }
    let rows: Vec<Vec<String>> =
        libraries.iter().map(|l| vec![l.name.to_owned(), l.holds.to_owned()]).collect();
    say(&table(&["LIBRARY", "HOLDS"], &rows));
    Ok(End::Well)
}

/// `backend remove`
pub(crate) async fn remove(household: &Household, name: &str, json: bool) -> Result<End, ApiError> {
    let backend = household.remove_backend(name).await?;
    if json {
        #[derive(Serialize)]
        struct Removed<'a> {
            removed: &'a str,
        }
        say(&json::line(&Removed { removed: &backend.name }));
    } else {
        say(&format!("{} is removed; what was learned from it stays.", backend.name));
    }
    Ok(End::Well)
}

fn one(backend: &Backend, json: bool, text: &str) {
    #[derive(Serialize)]
    struct One<'a> {
        backend: BackendJson<'a>,
    }
    if json {
        say(&json::line(&One { backend: BackendJson::of(backend) }));
    } else {
        say(text);
    }
}

/// Reads the credentials from where the arguments say they are.
fn credentials(wish: CredentialsWish) -> Result<Option<Credentials>, ApiError> {
    match wish {
        CredentialsWish { token_env: Some(variable), .. } => {
            let token = Sensitive::new(secret(&variable, "token")?.expose().trim().to_owned());
            Ok(Some(Credentials::Token(token)))
        }
        CredentialsWish { username: Some(username), password_env: Some(variable), .. } => {
            let password = secret(&variable, "password")?;
            Ok(Some(Credentials::Password { username, password }))
        }
        _ => Ok(None),
    }
}

fn secret(variable: &str, what: &str) -> Result<Sensitive<String>, ApiError> {
    match std::env::var(variable) {
        Ok(text) if !text.is_empty() => Ok(Sensitive::new(text)),
        // A person who gave the secret itself must not see it again in a log.
        _ => Err(ApiError::usage(format!(
            "the environment variable that is to hold the {what} is not set; set it, and give its name, \
             not the {what} itself"
        ))),
    }
}
