//! What is installed beside the program.

use std::process::Stdio;

use crate::service::{folder, program_by, run};

fn told(arguments: &[&str]) -> String {
    let (_guard, path) = folder();
    let (code, stdout, stderr) = run(&path, arguments, &[]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    stdout
}

#[test]
fn the_manual_page_knows_every_command() {
    let (help, page) = (told(&["--help"]), told(&["man"]));
    assert!(page.contains(".TH auth-server 1"));
    let commands = help.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1).take_while(|line| !line.is_empty());
    let names: Vec<_> = commands.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect();
    assert!(names.contains(&"serve") && names.contains(&"users"), "{names:?}");
    for name in names {
        assert!(page.contains(&format!("auth\\-server\\-{name}(1)")), "{name} is missing");
    }
    for deeper in ["USERS SET-PASSWORD", "USERS RESET-FACTORS", "USERS EXPORT", "KEYS REENCRYPT", "\\-\\-json"] {
        assert!(page.contains(deeper), "{deeper} is missing");
    }
}

#[test]
fn shells_complete_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = told(&["completions", shell]);
        for command in ["healthcheck", "set-password", "reset-factors", "reencrypt"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn who_reads_only_the_beginning_hears_no_complaint() {
    let (_guard, path) = folder();
    for arguments in [&["openapi"][..], &["man"], &["completions", "bash"]] {
        let mut child = program_by(&[], &path).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        // As `head` does: what is written now has no reader.
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()), (Some(0), ""), "{arguments:?}");
    }
}
