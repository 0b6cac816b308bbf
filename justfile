# Shortcuts for the README's commands. Nothing needs `just`: each recipe is a command or two.

# List the recipes.
default:
    @just --list

# Try it: write a .env with fresh secrets if there is none, then serve.
dev:
    cargo run -- dev

# Serve with the current configuration, optimised.
run:
    cargo run --release -- serve

# Run all tests on SQLite; needs no database server.
test:
    cargo test

# Needs `docker compose up -d` for the two servers, and `pip install passlib==1.7.4 bcrypt==4.0.1 pyotp==2.12.1`.
# Run all tests on SQLite, PostgreSQL and MariaDB, and against passlib and pyotp.
test-all:
    cargo test --no-default-features --features full -- --include-ignored

# Fuzz one parser at the edge for a number of seconds; needs nightly Rust and cargo-fuzz (docs/fuzzing.md).
fuzz target seconds="600":
    mkdir -p fuzz/corpus/{{target}}
    cargo +nightly fuzz run {{target}} fuzz/corpus/{{target}} fuzz/seeds/{{target}} -- \
        -max_total_time={{seconds}} -dict=fuzz/dictionaries/{{target}}.dict

# Check every property on the seeds alone, on stable Rust.
fuzz-seeds:
    cargo test --manifest-path fuzz/Cargo.toml

# Run CI's static checks: formatting, lints in both builds, dependencies, walls.
lint:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    cargo clippy --all-targets --no-default-features --features full -- -D warnings
    cargo deny check licenses bans sources
    ./.ci/walls

# Format everything.
fmt:
    cargo fmt

# Run everything that must pass on a clean checkout.
ci:
    ./.ci/run

# Benchmark the release server, with one table of results; options after `--`, such as `--only me --seconds 10`, or `--full`.
bench *options:
    cd bench && cargo run --release --locked -- {{options}}

# Write the OpenAPI document to a file; the server serves it at /openapi.json.
openapi file="openapi.json":
    cargo run -- openapi > {{file}}

# Check a live server against the API document, and try its page in a browser; needs Chromium with its driver.
api-document:
    ./.ci/api-document

# Try the pages that mails lead to in a browser; needs Node with npm, Python and Chromium.
pages:
    ./.ci/pages

# Try the console in a browser; needs the same.
console:
    ./.ci/console

# Run the examples against a live server; needs Node with npm, Python and curl.
examples:
    ./.ci/examples

# Test jose, oauth4webapi, PyJWT and authlib against a live server, also through a rotation; needs Node with npm, and Python.
interop:
    ./.ci/interop

# Hold the relying party of WebAuthn against @simplewebauthn/server and soft-webauthn; needs Node with npm, and Python.
passkeys:
    ./.ci/passkeys

# Send through Postfix, and to mail servers that refuse, hang and hang up; installs what is missing, as root.
mail *names:
    ./.ci/mail {{names}}

# Apply pending migrations to DATABASE_URL.
migrate:
    cargo run -- migrate

# Open the configured database in its engine's own shell.
db-shell:
    ./.ci/db-shell

# Open the crates' API documentation in a browser.
docs:
    cargo doc --no-deps --document-private-items --open
