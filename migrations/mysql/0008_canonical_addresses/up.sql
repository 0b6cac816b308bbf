-- Says that `db/addresses.rs` has rewritten the addresses that earlier releases stored in another spelling: SQL knows no UTS 46.
DO 0;
