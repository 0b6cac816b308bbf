"""Debian's Postfix, with a folder, a queue and ports of its own; it is gone when the test is over."""
import email
import grp
import os
import pwd
import subprocess
import tempfile
from email import policy
from pathlib import Path

from harness import free_port, until
from sink import PASSWORD, USER

DAEMONS = "/usr/lib/postfix/sbin"

MAIN = """
compatibility_level = 3.6
config_directory = {folder}/conf
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = postfix.example
mydestination =
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = example.org
virtual_mailbox_base = {folder}/mailboxes
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_tls_cert_file = {folder}/cert.pem
smtpd_tls_key_file = {folder}/key.pem
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_tls_received_header = yes
smtpd_sasl_authenticated_header = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain = postfix.example
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtputf8_enable = yes
smtpd_peername_lookup = no
"""

MASTER = """
127.0.0.1:{starttls} inet n - n - - smtpd
127.0.0.1:{implicit} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

SASL = """
pwcheck_method: auxprop
auxprop_plugin: sasldb
mech_list: PLAIN LOGIN
sasldb_path: {folder}/sasldb
"""


class Postfix:
    """A mail server that delivers all mails to example.org into one maildir."""

    def __init__(self, certificates):
        self.certificates = certificates
        self.scratch = tempfile.TemporaryDirectory(prefix="auth-postfix-")
        self.folder = Path(self.scratch.name)
        # Postfix's own users have to reach it.
        self.folder.chmod(0o755)
        owner, nobody = pwd.getpwnam("postfix"), pwd.getpwnam("nobody")
        self.starttls, self.implicit = free_port(), free_port()
        values = dict(folder=self.folder, daemons=DAEMONS, uid=nobody.pw_uid, gid=nobody.pw_gid,
                      starttls=self.starttls, implicit=self.implicit)
        for name in ("conf", "queue", "data", "mailboxes", "conf/sasl"):
            (self.folder / name).mkdir()
        (self.folder / "conf/main.cf").write_text(MAIN.format(**values))
        (self.folder / "conf/master.cf").write_text(MASTER.format(**values))
        (self.folder / "conf/sasl/smtpd.conf").write_text(SASL.format(**values))
        for name, kind in (("cert.pem", "pem"), ("key.pem", "key")):
            (self.folder / name).write_bytes(Path(certificates.path(f"localhost.{kind}")).read_bytes())
        user, realm = USER.split("@")
        database = f"{self.folder}/sasldb"
        subprocess.run(["saslpasswd2", "-p", "-c", "-f", database, "-u", realm, user], input=PASSWORD, text=True, check=True)
        os.chown(database, owner.pw_uid, owner.pw_gid)
        os.chown(self.folder / "data", owner.pw_uid, grp.getgrnam("postfix").gr_gid)
        os.chown(self.folder / "mailboxes", nobody.pw_uid, nobody.pw_gid)
        # Makes the folders of the queue.
        subprocess.run(["postfix", "-c", self.folder / "conf", "check"], check=True)
        self.master = subprocess.Popen([f"{DAEMONS}/master", "-c", self.folder / "conf", "-d"])

    def __enter__(self):
        until(lambda: (self.folder / "data/master.lock").exists() and "started" in self.log(), "Postfix has started")
        return self

    def __exit__(self, *_failure):
        # It ends its own children.
        self.master.terminate()
        self.master.wait()
        self.scratch.cleanup()

    def log(self):
        log = self.folder / "log"
        return log.read_text() if log.exists() else ""

    def url(self, implicit=False, host="localhost"):
        scheme, port = ("smtps", self.implicit) if implicit else ("smtp", self.starttls)
        return f"{scheme}://{USER.replace('@', '%40')}:s3cret%2F%3F@{host}:{port}?ca={self.certificates.ca}"

    def mails(self):
        """What has arrived: the bytes, and the mail as Python reads it."""
        files = sorted((self.folder / "mailboxes/all/new").glob("*"))
        contents = [file.read_bytes() for file in files]
        return [(content, email.message_from_bytes(content, policy=policy.default)) for content in contents]
