//! The programs that a genuine Kodi needs.

use std::fmt;
use std::path::{Path, PathBuf};

/// What is not installed on this machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Missing(Vec<&'static str>);

impl Missing {
    /// The programs, by the name under which they are started.
    pub fn programs(&self) -> &[&'static str] {
        &self.0
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, is) = (self.0.join(", "), if self.0.len() == 1 { "is" } else { "are" });
        write!(
            f,
            "{what} {is} not installed: \
             apt-get install --no-install-recommends kodi kodi-bin xvfb ffmpeg"
        )
    }
}

/// Where they are.
pub(super) struct Programs {
    pub(super) kodi: PathBuf,
    pub(super) xvfb: PathBuf,
    pub(super) ffmpeg: PathBuf,
}

impl Programs {
    pub(super) fn find() -> Result<Self, Missing> {
        match (kodi(), in_path("Xvfb"), in_path("ffmpeg")) {
            (Some(kodi), Some(xvfb), Some(ffmpeg)) => Ok(Self { kodi, xvfb, ffmpeg }),
            (kodi, xvfb, ffmpeg) => {
                let all = [("kodi", kodi), ("Xvfb", xvfb), ("ffmpeg", ffmpeg)];
                let missing = all.into_iter().filter(|(_, found)| found.is_none());
                Err(Missing(missing.map(|(name, _)| name).collect()))
            }
        }
    }
}

fn in_path(program: &'static str) -> Option<PathBuf> {
    crate::desktop::find(program).ok()
}

/// The program itself, not the script `kodi` around it, which would be what is ended in its place. Debian keeps
/// it below a folder named after the machine's architecture.
fn kodi() -> Option<PathBuf> {
    let in_folder =
        |folder: &Path| Some(folder.join("kodi/kodi.bin")).filter(|file| file.is_file());
    ["/usr/lib", "/usr/lib64", "/usr/local/lib"].iter().map(Path::new).find_map(|lib| {
        in_folder(lib).or_else(|| {
            let folders = std::fs::read_dir(lib).ok()?;
            folders.flatten().find_map(|folder| in_folder(&folder.path()))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_to_do() {
        let missing = Missing(vec!["kodi", "ffmpeg"]);
        assert!(missing.to_string().starts_with("kodi, ffmpeg are not installed: apt-get install"));
    }
}
