//! One page of a list: where the next one begins, and how it reads.

use super::terminal;

/// The mark of the last item, where the page is full: there may be more after it.
pub(crate) fn next<T>(items: &[T], limit: u32, mark: impl FnOnce(&T) -> String) -> Option<String> {
    let full = u32::try_from(items.len()).is_ok_and(|count| count >= limit);
    items.last().filter(|_| full).map(mark)
}

/// The lines of a page and how to ask for the next one; `none` where there are no lines.
pub(crate) fn text(mut lines: Vec<String>, next: Option<String>, none: &str) -> String {
    lines.extend(next.map(|mark| format!("There may be more: --after {mark}")));
    if lines.is_empty() { none.to_owned() } else { terminal::lines(lines) }
}
