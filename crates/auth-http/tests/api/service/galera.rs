//! A Galera cluster of a test's own: three servers of MariaDB, each on ports of its own.

use std::{
    array::from_fn,
    process::Stdio,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use diesel::{Connection, MysqlConnection, QueryableByName, RunQueryDsl, sql_query, sql_types::Text};

use super::{Engine, PrivateServer, TestDatabase, servers::free_port};

const SIZE: usize = 3;

/// How long it may take until all are together.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Galera([PrivateServer; SIZE]);

/// What `SHOW STATUS` says.
#[derive(QueryableByName)]
struct Status {
    #[diesel(sql_type = Text, column_name = "Value")]
    value: String,
}

impl Galera {
    /// A cluster with an empty database.
    pub fn create() -> Self {
        let groups: [u16; SIZE] = from_fn(|_| free_port());
        let members = groups.map(|group| format!("127.0.0.1:{group}")).join(",");
        let cluster = Self(groups.map(|group| PrivateServer::empty(Engine::Mysql, arguments(&members, group))));
        let [first, others @ ..] = &cluster.0;
        first.lay();
        first.begin(&["--wsrep-new-cluster"]);
        first.until_it_answers();
        // These get everything from the first.
        others.iter().for_each(|other| other.begin(&[]));
        cluster.until_all_are_together();
        first.administer("CREATE DATABASE auth");
        cluster
    }

    /// The database, by each of the servers.
    pub fn databases(&self) -> [Arc<TestDatabase>; SIZE] {
        self.0.each_ref().map(|server| Arc::new(TestDatabase::at(Engine::Mysql, server.url())))
    }

    pub fn until_all_are_together(&self) {
        let begun = Instant::now();
        for server in &self.0 {
            server.until_it_answers();
            while status(server, "wsrep_ready") != "ON" || status(server, "wsrep_cluster_size") != SIZE.to_string() {
                assert!(begun.elapsed() < PATIENCE, "the cluster does not come together");
                thread::yield_now();
            }
        }
    }

    pub fn kill(&self, number: usize) {
        self.0[number].stop();
    }

    /// Starts one that was killed as Debian's unit does: from where its files say that it stopped.
    pub fn start(&self, number: usize) {
        let server = &self.0[number];
        let told = server.command().arg("--wsrep-recover").stdout(Stdio::null()).stderr(Stdio::piped()).output().unwrap();
        let told = String::from_utf8_lossy(&told.stderr).into_owned();
        let position = told.lines().find_map(|line| Some(line.split_once("Recovered position: ")?.1.trim())).unwrap();
        server.begin(&[&format!("--wsrep-start-position={position}")]);
        self.until_all_are_together();
    }

    /// From now on it neither hears nor tells the others anything.
    pub fn cut_off(&self, number: usize) {
        self.0[number].administer("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'");
    }

    pub fn take_back(&self, number: usize) {
        self.0[number].administer("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'");
        self.until_all_are_together();
    }
}

fn arguments(members: &str, group: u16) -> Vec<String> {
    let (state, increments) = (free_port(), free_port());
    let provider = format!(
        "base_host=127.0.0.1;base_port={group};gmcast.listen_addr=tcp://127.0.0.1:{group};ist.recv_addr=127.0.0.1:{increments};\
         gcache.size=32M"
    );
    let told = [
        "--wsrep-on=ON".to_owned(),
        "--wsrep-provider=/usr/lib/galera/libgalera_smm.so".to_owned(),
        format!("--wsrep-provider-options={provider}"),
        format!("--wsrep-cluster-address=gcomm://{members}"),
        "--wsrep-node-address=127.0.0.1".to_owned(),
        "--wsrep-sst-method=rsync".to_owned(),
        format!("--wsrep-sst-receive-address=127.0.0.1:{state}"),
        "--binlog-format=ROW".to_owned(),
        "--innodb-autoinc-lock-mode=2".to_owned(),
        // As Galera's manual has it: what one server loses, the others have.
        "--innodb-flush-log-at-trx-commit=0".to_owned(),
        "--innodb-buffer-pool-size=32M".to_owned(),
        "--innodb-log-file-size=8M".to_owned(),
    ];
    told.into()
}

/// What a server says of itself, also while it does nothing else; nothing while it does not answer.
fn status(server: &PrivateServer, name: &str) -> String {
    let Ok(mut connection) = MysqlConnection::establish(&server.url().replace("/auth", "/mysql")) else { return String::new() };
    let found: Vec<Status> = sql_query(format!("SHOW STATUS LIKE '{name}'")).load(&mut connection).unwrap_or_default();
    found.into_iter().map(|status| status.value).collect()
}
