//! A text as a QR code, in SVG.

use std::fmt::Write;

use auth_domain::identity::port_error::PortError;
use qrcodegen::{QrCode, QrCodeEcc};

/// How many modules wide the margin is that a reader needs (ISO/IEC 18004 section 6.3.8).
const QUIET_ZONE: i32 = 4;

/// A picture of black modules on white, whatever the page's colours are: readers take no inverted one. It has no size of its own.
///
/// # Errors
/// The text has more than 2,953 bytes, which is the most that a QR code holds.
pub(super) fn svg(text: &str) -> Result<String, PortError> {
    // On a screen there is no dirt, so the lowest level of correction is enough; where there is room, the library takes a higher one.
    let code = QrCode::encode_text(text, QrCodeEcc::Low);
    let code =
        code.map_err(|reason| PortError::Internal(format!("the URI of an authenticator app fits no QR code: {reason}")))?;
    let (side, modules) = (code.size() + 2 * QUIET_ZONE, path(&code));
    Ok(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges" role="img" aria-label="QR code for an authenticator app"><rect width="100%" height="100%" fill="#fff"/><path d="{modules}" fill="#000"/></svg>"##
    ))
}

/// One rectangle for each run of dark modules in a row.
fn path(code: &QrCode) -> String {
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            // What is outside is light.
            let run = (x..).take_while(|x| code.get_module(*x, y)).count();
            let width = i32::try_from(run).unwrap_or_default();
            if width > 0 {
                // Writing to a text never fails.
                let _ = write!(path, "M{} {}h{width}v1h-{width}z", x + QUIET_ZONE, y + QUIET_ZONE);
            }
            x += width + 1;
        }
    }
    path
}
