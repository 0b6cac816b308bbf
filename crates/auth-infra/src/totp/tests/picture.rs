//! The QR code, drawn as a browser would and read by a decoder that others wrote.

use rqrr::PreparedImage;

use super::*;

/// How many pixels wide a module is drawn.
const SCALE: usize = 3;

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}

/// The side of the picture, and which of its squares are dark.
fn drawn(svg: &str) -> (usize, Vec<Vec<bool>>) {
    let side: usize = between(svg, r#"viewBox="0 0 "#, " ").parse().unwrap();
    assert_eq!(between(svg, r#"viewBox=""#, "\""), format!("0 0 {side} {side}"));
    let mut dark = vec![vec![false; side]; side];
    for rectangle in between(svg, r#"<path d="M"#, "\"").split('M') {
        let (x, rest) = rectangle.split_once(' ').unwrap();
        let (y, width) = rest.split_once('h').unwrap();
        let width = width.split_once('v').unwrap().0;
        assert_eq!(rectangle, format!("{x} {y}h{width}v1h-{width}z"));
        let [x, y, width] = [x, y, width].map(|number| number.parse::<usize>().unwrap());
        dark[y][x..x + width].fill(true);
    }
    (side, dark)
}

fn read(svg: &str) -> String {
    let (side, dark) = drawn(svg);
    let luma = |x: usize, y: usize| if dark[y / SCALE][x / SCALE] { 0 } else { 255 };
    let mut image = PreparedImage::prepare_from_greyscale(side * SCALE, side * SCALE, luma);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1);
    grids[0].decode().unwrap().1
}

#[test]
fn it_says_what_the_uri_says() {
    for (issuer, address) in [("Example", "ann@example.org"), ("Beispiel & Söhne", "josé@example.org"), ("A", "a@b.cd")] {
        let new = issued_by(issuer, address);
        assert_eq!(read(&new.qr), new.uri);
    }
}

#[test]
fn it_is_dark_on_white_with_a_margin_and_says_what_it_is() {
    let svg = issued_by("Example", "ann@example.org").qr;
    let (side, dark) = drawn(&svg);
    for (y, row) in dark.iter().enumerate() {
        for (x, is_dark) in row.iter().enumerate() {
            let is_margin = x < 4 || y < 4 || x >= side - 4 || y >= side - 4;
            assert!(!(is_margin && *is_dark), "dark at {x} {y}");
        }
    }
    // The corners of three finder patterns touch the margin.
    assert!(dark[4][4] && dark[4][side - 5] && dark[side - 5][4]);
    assert!(svg.starts_with(r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox"#) && svg.ends_with("</svg>"));
    assert!(svg.contains(r##"<rect width="100%" height="100%" fill="#fff"/><path "##) && svg.contains(r##"fill="#000""##));
    assert!(svg.contains(r#"role="img" aria-label="QR code for an authenticator app""#));
}

/// A name of a hundred characters of four bytes, which is the longest that a mail may have, and the longest address.
#[test]
fn the_longest_names_fit() {
    let address = format!("{}@{}.org", "é".repeat(32), ["a".repeat(61), "b".repeat(61), "c".repeat(60)].join("."));
    assert!(email(&address).as_str().len() > 250, "{}", address.len());
    let new = issued_by(&"🦀".repeat(100), &address);
    assert_eq!(read(&new.qr), new.uri);
}

#[test]
fn what_fits_in_no_qr_code_is_a_fault() {
    let totp = Totp { issuer: "x".repeat(2000), ..totp(&[("a", 1)]) };
    assert!(matches!(totp.make(FactorId(id()), &email("ann@example.org")), Err(PortError::Internal(_))));
}
