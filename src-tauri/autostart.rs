//! Starting on login. Linux: a desktop entry in the autostart folder (Desktop Application Autostart
//! Specification 0.5); macOS: a launch agent; Windows: the `Run` key of the user.

use std::io;

/// Whether the app starts on login.
pub(crate) fn is_on() -> bool {
    system::is_on()
}

/// Lets the app start on login, or not.
pub(crate) fn set(on: bool) -> io::Result<()> {
    system::set(on)
}

#[cfg(target_os = "linux")]
mod system {
    use std::path::{Path, PathBuf};
    use std::{env, fs, io};

    use crate::MINIMIZED;

    fn entry_file() -> io::Result<PathBuf> {
        let settings = env::var_os("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".config")))
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(settings.join("autostart").join("io.github.watchstate.desktop.desktop"))
    }

    pub(super) fn is_on() -> bool {
        entry_file().is_ok_and(|file| file.exists())
    }

    pub(super) fn set(on: bool) -> io::Result<()> {
        let file = entry_file()?;
        if !on {
            return match fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        // An AppImage runs from a folder that changes with each start; it names its own file here.
        let program = match env::var_os("APPIMAGE") {
            Some(image) => PathBuf::from(image),
            None => env::current_exe()?,
        };
        let text = program.to_str().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        fs::write(file, entry(text))
    }

    fn entry(program: &str) -> String {
        format!(
            "[Desktop Entry]\nType=Application\nName=WatchState\nComment=Keeps watched marks the same \
             on all media servers\nExec={} {MINIMIZED}\nIcon=watchstate\nTerminal=false\n\
             X-GNOME-Autostart-enabled=true\n",
            quoted(program)
        )
    }

    /// An argument of `Exec` as the Desktop Entry Specification 1.5 quotes it: within double quotes, with a
    /// backslash before the four characters that mean something there; each backslash doubled once more,
    /// because the value is a string; `%%` for a percent sign.
    fn quoted(argument: &str) -> String {
        let mut quoted = String::from("\"");
        for letter in argument.chars() {
            match letter {
                '"' | '`' | '$' => quoted.push_str(r"\\"),
                '\\' => quoted.push_str(r"\\\"),
                '%' => quoted.push('%'),
                _ => {}
            }
            quoted.push(letter);
        }
        quoted.push('"');
        quoted
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_program_is_started_whatever_its_path() {
            for (program, exec) in [
                ("/usr/bin/watchstate", r#""/usr/bin/watchstate""#),
                ("/opt/My Apps/watchstate", r#""/opt/My Apps/watchstate""#),
                ("/opt/50%/watchstate", r#""/opt/50%%/watchstate""#),
                (r#"/opt/a"b/watchstate"#, r#""/opt/a\\"b/watchstate""#),
                (r"/opt/a\b/watchstate", r#""/opt/a\\\\b/watchstate""#),
            ] {
                let entry = entry(program);
                let line = entry.lines().find_map(|line| line.strip_prefix("Exec=")).unwrap();
                assert_eq!(line, format!("{exec} --minimized"));
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::{env, io};

    use auto_launch::{AutoLaunch, AutoLaunchBuilder};

    use crate::MINIMIZED;

    fn entry() -> io::Result<AutoLaunch> {
        let program = env::current_exe()?;
        let text = program.to_str().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        AutoLaunchBuilder::new()
            .set_app_name("WatchState")
            .set_app_path(text)
            .set_args(&[MINIMIZED])
            .build()
            .map_err(io::Error::other)
    }

    pub(super) fn is_on() -> bool {
        entry().is_ok_and(|entry| entry.is_enabled().unwrap_or(false))
    }

    pub(super) fn set(on: bool) -> io::Result<()> {
        let entry = entry()?;
        let done = if on { entry.enable() } else { entry.disable() };
        done.map_err(io::Error::other)
    }
}
