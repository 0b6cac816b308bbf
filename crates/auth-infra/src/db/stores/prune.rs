//! Deleting old rows: one way for every table whose rows have a time.

/// Deletes the oldest rows of a table from before `cutoff`, using that time's index. Deletes about `limit` of them: rows with the
/// same time as the last one go with it. Returns how many.
macro_rules! forget_oldest {
    ($db:expr, $table:ident . $time:ident, $cutoff:expr, $limit:expr) => {{
        let old = $table::table.filter($table::$time.lt($cutoff)).order($table::$time.asc());
        let batch: Vec<$crate::db::schema::timestamp::At> = old.select($table::$time).limit($limit).load($db)?;
        match batch.last() {
            Some(last) => diesel::delete($table::table.filter($table::$time.le(last))).execute($db),
            None => Ok(0),
        }
    }};
}
pub(crate) use forget_oldest;
