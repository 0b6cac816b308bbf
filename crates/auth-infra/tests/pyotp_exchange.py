"""An authenticator app and a verifier of pyotp's. Needs: pip install pyotp==2.12.1

Answers each line {"uri", "times"} with what the URI says, the code at each time, and whether pyotp takes it half a step, one step and
two steps away from there, one step being allowed.
"""

import json
import sys

import pyotp

OFFSETS = (-60, -45, -30, -15, -1, 0, 1, 15, 30, 45, 60)

for line in sys.stdin:
    asked = json.loads(line)
    totp = pyotp.parse_uri(asked["uri"])
    assert isinstance(totp, pyotp.TOTP), type(totp)
    codes = [totp.at(time) for time in asked["times"]]
    verdicts = [
        [totp.verify(code, for_time=time + offset, valid_window=1) for offset in OFFSETS]
        for code, time in zip(codes, asked["times"])
    ]
    said = {"name": totp.name, "issuer": totp.issuer, "secret": totp.secret, "digits": totp.digits, "interval": totp.interval, "digest": totp.digest().name}
    print(json.dumps(said | {"offsets": OFFSETS, "codes": codes, "verdicts": verdicts}), flush=True)
