//! `users`: what an operator does to accounts, for people and (`--json`) for scripts.

mod export;
mod import;
mod render;

use std::io::{self, BufRead, IsTerminal, Write};

use auth_domain::{
    admin::{AdminError, edit_user::EditedUser},
    audit::initiator::Initiator,
    identity::{
        document::Document,
        editable::Editable,
        email::{Email, canonical_prefix},
        role::{Role, RoleFault},
        user::User,
    },
    mfa::ports::FactorsReset,
    passwords::policy::NewPassword,
};
use clap::{Args, Subcommand};
use serde_json::Value;

use self::{import::Detail, render::Answer};
use super::command::{CommandError, operate, operator, parse_email};
use crate::{app::use_cases::UseCases, settings::SESSIONS_MAX};

#[derive(Debug, Args)]
pub(crate) struct Users {
    #[command(subcommand)]
    command: Command,
    /// Print JSON, for scripts.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Answered(Action),
    /// Export every account with its password hash and its factors, a line of JSON each, for another server.
    Export(export::Export),
}

/// Passwords are read from the terminal without echo, or as one line from stdin; never from an argument.
#[derive(Debug, Subcommand)]
enum Action {
    /// Create an account; asks for its password. Where MAIL_URL is set and none is given, a mail invites the owner to choose one.
    Create {
        email: String,
        /// Ask for no password: a mail invites the owner to choose one. Needs MAIL_URL.
        #[arg(long)]
        invite: bool,
    },
    /// Show an account, its second factors and its live sessions.
    Show { user: String },
    /// List accounts by address.
    List {
        /// Only addresses that begin with this. A domain in other letters than ASCII has to be whole up to a dot or the end.
        #[arg(long, default_value = "")]
        prefix: String,
        /// Only addresses after this one: the last one of the previous page.
        #[arg(long)]
        after: Option<String>,
        /// How many at most.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Refuse logins and end all sessions.
    Disable {
        user: String,
        #[command(flatten)]
        force: Force,
    },
    /// Allow logins again.
    Enable { user: String },
    /// Mark the address as verified, where its owner has proven it in another way.
    Verify { user: String },
    /// What an account is allowed.
    Roles {
        #[command(subcommand)]
        action: RolesAction,
    },
    /// Set what is kept of an account for applications: an attribute, which its owner cannot change.
    SetAttribute {
        user: String,
        name: String,
        /// Any JSON, such as 5, \"gold\" or {"plan":"gold"}. `null` removes the attribute.
        #[arg(value_name = "JSON", allow_negative_numbers = true)]
        value: String,
    },
    /// Set a new password and end all sessions; asks for the password.
    SetPassword { user: String },
    /// End all sessions.
    EndSessions { user: String },
    /// Remove all second factors and recovery codes, for an owner who has lost them, and end all sessions: a password alone logs in
    /// again. Tells the owner by mail.
    ResetFactors {
        user: String,
        #[command(flatten)]
        force: Force,
    },
    /// Delete an account and its sessions; the address is free again.
    Delete {
        user: String,
        #[command(flatten)]
        force: Force,
    },
    /// Import the accounts of another system or server, with their password hashes; existing accounts stay as they are.
    Import(import::Import),
}

#[derive(Debug, Subcommand)]
enum RolesAction {
    /// List the roles of an account.
    List { user: String },
    /// Give an account a role. Whoever has the role `admin` administers accounts.
    Add { user: String, role: String },
    /// Take a role from an account.
    Remove {
        user: String,
        role: String,
        #[command(flatten)]
        force: Force,
    },
}

#[derive(Debug, Clone, Copy, Args)]
struct Force {
    /// Even if nobody could administer accounts afterwards.
    #[arg(long)]
    force: bool,
}

impl Force {
    /// Nothing has to be forced.
    const NO: Self = Self { force: false };
}

impl Users {
    /// Runs the command.
    ///
    /// # Errors
    /// What to tell the operator.
    pub(crate) fn run(self) -> Result<(), CommandError> {
        let action = match self.command {
            Command::Answered(action) => action,
            // Its answer is as long as there are accounts, and is JSON anyway.
            Command::Export(export) => return export.run(),
        };
        let answer = operate(async |app| perform(app, action, self.json).await)?;
        let text = if self.json { answer.json() } else { answer.text() };
        writeln!(io::stdout(), "{text}")?;
        answer.verdict()
    }
}

async fn perform(app: &UseCases, action: Action, json: bool) -> Result<Answer, CommandError> {
    let by = Initiator::operator(operator(app, "auth-server users"));
    match action {
        Action::Create { email, invite } => {
            let email = parse_email(&email)?;
            let password = first_password(app, &email, invite)?;
            Ok(Answer::Created(app.admin.create.execute(email, password, &by).await?))
        }
        Action::Show { user } => {
            let (user, now) = (find(app, &user).await?, app.ports.clock.now());
            let sessions = app.ports.sessions.store.live(user.id, now, SESSIONS_MAX.into()).await?;
            let factors = app.mfa.list.execute(user.id).await?;
            Ok(Answer::User { user, factors, sessions, now })
        }
        Action::List { prefix, after, limit } => {
            // As the previous page showed it.
            let after = after.map(|text| Email::from_kept(&text).or_else(|_fault| parse_email(&text))).transpose()?;
            let users = app.ports.accounts.directory.list(&canonical_prefix(&prefix), after.as_ref(), limit).await?;
            Ok(Answer::Users { users, limit, now: app.ports.clock.now() })
        }
        Action::SetPassword { user } => {
            let user = find(app, &user).await?;
            let sessions_ended = app.admin.set_password.execute(&user, new_password(app, &user.email)?, &by).await?;
            done(app, "password set", user, sessions_ended).await
        }
        Action::Disable { user, force } => {
            edit(app, &user, "disabled", force, &by, |from| Ok(Editable { disabled: true, ..from })).await
        }
        Action::Enable { user } => {
            edit(app, &user, "enabled", Force::NO, &by, |from| Ok(Editable { disabled: false, ..from })).await
        }
        Action::Verify { user } => {
            edit(app, &user, "verified", Force::NO, &by, |from| Ok(Editable { email_verified: true, ..from })).await
        }
        Action::Roles { action: RolesAction::List { user } } => Ok(Answer::Roles(find(app, &user).await?.roles)),
        Action::Roles { action: RolesAction::Add { user, role } } => {
            let role: Role = role.parse().map_err(no_role)?;
            let add = |from: Editable| Ok(Editable { roles: from.roles.with(role.clone()).map_err(no_role)?, ..from });
            edit(app, &user, "role added", Force::NO, &by, add).await
        }
        Action::Roles { action: RolesAction::Remove { user, role, force } } => {
            let role: Role = role.parse().map_err(no_role)?;
            edit(app, &user, "role removed", force, &by, |from| Ok(Editable { roles: from.roles.without(&role), ..from })).await
        }
        Action::SetAttribute { user, name, value } => {
            let value = strict_json::parse(value.as_bytes()).map_err(|_fault| no_json())?;
            let set = |from: Editable| Ok(Editable { attributes: with(&from.attributes, &name, &value)?, ..from });
            edit(app, &user, "attribute set", Force::NO, &by, set).await
        }
        Action::EndSessions { user } => {
            let user = find(app, &user).await?;
            let sessions_ended = app.admin.end_sessions.execute(&user, &by).await?;
            done(app, "logged out", user, sessions_ended).await
        }
        Action::ResetFactors { user, force } => {
            let user = find(app, &user).await?;
            let ended = match app.mfa.reset.execute(&user, force.force, &by).await? {
                FactorsReset::Yes { ended } => ended,
                FactorsReset::NoSuchUser => return Err(AdminError::NoSuchUser.into()),
                FactorsReset::LastAdministrator => return Err(AdminError::LastAdministrator.into()),
            };
            done(app, "factors removed", user, ended.len()).await
        }
        Action::Delete { user, force } => {
            let user = find(app, &user).await?;
            app.admin.delete.execute(&user, force.force, &by).await?;
            done(app, "deleted", user, 0).await
        }
        Action::Import(import) => {
            let detail = if json { Detail::Every } else { Detail::Readable };
            import.run(app, &by, detail).await.map(Answer::Imported)
        }
    }
}

/// Attributes with this one, or without it where it is `null`.
fn with(attributes: &Document, name: &str, value: &Value) -> Result<Document, CommandError> {
    let mut members = attributes.members().clone();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value.clone());
    }
    Document::of(members).map_err(|fault| CommandError::Told(format!("The attributes {fault}.")))
}

