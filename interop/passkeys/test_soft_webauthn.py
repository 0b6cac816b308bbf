"""Ceremonies of soft-webauthn, an authenticator that others wrote, judged by the program that VERDICTS names."""
import base64
import json
import os
import subprocess
import unittest

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.utils import sha256
from soft_webauthn import SoftWebauthnDevice

ORIGIN, RP_ID = "https://example.org", "example.org"
FLAGS, VERIFIED = 32, 0x04


def verified(data):
    data = bytearray(data)
    data[FLAGS] |= VERIFIED
    return bytes(data)


class Device(SoftWebauthnDevice):
    """soft-webauthn only says that its user is present. This one says that the user is verified as well."""

    def create(self, options, origin):
        credential = super().create(options, origin)
        said = cbor.decode(credential["response"]["attestationObject"])
        said["authData"] = verified(said["authData"])
        credential["response"]["attestationObject"] = cbor.encode(said)
        return credential

    def get(self, options, origin):
        credential = super().get(options, origin)
        said = credential["response"]
        said["authenticatorData"] = verified(said["authenticatorData"])
        signed = said["authenticatorData"] + sha256(said["clientDataJSON"])
        said["signature"] = self.private_key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return credential


def register(device, origin=ORIGIN, rp_id=RP_ID):
    challenge = os.urandom(32)
    user = {"id": os.urandom(16), "name": "ann@example.org", "displayName": "ann@example.org"}
    algorithms = [{"type": "public-key", "alg": algorithm} for algorithm in (-7, -8, -257)]
    options = {"rp": {"id": rp_id, "name": "Example"}, "user": user, "challenge": challenge, "pubKeyCredParams": algorithms,
      "attestation": "none"}
    credential = device.create({"publicKey": options}, origin)
    said = credential["response"]
    return {"ceremony": "register", "challenge": challenge, "id": credential["rawId"], "client_data": said["clientDataJSON"],
      "attestation_object": said["attestationObject"]}


def authenticate(device, credential, origin=ORIGIN):
    challenge = os.urandom(32)
    answer = device.get({"publicKey": {"challenge": challenge, "rpId": device.rp_id}}, origin)
    said = answer["response"]
    return {
        "ceremony": "authenticate", "challenge": challenge, "id": answer["rawId"], "client_data": said["clientDataJSON"],
        "authenticator_data": said["authenticatorData"], "signature": said["signature"], "credential": credential,
    }


class SoftWebauthn(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = subprocess.Popen([os.environ["VERDICTS"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.program.communicate)

    def judged(self, said):
        texts = {name: base64.urlsafe_b64encode(value).rstrip(b"=").decode() if isinstance(value, bytes) else value for name,
          value in said.items()}
        self.program.stdin.write(json.dumps({**texts, "rp_id": RP_ID, "origins": [ORIGIN]}) + "\n")
        self.program.stdin.flush()
        return json.loads(self.program.stdout.readline())

    def test_registers_and_authenticates(self):
        device = Device()
        credential = self.judged(register(device))
        self.assertEqual((credential["counter"], credential["backup_eligible"]), (0, False))
        for count in (1, 2, 3):
            shown = self.judged(authenticate(device, credential))
            self.assertEqual(shown, {"counter": count, "backed_up": False})
            credential["counter"] = count

    def test_a_user_who_is_only_present_is_refused(self):
        device = SoftWebauthnDevice()
        self.assertEqual(self.judged(register(device)), {"refused": "NotVerified"})
        credential = self.judged(register(Device()))
        credential["id"] = base64.urlsafe_b64encode(device.credential_id).rstrip(b"=").decode()
        self.assertEqual(self.judged(authenticate(device, credential)), {"refused": "NotVerified"})

    def test_another_origin_and_another_relying_party_are_refused(self):
        device = Device()
        self.assertEqual(self.judged(register(device, origin="https://example.com")), {"refused": "WrongOrigin"})
        self.assertEqual(self.judged(register(device, rp_id="example.com")), {"refused": "WrongRelyingParty"})
        credential = self.judged(register(device))
        self.assertEqual(self.judged(authenticate(device, credential, origin="https://example.com")), {"refused": "WrongOrigin"})

    def test_a_copy_that_counts_on_its_own_and_a_key_of_another_are_refused(self):
        device, other = Device(), Device()
        credential, _ = self.judged(register(device)), self.judged(register(other))
        credential["counter"] = 2
        self.assertEqual(self.judged(authenticate(device, credential)), {"refused": "Counter"})
        other.credential_id = device.credential_id
        self.assertEqual(self.judged(authenticate(other, credential)), {"refused": "Signature"})


if __name__ == "__main__":
    unittest.main()
