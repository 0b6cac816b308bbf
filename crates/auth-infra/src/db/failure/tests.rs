//! What messages mean, in whatever language.

use super::*;

struct Told {
    message: &'static str,
    details: Option<&'static str>,
    hint: Option<&'static str>,
}

impl DatabaseErrorInformation for Told {
    fn message(&self) -> &str {
        self.message
    }
    fn details(&self) -> Option<&str> {
        self.details
    }
    fn hint(&self) -> Option<&str> {
        self.hint
    }
    fn table_name(&self) -> Option<&str> {
        None
    }
    fn column_name(&self) -> Option<&str> {
        None
    }
    fn constraint_name(&self) -> Option<&str> {
        None
    }
    fn statement_position(&self) -> Option<i32> {
        None
    }
}

fn told(message: &'static str, details: Option<&'static str>, hint: Option<&'static str>) -> Error {
    Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(Told { message, details, hint }))
}

#[test]
fn a_deadlock_is_one_in_every_language() {
    for (message, details, hint) in [
        (
            "deadlock detected",
            "Process 7 waits for ShareLock on transaction 42; blocked by process 8.\nProcess 8 waits for ShareLock on transaction 43; blocked by process 7.",
            "See server log for query details.",
        ),
        (
            "Verklemmung (Deadlock) entdeckt",
            "Prozess 7 wartet auf ShareLock-Sperre auf Transaktion 42; blockiert von Prozess 8.\nProzess 8 wartet auf ShareLock-Sperre auf Transaktion 43; blockiert von Prozess 7.",
            "Einzelheiten zur Anfrage finden Sie im Serverlog.",
        ),
    ] {
        assert!(Failure::Refused(told(message, Some(details), Some(hint))).was_rolled_back(), "{message}");
    }
    // On Galera, also at the commit: where this came second, or stood in the way of what another server has committed.
    let galera = "Deadlock found when trying to get lock; try restarting transaction";
    assert!(Failure::Refused(told(galera, None, None)).was_rolled_back());
    for (message, details, hint) in [
        ("canceling statement due to lock timeout", None, None),
        ("Speicher aufgebraucht", Some("Fehler bei Anfrage mit Größe 8."), None),
        ("could not extend file", None, Some("Check free disk space.")),
    ] {
        assert!(!Failure::Refused(told(message, details, hint)).was_rolled_back(), "{message}");
    }
}

#[test]
fn a_server_that_does_not_take_writes_now_is_told_from_one_that_refuses_this_write() {
    for message in [
        "attempt to write a readonly database",
        "The MariaDB server is running with the --read-only option so it cannot execute this statement",
        "The MySQL server is running with the --super-read-only option so it cannot execute this statement",
        "The MySQL server is running with the --read_only=LOCK option so it cannot execute this statement",
        "Cannot execute statement in a READ ONLY transaction",
        "Cannot execute statement in a READ ONLY transaction.",
        "Running in read-only mode",
        "InnoDB is in read only mode.",
        "Table 'sessions' is read only",
    ] {
        assert!(only_reads(&told(message, None, None)), "{message}");
    }
    for message in [
        "The MariaDB server is running with the --secure-file-priv option so it cannot execute this statement",
        "Variable 'version' is a read only variable",
        "database or disk is full",
        "The table 'sessions' is full",
        "Lock wait timeout exceeded; try restarting transaction",
    ] {
        assert!(!only_reads(&told(message, None, None)), "{message}");
    }
    let row = Box::new("Duplicate entry 'running in read-only mode' for key 'PRIMARY'".to_owned());
    assert!(!only_reads(&Error::DatabaseError(DatabaseErrorKind::UniqueViolation, row)), "a row may say anything");
}

#[test]
fn a_server_that_its_cluster_has_left_does_nothing_and_gets_nothing_more_to_do() {
    let refusal = told("WSREP has not yet prepared node for application use", None, None);
    assert!(is_turned_away(&refusal));
    let failure = Failure::Broken(refusal).of_a_write();
    assert!(failure.is_broken() && matches!(PortError::from(failure), PortError::Unavailable(_)), "nothing is unknown of it");
    let row = Box::new("WSREP has not yet prepared node for application use".to_owned());
    assert!(!is_turned_away(&Error::DatabaseError(DatabaseErrorKind::UniqueViolation, row)), "a row may say anything");
}

#[test]
fn nobody_knows_of_a_commit_during_which_the_others_were_lost() {
    for message in [
        "Error while appending streaming replication fragment(provider status: Not connected to Primary Component)",
        "Got error 5 \"Input/output error\" during COMMIT",
    ] {
        let failure = || Failure::Broken(told(message, None, None)).of_a_write();
        assert!(is_in_doubt(&told(message, None, None)) && !failure().was_rolled_back(), "{message}");
        assert!(matches!(PortError::from(failure()), PortError::Unknown(_)), "{message}");
    }
    assert!(!is_in_doubt(&told("Got error 28 \"No space left on device\" from storage engine InnoDB", None, None)));
}

#[test]
fn what_a_database_cannot_do_now_is_told_from_what_it_does_not_take() {
    let kind = |message| PortError::from(Failure::Refused(told(message, None, None)));
    for message in [
        "database or disk is full",
        "database is locked",
        "could not extend file \"base/16384/16397\": No space left on device",
        "could not extend file \"base/16384/16397\": wrote only 4096 of 8192 bytes at block 7",
        "could not write to file \"base/pgsql_tmp/pgsql_tmp7.0\": No space left on device",
        "could not access status of transaction 7: No space left on device",
        "out of memory",
        "out of shared memory",
        "canceling statement due to lock timeout",
        "Disk full (/tmp); waiting for someone to free some space... (errno: 28 \"No space left on device\")",
        "Got error 28 \"No space left on device\" from storage engine InnoDB",
        "Error writing file './auth/users' (errno: 28 \"No space left on device\")",
        "The table 'users' is full",
        "Lock wait timeout exceeded; try restarting transaction",
        "Query execution was interrupted (max_statement_time exceeded)",
    ] {
        assert!(matches!(kind(message), PortError::Unavailable(why) if why == message), "{message}");
    }
    for message in [
        "value too long for type character varying(5)",
        "string or blob too big",
        "Data too long for column 'user_agent' at row 1",
        "Incorrect string value: 'database or disk is full' for column `auth`.`users`.`email` at row 1",
        "the agent 'canceling statement due to lock timeout' is not welcome",
        "Got error 139 \"Too big row\" from storage engine InnoDB",
    ] {
        assert!(matches!(kind(message), PortError::Refused(why) if why == message), "{message}");
    }
    let conflict = Error::DatabaseError(DatabaseErrorKind::SerializationFailure, Box::new("conflict".to_owned()));
    assert!(matches!(PortError::from(Failure::Refused(conflict)), PortError::Unavailable(_)));
}
