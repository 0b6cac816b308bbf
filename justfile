# Shortcuts for what the README spells out. Nothing needs `just`: each recipe is a command or two.

# List the recipes.
default:
    @just --list

# Try it: write a .env with fresh secrets if there is none, then serve.
dev:
    cargo run -- dev

# Serve with the configuration at hand, optimised.
run:
    cargo run --release -- serve

# The whole suite on SQLite; needs no server of any kind.
test:
    cargo test

# The suite on SQLite, PostgreSQL and MariaDB, and against passlib; `docker compose up -d` starts the two
# servers, `pip install passlib==1.7.4 bcrypt==4.0.1` brings the other.
test-all:
    cargo test --no-default-features --features full -- --include-ignored

# Fuzz one parser at the edge for so many seconds; needs nightly Rust and cargo-fuzz (docs/fuzzing.md).
fuzz target seconds="600":
    mkdir -p fuzz/corpus/{{target}}
    cargo +nightly fuzz run {{target}} fuzz/corpus/{{target}} fuzz/seeds/{{target}} -- \
        -max_total_time={{seconds}} -dict=fuzz/dictionaries/{{target}}.dict

# Hold every property against the seeds alone, on stable Rust.
fuzz-seeds:
    cargo test --manifest-path fuzz/Cargo.toml

# What CI denies: formatting, lints in both builds, dependencies, walls.
lint:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    cargo clippy --all-targets --no-default-features --features full -- -D warnings
    cargo deny check licenses bans sources
    ./.ci/walls

# Format everything.
fmt:
    cargo fmt

# All that must pass on a clean checkout.
ci:
    ./.ci/run

# The release server under load, in one table; options after `--`, such as `--only me --seconds 10`, or `--full`.
bench *options:
    cd bench && cargo run --release --locked -- {{options}}

# Write the OpenAPI document to a file; the server has it at /openapi.json.
openapi file="openapi.json":
    cargo run -- openapi > {{file}}

# Hold the API document against a live server, and try its page in a browser; needs Chromium with its driver.
api-document:
    ./.ci/api-document

# Run the examples against a live server; needs Node with npm, Python and curl.
examples:
    ./.ci/examples

# Hold jose, oauth4webapi, PyJWT and authlib against a live server, through a rotation too; needs Node with npm, and Python.
interop:
    ./.ci/interop

# Apply pending migrations to DATABASE_URL.
migrate:
    cargo run -- migrate

# Open the database of the .env in its own shell.
db-shell:
    ./.ci/db-shell

# The API documentation of the crates, in a browser.
docs:
    cargo doc --no-deps --document-private-items --open
