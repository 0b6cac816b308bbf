//! Reads a token that may be of either kind (RFC 7009 section 2.1, RFC 7662 section 2.1).

use chrono::{DateTime, Utc};

use crate::sessions::{
    ports::TokenCodec,
    token::{Claims, InvalidToken, TokenKind},
};

/// The claims of a token of one of these kinds, tried in this order.
///
/// # Errors
/// It is valid as neither.
pub(crate) fn decode_either(
    codec: &dyn TokenCodec,
    [first, second]: [TokenKind; 2],
    token: &str,
    now: DateTime<Utc>,
) -> Result<Claims, InvalidToken> {
    codec.decode(first, token, now).or_else(|_not_of_this_kind| codec.decode(second, token, now))
}
