//! The settings as the window shows them, and the search for servers.

use std::sync::Arc;

use watchstate_servers::discover::{self, Places};

use super::App;
use crate::contract::{
    Choice, Failure, FailureKind, Found, FoundHow, SetSetting, Setting, SettingGroup, SettingKind,
};
use crate::settings::table::{FIND_IN_NETWORK, FIND_SERVERS, Group, Kind};
use crate::settings::{Book, Resolved};

impl App {
    /// All settings.
    pub fn settings(&self) -> Vec<Setting> {
        let Some(book) = self.book() else { return Vec::new() };
        book.shown().into_iter().filter_map(setting).collect()
    }

    /// Changes a setting; what begins from now on goes by it.
    pub fn set_setting(&self, wish: &SetSetting) -> Result<(), Failure> {
        let book = self.settable()?;
        book.set(&wish.name, wish.value.as_deref())?;
        // Whoever listens goes by the settings as they were when it began.
        let shown_alone = |setting: &Resolved| setting.definition.group == Group::Window;
        if !book.get(&wish.name).as_ref().is_some_and(shown_alone) {
            self.listen_anew();
        }
        self.webhooks.look_again();
        Ok(())
    }

    /// What can be set, where anything can.
    pub(super) fn settable(&self) -> Result<Arc<Book>, Failure> {
        self.book().ok_or_else(|| {
            let what = "Nothing can be set here";
            Failure::new(FailureKind::Usage, what, "Set it by an environment variable")
        })
    }

    fn book(&self) -> Option<Arc<Book>> {
        self.household().around.book.clone()
    }

    /// The servers of this computer, and of its networks unless a person wants that not to be. Takes a few
    /// seconds.
    pub async fn find_servers(&self) -> Vec<Found> {
        let pause = self.household().around.pause.clone();
        let wanted = self.book().and_then(|book| book.get(FIND_SERVERS));
        let places = match wanted.is_none_or(|wanted| wanted.value == FIND_IN_NETWORK) {
            true => Places::around_here(),
            false => Places::this_computer(),
        };
        let found = discover::find_servers(&places, &pause, &|_| {}).await;
        let one = |found: discover::Found| Found {
            kind: found.kind.into(),
            name: found.name,
            url: found.url.to_string(),
            how: match found.how {
                discover::How::ThisComputer => FoundHow::ThisComputer,
                discover::How::Network => FoundHow::Network,
            },
        };
        found.into_iter().map(one).collect()
    }
}

/// A setting as it is shown; those of the tasks are shown with the tasks.
fn setting(resolved: Resolved) -> Option<Setting> {
    let definition = resolved.definition;
    let group = match definition.group {
        Group::Sync => SettingGroup::Sync,
        Group::Progress => SettingGroup::Progress,
        Group::Safety => SettingGroup::Safety,
        Group::Window => SettingGroup::Window,
        Group::Network => SettingGroup::Network,
        Group::Files => SettingGroup::Files,
        Group::Tasks => return None,
    };
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let kind = match &definition.kind {
        Kind::Switch => SettingKind::Switch,
        Kind::Number { min, max, unit } => SettingKind::Number {
            min: number(*min),
            max: number(*max),
            unit: unit.map(str::to_owned),
        },
        Kind::TimeZone | Kind::Crontab | Kind::Address | Kind::Folder => SettingKind::Text,
        Kind::Choice(choices) => SettingKind::Choice {
            choices: choices
                .iter()
                .map(|choice| Choice {
                    value: choice.value.to_owned(),
                    title: choice.title.to_owned(),
                })
                .collect(),
        },
    };
    Some(Setting {
        name: definition.name.to_owned(),
        group,
        title: definition.title.to_owned(),
        meaning: definition.meaning.to_owned(),
        kind,
        locked_by: resolved.locked_by().map(str::to_owned),
        value: resolved.value,
        default: definition.default.to_owned(),
    })
}
