//! An open data folder, and the servers behind its backends.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use watchstate_engine::{
    Account, Answer, Attention, CancellationToken, Clock, Consent, Engine, Preview, Report,
    Settings, SystemClock,
};
use watchstate_model::{BackendId, Moment, PersonId};
use watchstate_servers::{Address, Limits, MediaServer, Pause, Sensitive, ServerKind, connect};
use watchstate_store::{Backend, Store};

use crate::secrets::{Secrets, SecretsPlace};
use crate::settings::Book;
use crate::settings::book::Keeping;
use crate::unanswering::Unanswering;
use crate::{ApiError, Code, DataFolder, Result};

/// What a household takes from outside: time, limits, settings.
#[derive(Clone)]
pub struct Surroundings {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// How clients wait between two tries.
    pub pause: Arc<dyn Pause>,
    /// What one server may be asked to bear.
    pub limits: Limits,
    /// What users can tune.
    pub settings: Settings,
    /// Where they tune it while the app runs; what it says goes before the two above.
    pub book: Option<Arc<Book>>,
}

impl Surroundings {
    /// The clock of this computer, and the usual limits.
    pub fn real(settings: Settings) -> Self {
        Self {
            clock: Arc::new(SystemClock),
            pause: Arc::new(SystemClock),
            limits: Limits::default(),
            settings,
            book: None,
        }
    }

    /// The clock of this computer, and what the settings of a data folder say, now and when they change.
    pub fn by_the_book(book: &Arc<Book>) -> Self {
        Self { book: Some(book.clone()), limits: book.limits(), ..Self::real(book.engine()) }
    }

    /// What users can tune, as it is now.
    pub fn settings(&self) -> Settings {
        self.book.as_ref().map_or(self.settings, |book| book.engine())
    }

    /// Where backups are kept and how many, as it is now.
    pub(crate) fn keeping(&self) -> Keeping {
        self.book.as_ref().map(|book| book.keeping()).unwrap_or_default()
    }

    /// What one server may be asked to bear, as it is now.
    pub fn limits(&self) -> Limits {
        self.book.as_ref().map_or(self.limits, |book| book.limits())
    }
}

/// An open data folder.
pub struct Household {
    pub(crate) store: Store,
    pub(crate) secrets: Secrets,
    pub(crate) client_id: String,
    pub(crate) around: Surroundings,
    folder: DataFolder,
    /// Where its backups are, whatever the settings say.
    pub(crate) backups_in: Option<PathBuf>,
    /// What all engines of the household share.
    attention: Attention,
    /// Where the copy of the database is that is looked at instead of the database.
    _scratch: Option<TempDir>,
}

impl Household {
    /// Opens a data folder to work in, and makes it where there is none. Without a `place`, secrets are
    /// where they were put before: in the file if there is one, which a person once chose, else in the
    /// keyring.
    pub async fn open(
        path: &Path,
        place: Option<SecretsPlace>,
        around: Surroundings,
    ) -> Result<Self> {
        let folder = DataFolder::open(path)?;
        let client_id = folder.client_id()?;
        let store = Store::open_kept(&folder.database(), around.clock.now()).await?;
        let closed = "WatchState was closed while it ran; the next run goes on from there";
        store.end_abandoned_runs(around.clock.now(), closed).await?;
        let secrets = Secrets::of(folder.path(), place, &client_id);
        let (attention, backups_in) = (Attention::default(), None);
        Ok(Self {
            store,
            secrets,
            client_id,
            around,
            folder,
            backups_in,
            attention,
            _scratch: None,
        })
    }

    /// The same household with its backups in this folder, whatever the settings say of it: one that goes by
    /// the settings of another writes nothing where that one keeps its own, and removes nothing there.
    pub(crate) fn with_backups_in(self, folder: PathBuf) -> Self {
        Self { backups_in: Some(folder), ..self }
    }

