//! No reader panics, whatever it reads, and none repeats a secret.

use proptest::{prelude::*, sample::Index};

use super::*;

/// Parts of what must not be told.
const SECRETS: [&str; 5] = ["OQ6TNNUQrjQai8", "FeQd5z4CydSqWq", "lSrfV15cpx95", "hunter2", "hushhush"];

fn holds(name: &str, bytes: &[u8]) -> Result<(), TestCaseError> {
    let told: Vec<String> = match read(name, bytes) {
        Err(fault) => vec![fault.to_string()],
        Ok(listed) => {
            let reasons = listed.iter().flat_map(|listed| listed.candidate.account.as_ref().err());
            reasons.map(ToString::to_string).collect()
        }
    };
    for told in told {
        prop_assert!(told.len() < 1000 && !SECRETS.iter().any(|secret| told.contains(secret)), "{name}: {told}");
    }
    Ok(())
}

/// One change to a file.
#[derive(Debug, Clone)]
enum Edit {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Cut(Index, Index),
    /// A part of it comes again at another place.
    Copy(Index, Index, Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let byte = prop_oneof![any::<u8>(), prop::sample::select(b"{}[]\",:\\\n\r;0-.e\x00\xff".to_vec())];
    let text =
        prop::sample::select(vec!["null", "[]", "{}", "\"\"", "1e999", "-1", "\"\\ud800\"", "\u{feff}", "\"\"\"", "$", ",,"]);
    prop_oneof![
        (any::<Index>(), byte).prop_map(|(at, byte)| Edit::Set(at, byte)),
        (any::<Index>(), text).prop_map(|(at, text)| Edit::Insert(at, text.as_bytes().to_vec())),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Edit::Cut(from, to)),
        (any::<Index>(), any::<Index>(), any::<Index>()).prop_map(|(from, to, at)| Edit::Copy(from, to, at)),
    ]
}

impl Edit {
    fn apply(self, bytes: &mut Vec<u8>) {
        let end = bytes.len() + 1;
        let range = |from: Index, to: Index| {
            let (from, to) = (from.index(end), to.index(end));
            // Short parts leave most of the file as it was.
            let (from, to) = (from.min(to), from.max(to));
            from..to.min(from + 64)
        };
        match self {
            Self::Set(at, byte) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            Self::Set(..) => {}
            Self::Insert(at, text) => drop(bytes.splice(at.index(end)..at.index(end), text)),
            Self::Cut(from, to) => drop(bytes.drain(range(from, to))),
            Self::Copy(from, to, at) => {
                let part = bytes[range(from, to)].to_vec();
                drop(bytes.splice(at.index(end)..at.index(end), part));
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes(name in prop::sample::select(FILES.map(|file| file.0).to_vec()), bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        holds(name, &bytes)?;
    }

    #[test]
    fn any_text(name in prop::sample::select(FILES.map(|file| file.0).to_vec()), text in "[\\[\\]{}\",:a-z0-9\\\\ \n\r]{0,300}") {
        holds(name, text.as_bytes())?;
    }

    #[test]
    fn any_edit_of_a_file(file in prop::sample::select(FILES.to_vec()), edits in prop::collection::vec(edit(), 1..8)) {
        let (name, text, _) = file;
        let mut bytes = text.as_bytes().to_vec();
        for edit in edits {
            edit.apply(&mut bytes);
        }
        holds(name, &bytes)?;
    }
}
