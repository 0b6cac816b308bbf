//! Forgetting what is old: one way for every table whose rows have a time.

/// Deletes the oldest rows of a table from before `cutoff`, from the end of that time's index: about `limit` of them,
/// for those of the last's very microsecond go with it. How many went.
macro_rules! forget_oldest {
    ($db:expr, $table:ident . $time:ident, $cutoff:expr, $limit:expr) => {{
        let old = $table::table.filter($table::$time.lt($cutoff)).order($table::$time.asc());
        let batch: Vec<$crate::db::moment::At> = old.select($table::$time).limit($limit).load($db)?;
        match batch.last() {
            Some(last) => diesel::delete($table::table.filter($table::$time.le(last))).execute($db),
            None => Ok(0),
        }
    }};
}
pub(super) use forget_oldest;