fn no_role(fault: RoleFault) -> CommandError {
    CommandError::Told(match fault {
        RoleFault::Name => format!("A role {fault}."),
        RoleFault::TooMany => format!("There {fault}."),
    })
}

fn no_json() -> CommandError {
    CommandError::Told("The value must be JSON, and no member of it twice. A text has quotation marks: '\"gold\"'.".to_owned())
}

/// Changes an account, by id or by address.
async fn edit(
    app: &UseCases,
    who: &str,
    done: &'static str,
    force: Force,
    by: &Initiator,
    change: impl Fn(Editable) -> Result<Editable, CommandError> + Send,
) -> Result<Answer, CommandError> {
    let EditedUser { user, sessions_ended } = app.admin.edit.change(&find(app, who).await?, change, force.force, by).await?;
    Ok(Answer::Done { done, user, sessions_ended, now: app.ports.clock.now() })
}

/// The account as it is now; one that has been deleted, as it was.
async fn done(app: &UseCases, done: &'static str, user: User, sessions_ended: usize) -> Result<Answer, CommandError> {
    let user = app.ports.accounts.users.find(user.id).await?.unwrap_or(user);
    Ok(Answer::Done { done, user, sessions_ended, now: app.ports.clock.now() })
}

/// By id or by address.
async fn find(app: &UseCases, who: &str) -> Result<User, CommandError> {
    let found = match who.parse() {
        Ok(id) => app.ports.accounts.users.find(id).await?,
        Err(_not_an_id) => app.ports.accounts.users.find_by_email(&parse_email(who)?).await?,
    };
    found.ok_or_else(|| AdminError::NoSuchUser.into())
}

