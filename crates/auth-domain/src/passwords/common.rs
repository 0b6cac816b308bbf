//! Whether a password is one of the most common ones, as it stands or in a usual disguise.

use std::cmp::Ordering;

use zeroize::Zeroizing;

/// What people build passwords on. `data/README.md` names the sources of both lists.
const BASES: &str = include_str!("../../data/common-bases.txt");
/// Common passwords of at least 8 characters.
const PASSWORDS: &str = include_str!("../../data/common-passwords.txt");

/// With more characters around it than this, a common password that is not a base counts as another one.
const SLIGHT: usize = 3;
/// The longest entry.
const LONGEST: usize = 26;

/// Capitals, `P@$$w0rd` and `1qaz@WSX` do not slow down guessing, and neither do digits and symbols at the ends that only meet a
/// policy: `Password1234!` is as common as its base.
pub(crate) fn is_common(text: &str) -> bool {
    let plain = Zeroizing::new(text.to_lowercase());
    // A base, as many symbols, and digits that are an entry: nothing longer has to be looked at.
    if plain.chars().count() > 3 * LONGEST {
        return false;
    }
    let disguises: [fn(char) -> char; 4] = [|c| c, |c| without_leet(c, 'i'), |c| without_leet(c, 'l'), without_shift];
    disguises.into_iter().any(|undo| {
        let bare = Zeroizing::new(plain.chars().map(undo).collect::<String>());
        is_decorated(&plain, &bare)
    })
}

/// Whether `bare` is a common one with decoration around it. `plain` has the same characters
/// before any was replaced, and says which are digits and symbols.
fn is_decorated(plain: &str, bare: &str) -> bool {
    let letters = || plain.char_indices().filter(|(_, c)| c.is_alphabetic());
    let first = letters().next().map_or(plain.len(), |(at, _)| at);
    let last = letters().next_back().map_or(0, |(at, c)| at + c.len_utf8());
    (0..=first).any(|start| {
        (last.max(start)..=plain.len().min(start + LONGEST)).any(|end| {
            // Every character was replaced by one as wide. What is no border of a character is none of a base.
            let (Some(base), Some(before), Some(behind)) = (bare.get(start..end), plain.get(..start), plain.get(end..)) else {
                return false;
            };
            let around = || before.chars().chain(behind.chars());
            (around().count() <= SLIGHT && lists(PASSWORDS, base)) || (lists(BASES, base) && is_usual(around(), base.len()))
        })
    })
}

/// Whether digits and symbols add little to a base: no more than its own length, or more
/// only by digits that are common themselves, as in `Love123456789!`.
fn is_usual(around: impl Iterator<Item = char>, base: usize) -> bool {
    let (digits, symbols): (String, String) = around.partition(char::is_ascii_digit);
    let symbols = symbols.chars().count();
    digits.len() + symbols <= base || (symbols <= base && [BASES, PASSWORDS].iter().any(|list| lists(list, &digits)))
}

fn without_leet(c: char, one: char) -> char {
    match c {
        '@' | '4' => 'a',
        '3' => 'e',
        '1' | '!' | '|' => one,
        '0' => 'o',
        '$' | '5' => 's',
        '7' | '+' => 't',
        other => other,
    }
}

/// The digit on the same key of the most common keyboard.
fn without_shift(c: char) -> char {
    match c {
        '!' => '1',
        '@' => '2',
        '#' => '3',
        '$' => '4',
        '%' => '5',
        '^' => '6',
        '&' => '7',
        '*' => '8',
        '(' => '9',
        ')' => '0',
        other => other,
    }
}

/// Finds a line by binary search in the text itself: nothing is built at the start or kept in memory.
fn lists(list: &str, entry: &str) -> bool {
    let mut rest = list;
    while !rest.is_empty() {
        let (before, behind) = rest.split_at_checked(rest.len() / 2).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let end = before.len() + behind.find('\n').unwrap_or(behind.len());
        rest = match entry.cmp(rest.get(start..end).unwrap_or_default()) {
            Ordering::Equal => return true,
            Ordering::Less => rest.get(..start),
            Ordering::Greater => rest.get(end + 1..),
        }
        .unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests;