    /// Opens a copy of a data folder, for a look at what a run would do. Nothing in the folder is changed,
    /// and it need not be writable; the copy goes when the household is dropped.
    pub async fn look(
        path: &Path,
        place: Option<SecretsPlace>,
        around: Surroundings,
    ) -> Result<Self> {
        let folder = DataFolder::look(path)?;
        let client_id =
            folder.known_client_id().unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let scratch = scratch_folder()?;
        let copy = folder.copy_database(scratch.path())?;
        let store = Store::open_scratch(&copy).await?;
        let secrets = Secrets::of(folder.path(), place, &client_id);
        let (attention, scratch) = (Attention::default(), Some(scratch));
        Ok(Self {
            store,
            secrets,
            client_id,
            around,
            folder,
            backups_in: None,
            attention,
            _scratch: scratch,
        })
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The file of its database.
    pub(crate) fn database(&self) -> PathBuf {
        self.folder.database()
    }

    /// Where its tokens are kept.
    pub fn secrets_place(&self) -> SecretsPlace {
        self.secrets.place()
    }

    /// The person whose marks are meant: the first release shows one.
    pub fn person(&self) -> PersonId {
        PersonId(1)
    }

    /// What time it is.
    pub fn now(&self) -> Moment {
        self.around.clock.now()
    }

    /// An engine over this household. Those of one household may work beside each other.
    pub fn engine(&self, report: Arc<dyn Report>, cancel: CancellationToken) -> Engine {
        Engine::new(
            self.store.clone(),
            self.around.clock.clone(),
            self.around.settings(),
            report,
            cancel,
        )
        .beside(&self.attention)
    }

    /// All backends with the clients that reach them. One whose token is missing is among them and fails
    /// when it is asked; a keyring that cannot be read is an error, because then nothing is known.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        let mut accounts = Vec::new();
        for backend in self.store.backends().await? {
            let token = self.secrets.get(&secret_name(&backend)).await?;
            let missing = token.is_none();
            let token = token.unwrap_or_else(|| Sensitive::new(String::new()));
            let client = self.client(&backend, token)?;
            let server: Arc<dyn MediaServer> =
                if missing { Arc::new(Unanswering::new(client)) } else { client };
            accounts.push(Account::new(backend, server));
        }
        Ok(accounts)
    }

    /// What a run would do, on a copy that is removed again; see [`Engine::preview`].
    pub async fn preview(
        &self,
        engine: &Engine,
        accounts: &[Account],
        wanted: &[BackendId],
        import: bool,
        consent: Consent,
    ) -> Result<Preview> {
        let folder = scratch_folder()?;
        let file = folder.path().join("preview.sqlite");
        Ok(engine.preview(accounts, wanted, import, consent, &file).await?)
    }

    /// What would follow from an answer to the un-watches that wait; see [`Engine::preview_answer`].
    pub async fn preview_answer(
        &self,
        engine: &Engine,
        accounts: &[Account],
        wanted: &[BackendId],
        answer: &Answer,
    ) -> Result<Preview> {
        let folder = scratch_folder()?;
        let file = folder.path().join("preview.sqlite");
        Ok(engine.preview_answer(accounts, wanted, self.person(), answer, &file).await?)
    }

    /// Keeps a copy of the database, once a day when something changed: to be called when a run begins, which need
    /// not wait for it. That it cannot be made keeps nobody from running.
    pub async fn keep_copy(&self) {
        match self.store.keep_copy(self.now()).await {
            Ok(Some(copy)) => {
                tracing::info!(bytes = copy.bytes, "the database was copied, as once a day");
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the database could not be copied"),
        }
    }

    /// A person has read that the database was made anew.
    pub async fn put_mended_away(&self) -> Result<()> {
        let mut tx = self.store.begin().await?;
        tx.mended_is_seen().await?;
        Ok(tx.commit().await?)
    }

    /// Closes the database: what was decided is in the file.
    pub async fn close(self) {
        self.store.close().await;
    }

    /// The client of a backend.
    pub(crate) fn client(
        &self,
        backend: &Backend,
        token: Sensitive<String>,
    ) -> Result<Arc<dyn MediaServer>> {
        let address = self.address(backend, token)?;
        connect(address, self.around.limits(), self.around.pause.clone())
            .map_err(|error| ApiError::of_server(&backend.name, &error))
    }

    /// How a backend is reached.
    pub(crate) fn address(&self, backend: &Backend, token: Sensitive<String>) -> Result<Address> {
        let kind = ServerKind::from_name(&backend.kind).ok_or_else(|| {
            ApiError::new(
                Code::Store,
                format!("{} is on a server of an unknown kind", backend.name),
            )
        })?;
        let url = backend.url.parse().map_err(|_| {
            let what = "its address cannot be read; enter it again (backend set --url)";
            ApiError::new(Code::Store, format!("{}: {what}", backend.name))
        })?;
        Ok(Address {
            kind,
            url,
            user: backend.user_id.clone(),
            token,
            client_id: self.client_id.clone(),
        })
    }
}

/// The name under which a backend's token is kept.
pub(crate) fn secret_name(backend: &Backend) -> String {
    format!("backend-{}", backend.id)
}

/// The name under which the secret of a backend's address for webhooks is kept.
pub(crate) fn webhook_secret_name(backend: BackendId) -> String {
    format!("webhook-{backend}")
}

/// The names of all secrets that a backend has or may have.
pub(crate) fn secret_names(backend: &Backend) -> [String; 2] {
    [secret_name(backend), webhook_secret_name(backend.id)]
}

/// A folder for a copy of the database: for its owner alone, removed when the value is dropped.
pub(crate) fn scratch_folder() -> Result<TempDir> {
    tempfile::Builder::new().prefix("watchstate-").tempdir().map_err(|error| {
        ApiError::new(
            Code::Store,
            format!(
                "the folder for temporary files cannot be used ({}); make room there, or set another \
                 with TMPDIR",
                error.kind()
            ),
        )
    })
}
