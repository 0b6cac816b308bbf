"""Prints the hashes of src/hashing/tests/foreign.tsv, made by the software that people come from.

    pip install django==5.2.19 werkzeug==3.1.9 passlib==1.7.4 bcrypt==4.0.1
    python3 foreign_hashes.py >foreign.tsv && php foreign_hashes.php path/to/wordpress >>foreign.tsv

A line is a form, a password and its hash, with tabs between. `crypt` is the system's own, so this needs Python before 3.13.
"""
import base64
import crypt
import hashlib
import os
import warnings

import django
from django.conf import settings

warnings.filterwarnings("ignore")
names = ["BCryptPasswordHasher", "BCryptSHA256PasswordHasher", "PBKDF2PasswordHasher", "PBKDF2SHA1PasswordHasher", "ScryptPasswordHasher"]
settings.configure(PASSWORD_HASHERS=["django.contrib.auth.hashers." + name for name in names])
django.setup()
from django.contrib.auth.hashers import get_hasher, make_password
from passlib import hash as passlib
from werkzeug.security import generate_password_hash

PASSWORDS = ["Correct-Horse-1", "Grüße, Wörld ✉", "x", "a" * 70, "ab1" * 24 + "c"]
for name in ["bcrypt", "bcrypt_sha256"]:
    get_hasher(name).rounds = 4


def keycloak(name, digest, rounds, length, password):
    """As Keycloak's export has it (value and salt in base64), in the text form of docs/moving.md."""
    salt = os.urandom(16)
    key = hashlib.pbkdf2_hmac(digest, password.encode(), salt, rounds, length)
    return "$".join(["keycloak", name, str(rounds), base64.b64encode(salt).decode(), base64.b64encode(key).decode()])


def forms(password):
    short = len(password.encode()) < 72
    if short:
        yield "django-bcrypt", make_password(password, hasher="bcrypt")
        yield "passlib-bcrypt", passlib.bcrypt.using(rounds=4).hash(password)
        yield "passlib-bcrypt-2a", passlib.bcrypt.using(rounds=4, ident="2a").hash(password)
    yield "django-bcrypt-sha256", make_password(password, hasher="bcrypt_sha256")
    yield "passlib-bcrypt-sha256-1", passlib.bcrypt_sha256.using(rounds=4, version=1).hash(password)
    yield "passlib-bcrypt-sha256-1-2a", passlib.bcrypt_sha256.using(rounds=4, version=1, ident="2a").hash(password)
    yield "passlib-bcrypt-sha256-2", passlib.bcrypt_sha256.using(rounds=4).hash(password)
    yield "django-pbkdf2", get_hasher("pbkdf2_sha256").encode(password, "mumtKEpzgh1mDIAMSJA1rb", 1000)
    yield "django-pbkdf2-sha1", get_hasher("pbkdf2_sha1").encode(password, "seasalt2", 1001)
    yield "django-scrypt", make_password(password, hasher="scrypt")
    for digest in ["sha1", "sha256", "sha512"]:
        yield "werkzeug-pbkdf2-" + digest, generate_password_hash(password, method=f"pbkdf2:{digest}:1000")
    yield "werkzeug-scrypt", generate_password_hash(password, method="scrypt:1024:8:1")
    yield "passlib-pbkdf2-sha1", passlib.pbkdf2_sha1.using(rounds=1000).hash(password)
    yield "passlib-pbkdf2-sha256", passlib.pbkdf2_sha256.using(rounds=1000).hash(password)
    yield "passlib-pbkdf2-sha512", passlib.pbkdf2_sha512.using(rounds=1000, salt_size=64).hash(password)
    yield "keycloak-sha1", keycloak("pbkdf2", "sha1", 1000, 64, password)
    yield "keycloak-sha256", keycloak("pbkdf2-sha256", "sha256", 1000, 64, password)
    yield "keycloak-sha256-32", keycloak("pbkdf2-sha256", "sha256", 1000, 32, password)
    yield "keycloak-sha512", keycloak("pbkdf2-sha512", "sha512", 1000, 64, password)
    yield "passlib-phpass", passlib.phpass.using(rounds=7).hash(password)
    yield "crypt-sha256", crypt.crypt(password, "$5$0123456789abcdef")
    yield "crypt-sha256-rounds", crypt.crypt(password, "$5$rounds=1000$salt")
    yield "crypt-sha512", crypt.crypt(password, "$6$0123456789abcdef")
    yield "crypt-sha512-rounds", crypt.crypt(password, "$6$rounds=1234$.")
    yield "passlib-sha512-crypt", passlib.sha512_crypt.using(rounds=1500).hash(password)


for password in PASSWORDS:
    for form, hashed in forms(password):
        print(form, password, hashed, sep="\t")
# As they come out of the box.
print("django-pbkdf2", PASSWORDS[0], make_password(PASSWORDS[0], hasher="pbkdf2_sha256"), sep="\t")
print("django-pbkdf2-sha1", PASSWORDS[0], make_password(PASSWORDS[0], hasher="pbkdf2_sha1"), sep="\t")
print("werkzeug-scrypt", PASSWORDS[0], generate_password_hash(PASSWORDS[0]), sep="\t")