/// No password where a mail is to ask its owner for one: told so, or given none.
fn first_password(app: &UseCases, owner: &Email, invite: bool) -> Result<Option<NewPassword>, CommandError> {
    match (invite, app.mail.is_some()) {
        (true, true) => Ok(None),
        (true, false) => Err(CommandError::Told("An invitation is a mail: set MAIL_URL first, or give a password.".to_owned())),
        (false, with_mail) => {
            let text = zeroize::Zeroizing::new(read_password()?);
            if with_mail && text.is_empty() { Ok(None) } else { accepted(app, owner, &text).map(Some) }
        }
    }
}

fn new_password(app: &UseCases, owner: &Email) -> Result<NewPassword, CommandError> {
    accepted(app, owner, &zeroize::Zeroizing::new(read_password()?))
}

fn accepted(app: &UseCases, owner: &Email, text: &str) -> Result<NewPassword, CommandError> {
    app.passwords.policy.accept(text, Some(owner)).map_err(|faults| {
        let rules: Vec<_> = faults.iter().map(|fault| format!("  it {fault}")).collect();
        CommandError::Told(format!("The password breaks the policy:\n{}", rules.join("\n")))
    })
}

/// From a terminal twice and without echo, from anything else one line.
fn read_password() -> Result<String, CommandError> {
    if !io::stdin().is_terminal() {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let password = rpassword::prompt_password("Password: ")?;
    if password == rpassword::prompt_password("Once more: ")? {
        Ok(password)
    } else {
        Err(CommandError::Told("The two passwords differ.".to_owned()))
    }
}

impl From<AdminError> for CommandError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Port(error) => error.into(),
            AdminError::LastAdministrator => {
                Self::Told(format!("Nothing was changed: {error}. Make another one first, or say --force."))
            }
            AdminError::EmailTaken | AdminError::NoSuchUser | AdminError::ChangedMeanwhile => Self::Told(error.to_string()),
        }
    }
}
