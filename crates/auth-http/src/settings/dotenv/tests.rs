//! What a `.env` may say, and what is told instead of being swallowed.

use super::*;

fn told(text: &[u8]) -> Vec<String> {
    Dotenv::parse(text).faults.iter().map(ToString::to_string).collect()
}

fn value(line: &str) -> Option<String> {
    let Dotenv { mut pairs, faults } = Dotenv::parse(format!("{line}\n").as_bytes());
    assert!(faults.is_empty(), "{line}: {faults:?}");
    pairs.remove("HOST")
}

#[test]
fn what_all_programs_read_alike_is_read() {
    for (line, expected) in [
        ("HOST=b", "b"),
        ("export HOST=b", "b"),
        ("  HOST=b\r", "b"),
        ("HOST=b # comment", "b"),
        ("HOST=b#c=d", "b#c=d"),
        ("HOST=\"a b\"", "a b"),
        ("HOST='a $b' # it's", "a $b"),
        ("HOST=\"a\\\"b\\nc\\$d\"", "a\"b\nc$d"),
        ("HOST=a\\$b\\ c", "a$b c"),
        ("HOST=", ""),
        ("HOST=   # nothing", ""),
        ("B=x\nHOST=${B}/${B}", "x/x"),
        ("HOST=b\nHOST=b", "b"),
        ("KEY='one\ntwo='\nHOST=b", "b"),
        ("# it's \"a\" $comment\n\n \t\nHOST=b", "b"),
    ] {
        assert_eq!(value(line).as_deref(), Some(expected), "{line}");
    }
    assert!(Dotenv::parse(b"HOST=b").pairs.contains_key("HOST"), "without a line break at the end");
}

#[test]
fn what_would_be_swallowed_is_told_by_line_and_reason() {
    for (line, reason) in [
        ("HOST= s3cret", "a space after the `=`"),
        ("HOST=it's3cret", "a stray quote"),
        ("HOST=s3cret\"", "a stray quote"),
        ("HOST=\"s3cret", "a quote that is not closed"),
        ("HOST='s3cret", "a quote that is not closed"),
        ("HOST=\"s3\"cret", "a quote within the value"),
        ("HOST=s3$cret", "an unquoted `$`"),
        ("HOST=s3cret$", "an unquoted `$`"),
        ("HOST=\"s3$cret\"", "an unquoted `$`, or one in double quotes"),
        ("HOST=${NOBODY_SETS_s3cret}", "names a variable that is not set"),
        ("HOST=${s3cret", "an unquoted `$`"),
        ("HOST=s3 cret", "a space in the value"),
        ("HOST=#s3cret", "begins a comment"),
        ("HOST=s3\\cret", "it cannot be read"),
        ("HOST=s3\u{1}cret", "a control character"),
    ] {
        let told = told(format!("# first\n{line}\nPORT=99\n").as_bytes());
        assert!(told.len() == 1 && told[0].starts_with("HOST: line 2 of .env: ") && told[0].contains(reason), "{line}: {told:?}");
        assert!(!told[0].contains("s3") && !told[0].contains("cret"), "{told:?}");
    }
    for (line, reason) in [
        (&b"s3cret"[..], "no `=`"),
        (b"HOST s3cret", "no `=`"),
        (b"HOST =s3cret", "a name alone"),
        (b"=s3cret", "a name alone"),
        (b"HO ST=s3cret", "a name alone"),
        (b"HOST=s3cret\xff", "not UTF-8"),
    ] {
        let told = told(&[b"\n\n", line, b"\nPORT=99"].concat());
        assert!(told.len() == 1 && told[0].starts_with(".env: line 3 of .env: ") && told[0].contains(reason), "{told:?}");
    }
}

#[test]
fn the_rest_is_read_and_all_faults_are_told() {
    let Dotenv { pairs, faults } =
        Dotenv::parse(b"\xef\xbb\xbfHOST=a\nPORT='1\nBCRYPT_COST=$x\nOTHER=\"1\n2\nLOG_LEVEL=info\nHOST=b\n");
    let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
    let expected = [
        ".env: line 1 of .env: a byte order mark",
        "PORT: line 2 of .env: a quote that is not closed",
        "BCRYPT_COST: line 3 of .env: an unquoted `$`",
        "OTHER: line 4 of .env: a quote that is not closed",
        "HOST: line 7 of .env: line 1 gives it another value",
    ];
    assert!(told.len() == expected.len() && told.iter().zip(expected).all(|(told, start)| told.starts_with(start)), "{told:?}");
    assert_eq!((pairs.len(), &*pairs["HOST"], &*pairs["LOG_LEVEL"]), (2, "a", "info"));
}

#[test]
fn a_file_that_cannot_be_read_is_told_and_none_is_fine() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str| Dotenv::read(&folder.path().join(name)).faults.len();
    fs::create_dir(folder.path().join("folder")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", folder.path().join("link")).unwrap();
    assert_eq!((read("missing"), read("folder")), (0, 1));
    #[cfg(unix)]
    assert_eq!(read("link"), 1);
}
