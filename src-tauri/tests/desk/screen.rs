//! The windows on the display, as a window program of the desktop sees them.

use watchstate_testkit::desktop::Desktop;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt, EventMask, ImageFormat, MapState, Window,
};
use x11rb::rust_connection::RustConnection;

/// The display.
pub(crate) struct Screen {
    connection: RustConnection,
    root: Window,
}

impl Screen {
    pub(crate) fn of(desktop: &Desktop) -> Self {
        let variables = desktop.variables();
        let display = variables.iter().find(|(name, _)| *name == "DISPLAY").unwrap().1.clone();
        let (connection, number) = RustConnection::connect(Some(&display)).unwrap();
        let root = connection.setup().roots[number].root;
        Self { connection, root }
    }

    /// The windows of WatchState that can be seen.
    pub(crate) fn windows(&self) -> Vec<Window> {
        let children = self.connection.query_tree(self.root).unwrap().reply().unwrap().children;
        children.into_iter().filter(|window| self.is_ours(*window)).collect()
    }

    /// A window may be gone between two questions; then it is not there.
    fn is_ours(&self, window: Window) -> bool {
        let name = self
            .connection
            .get_property(false, window, AtomEnum::WM_NAME, AtomEnum::ANY, 0, 64)
            .ok()
            .and_then(|asked| asked.reply().ok());
        let looks =
            self.connection.get_window_attributes(window).ok().and_then(|asked| asked.reply().ok());
        name.is_some_and(|name| name.value == b"WatchState")
            && looks.is_some_and(|looks| looks.map_state == MapState::VIEWABLE)
    }

    /// Presses the cross of a window (Inter-Client Communication Conventions 4.2.8.1).
    pub(crate) fn close(&self, window: Window) {
        let atom =
            |name: &[u8]| self.connection.intern_atom(false, name).unwrap().reply().unwrap().atom;
        let (protocols, delete) = (atom(b"WM_PROTOCOLS"), atom(b"WM_DELETE_WINDOW"));
        let message = ClientMessageEvent::new(32, window, protocols, [delete, 0, 0, 0, 0]);
        self.connection.send_event(false, window, EventMask::NO_EVENT, message).unwrap();
        self.connection.flush().unwrap();
    }

    /// What can be seen of a window. The display has 24 bits of colour in four bytes, blue first, as the tests' own
    /// display does everywhere.
    pub(crate) fn picture(&self, window: Window) -> Picture {
        let place = self.connection.get_geometry(window).unwrap().reply().unwrap();
        let (width, height) = (place.width, place.height);
        let asked =
            self.connection.get_image(ImageFormat::Z_PIXMAP, window, 0, 0, width, height, u32::MAX);
        let image = asked.unwrap().reply().unwrap();
        assert_eq!(image.depth, 24, "a display of the tests");
        let pixels = image.data.chunks_exact(4).flat_map(|bgr| [bgr[2], bgr[1], bgr[0]]).collect();
        Picture { width, height, pixels }
    }
}

/// A picture of a window.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    width: u16,
    height: u16,
    /// Red, green and blue of each.
    pixels: Vec<u8>,
}

impl Picture {
    /// As a PNG file.
    pub(crate) fn png(&self) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width.into(), self.height.into());
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_compression(png::Compression::High);
        encoder.write_header().unwrap().write_image_data(&self.pixels).unwrap();
        file
    }
}
