//! Kodi's home: its settings, and its sources, which only its window and its database can add.

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use super::Options;

/// The name that its web server asks for.
pub(super) const USER: &str = "kodi";

/// Its three ports.
pub(super) struct Ports {
    /// Of its web server.
    pub(super) http: u16,
    /// Of JSON-RPC over plain TCP.
    pub(super) tcp: u16,
    /// Of remote controls; not used, but two Kodis must not fight for it.
    pub(super) events: u16,
}

impl Ports {
    /// Ports that are free now. All are held at once, so that they differ.
    pub(super) fn free() -> anyhow::Result<Self> {
        let here = ("127.0.0.1", 0);
        let (http, tcp) = (TcpListener::bind(here)?, TcpListener::bind(here)?);
        let events = UdpSocket::bind(here)?;
        Ok(Self {
            http: http.local_addr()?.port(),
            tcp: tcp.local_addr()?.port(),
            events: events.local_addr()?.port(),
        })
    }
}

/// Writes the settings.
pub(super) fn make(
    home: &Path,
    media: &Path,
    options: &Options,
    password: &str,
    ports: &Ports,
) -> anyhow::Result<()> {
    let userdata = home.join(".kodi/userdata");
    fs::create_dir_all(&userdata)?;
    fs::create_dir_all(home.join("tmp"))?;
    let run = home.join("run");
    fs::create_dir_all(&run)?;
    #[cfg(unix)]
    fs::set_permissions(&run, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    let (http, events) = (ports.http.to_string(), ports.events.to_string());
    let clock = if options.twelve_hours { "12hours" } else { "24hours" };
    let settings = [
        ("services.webserver", "true"),
        ("services.webserverport", http.as_str()),
        ("services.webserverauthentication", "true"),
        ("services.webserverusername", USER),
        ("services.webserverpassword", password),
        ("services.esenabled", "true"),
        ("services.esport", events.as_str()),
        ("services.esallinterfaces", "false"),
        ("services.zeroconf", "false"),
        ("services.upnp", "false"),
        ("services.wsdiscovery", "false"),
        ("services.airplay", "false"),
        // Never asks the network for add-ons.
        ("general.addonupdates", "2"),
        ("audiooutput.audiodevice", "NULL"),
        ("videolibrary.updateonstartup", "false"),
        ("videolibrary.backgroundupdate", "true"),
        ("locale.timezone", options.timezone.as_str()),
        ("locale.use24hourclock", clock),
    ];
    let settings: String = settings
        .iter()
        .map(|(id, value)| format!("  <setting id=\"{id}\">{value}</setting>\n"))
        .collect();
    fs::write(
        userdata.join("guisettings.xml"),
        format!("<settings version=\"2\">\n{settings}</settings>\n"),
    )?;
    fs::write(
        userdata.join("advancedsettings.xml"),
        format!(
            "<advancedsettings version=\"1.0\">\n  <loglevel>1</loglevel>\n  <jsonrpc>\
             <compactoutput>false</compactoutput><tcpport>{}</tcpport></jsonrpc>\n  \
             <splash>false</splash>\n</advancedsettings>\n",
            ports.tcp
        ),
    )?;
    let media = media.display();
    let sources: String = [("Movies", "movies"), ("TV", "tv")]
        .iter()
        .map(|(name, folder)| {
            format!(
                "<source><name>{name}</name><path pathversion=\"1\">{media}/{folder}/</path>\
                 <allowsharing>true</allowsharing></source>\n"
            )
        })
        .collect();
    fs::write(
        userdata.join("sources.xml"),
        format!(
            "<sources><video><default pathversion=\"1\"></default>\n{sources}</video></sources>\n"
        ),
    )?;
    Ok(())
}

/// Tells a Kodi that runs what its two folders hold: movies and series, by their NFO files.
///
/// There is no call for it. It stands in the table `path` of its database (Kodi 20: `MyVideos121.db`) and is
/// read from there by every scan, so it can be added while Kodi is idle.
pub(super) async fn add_sources(home: &Path, media: &Path) -> anyhow::Result<()> {
    let mut database = SqliteConnectOptions::new()
        .filename(database(home)?)
        .busy_timeout(Duration::from_secs(30))
        .disable_statement_logging()
        .connect()
        .await?;
    add(&mut database, media, "movies", "movies", i32::MAX, true).await?;
    add(&mut database, media, "tv", "tvshows", 0, false).await?;
    database.close().await?;
    Ok(())
}

async fn add(
    database: &mut SqliteConnection,
    media: &Path,
    folder: &str,
    content: &str,
    depth: i32,
    by_folder: bool,
) -> anyhow::Result<()> {
    let path = format!("{}/{folder}/", media.display());
    sqlx::query("DELETE FROM path WHERE strPath = ?").bind(&path).execute(&mut *database).await?;
    let added = sqlx::query(
        "INSERT INTO path (strPath, strContent, strScraper, strHash, scanRecursive, useFolderNames, \
         strSettings, noUpdate, exclude, allAudio) \
         VALUES (?, ?, 'metadata.local', '', ?, ?, '', 0, 0, 0)",
    )
    .bind(&path)
    .bind(content)
    .bind(depth)
    .bind(by_folder)
    .execute(database)
    .await?;
    ensure!(added.rows_affected() == 1, "a source could not be added");
    Ok(())
}

/// The newest of its databases; the number in the name is that of the schema.
fn database(home: &Path) -> anyhow::Result<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(home.join(".kodi/userdata/Database"))?
        .flatten()
        .map(|file| file.path())
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with("MyVideos") && name.ends_with(".db")
        })
        .collect();
    all.sort();
    all.pop().context("it has no video database")
}
