//! Certificates for a server of a test's own.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use crate::servers::run;

/// Two authorities, of which `ca` signed the server's certificate for `localhost`: PEM files, with keys beside them.
pub(crate) fn make_certificates(folder: &Path) {
    let openssl = |arguments: &str| run(Command::new("openssl").args(arguments.split(' ')).current_dir(folder));
    for authority in ["ca", "stranger"] {
        openssl(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={authority} \
             -addext basicConstraints=critical,CA:TRUE -keyout {authority}.key -out {authority}.pem"
        ));
    }
    openssl(
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost \
         -keyout server.key -out server.csr",
    );
    openssl("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -copy_extensions copy -out server.pem");
    fs::set_permissions(folder.join("server.key"), fs::Permissions::from_mode(0o600)).unwrap();
}
