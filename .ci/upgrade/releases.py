"""The previous release and this one, built with the default features in the same target folder: what both depend on, once."""
import os, shutil, subprocess, sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))


def git(*arguments):
    """What git says, or nothing where it fails."""
    # The folder may belong to somebody else than whoever runs CI.
    command = ["git", "-c", f"safe.directory={ROOT}", *arguments]
    answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return answer.stdout.strip() if answer.returncode == 0 else ""


def previous():
    """The last tag before this commit, or the last commit before the schema changed."""
    tag = git("describe", "--tags", "--abbrev=0", "HEAD^")
    changed = git("log", "-1", "--format=%H", "--", "migrations")
    commit = git("rev-parse", "--verify", f"{tag or changed + '^'}^{{commit}}")
    if not commit or not tag and git("rev-parse", "--is-shallow-repository") != "false":
        sys.exit("The previous release is not in this clone, which has to have history and tags: git fetch --unshallow --tags")
    return tag or commit[:12], commit


def cargo_build(folder):
    command = ["cargo", "build", "--quiet", "--locked", "--package", "auth-http"]
    subprocess.run(command, cwd=folder, env=os.environ | {"CARGO_TARGET_DIR": TARGET}, check=True)
    return os.path.join(TARGET, "debug", "auth-server")


def build():
    """Both programs."""
    name, commit = previous()
    print(f"from {name} to this", flush=True)
    # In a folder of its own for each commit: cargo goes by paths and times, and git gives all files of a commit the same time.
    sources = os.path.join(TARGET, "previous", commit)
    shutil.rmtree(os.path.dirname(sources), ignore_errors=True)
    os.makedirs(sources)
    archive = subprocess.Popen(["git", "-c", f"safe.directory={ROOT}", "archive", commit], cwd=ROOT, stdout=subprocess.PIPE)
    subprocess.run(["tar", "--extract", "--directory", sources], stdin=archive.stdout, check=True)
    assert archive.wait() == 0, f"git archive {commit}"
    program = os.path.join(sources, "auth-server")
    # The next build has the same name.
    shutil.copy2(cargo_build(sources), program)
    return program, os.environ.get("AUTH_SERVER") or cargo_build(ROOT)
