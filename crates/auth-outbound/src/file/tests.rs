//! Mails in a folder.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::message::tests::{ID, letter_to, mail_to};

async fn deliver(folder: &Path) -> Delivery {
    Folder(folder.to_owned()).deliver(&mail_to("ann@example.org"), letter_to("ann@example.org")).await
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn a_mail_is_a_file_that_nobody_else_reads_however_often_it_is_tried() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("a/mail");
    assert_eq!((deliver(&folder).await, deliver(&folder).await), (Delivery::Accepted, Delivery::Accepted));
    let name = format!("20261130T130405.123Z-{ID}.eml");
    assert_eq!(names(&folder).join(" "), name);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join(&name))), (0o700, 0o600));
    assert_eq!(fs::read(folder.join(name)).unwrap(), letter_to("ann@example.org").content);
}

#[tokio::test]
async fn what_cannot_be_written_waits_and_leaves_nothing_behind() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(deliver(&file).await, Delivery::Later { server_is_away: true, why } if why.contains("file")));
    // A folder stands where the file would be.
    let folder = place.path().join("mail");
    fs::create_dir_all(folder.join(name(&mail_to("ann@example.org"))).join("x")).unwrap();
    assert!(matches!(deliver(&folder).await, Delivery::Later { server_is_away: true, .. }));
    assert_eq!(names(&folder).len(), 1);
}

#[tokio::test]
async fn a_probe_makes_the_folder_and_writes_no_mail() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder(place.path().join("mail"));
    assert_eq!(folder.probe().await, Ok(()));
    assert!(names(&folder.0).is_empty());
    assert!(Folder("/proc/nowhere".into()).probe().await.unwrap_err().starts_with("/proc/nowhere: "));
}
