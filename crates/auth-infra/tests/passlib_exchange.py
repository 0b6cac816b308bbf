"""passlib's side of the exchange of password hashes. Needs: pip install passlib==1.7.4 bcrypt==4.0.1

vectors   prints src/hashing/tests/vectors.rs
exchange  answers each line "<password in hex> <hash>" with "<whether it verifies> <a hash of its own>"
"""

import sys

from passlib.hash import bcrypt, bcrypt_sha256

PLAIN = ["", "a", "Correct-Horse-1", "pässwörd-€-😀", "x" * 70, "x" * 71, "x" * 69 + "é", "x" * 68 + "€"]
PREHASHED = [
    "a", "Correct-Horse-1", "x" * 71, "x" * 72, "x" * 73, "x" * 70 + "é", "x" * 71 + "é", "y" * 100,
    "Zz1!" * 32, "é" * 36, "😀" * 128, "€" * 24, "1234567890" * 8 + "日本語",
]


def handler(form):
    return bcrypt_sha256 if form.startswith("$bcrypt-sha256$") else bcrypt


def table(name, comment, rows):
    print(f"\n/// {comment}\n#[rustfmt::skip]\npub(super) const {name}: &[(&str, &str)] = &[")
    for password, form in rows:
        print(f'    ("{password}", "{form}"),')
    print("];")


def vectors():
    cheap, wrapped = bcrypt.using(rounds=4), bcrypt_sha256.using(rounds=4)
    print("//! Hashes that passlib 1.7.4 made (with bcrypt 4.0.1): `python3 crates/auth-infra/tests/passlib_exchange.py vectors`.")
    rows = [(password, cheap.hash(password)) for password in PLAIN]
    rows.append(("U*U", bcrypt.using(rounds=4, ident="2a").hash("U*U")))
    rows.append(("U*U", bcrypt.using(rounds=5, ident="2y").hash("U*U")))
    table("PLAIN", "By `passlib.hash.bcrypt`.", rows)
    table("PREHASHED", "By `passlib.hash.bcrypt_sha256`, version 2.", [(password, wrapped.hash(password)) for password in PREHASHED])
    table("CUT", "By `passlib.hash.bcrypt`, which here saw only 72 bytes.", [(p, cheap.hash(p)) for p in ("x" * 72, "x" * 80, "x" * 71 + "é")])


def exchange():
    for line in sys.stdin:
        password, form = line.split()
        password = bytes.fromhex(password).decode()
        verifies = handler(form).verify(password, form)
        print(str(verifies).lower(), handler(form).using(rounds=4).hash(password), flush=True)


{"vectors": vectors, "exchange": exchange}[sys.argv[1]]()
