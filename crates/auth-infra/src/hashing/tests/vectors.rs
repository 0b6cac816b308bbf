//! Hashes made by passlib 1.7.4 (with bcrypt 4.0.1): `python3 crates/auth-infra/tests/passlib_exchange.py vectors`.

/// By `passlib.hash.bcrypt`.
#[rustfmt::skip]
pub(crate) const PLAIN: &[(&str, &str)] = &[
    ("", "$2b$04$43F8JL3qvLIND51Rvgt1n.u8gVntK1F4BlvuD8o6P4HD1.v3P7cXO"),
    ("a", "$2b$04$WoT3pVqRqL3zrffTQ2IVBu8ZGzisGl32rbkKoyUG0u1A4fYElCTpO"),
    ("Correct-Horse-1", "$2b$04$OQ6TNNUQrjQai8euwtkyZuh8d3alDaf48OdsXL.pHjqKVWLpPadFi"),
    ("pässwörd-€-😀", "$2b$04$js.JdAOhLifuVYWfdwhjM.pIyopOskelByo9KvnI.81CCqMR/BRqW"),
    ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "$2b$04$w0tLdsRAM0ch7vdU/zAITOP7qqrX3/qREI6GNBtNVxZDK9m0Bs4cy"),
    ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "$2b$04$nmcrXYBqVaDQVYB51.owHONXzRrsYgRP9z1lq6gFFh5b4z5gj.o4K"),
    ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxé", "$2b$04$mJp4i1.NGF.qL6oJObakSOa0eM7KE58sbFrJByEYBj6yxld.8CSI6"),
    ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx€", "$2b$04$YlksucvN.K8eppnyvqdL8.u43FOSDHrYH3.Pg3nUUQTWbGWXYE41q"),
    ("U*U", "$2a$04$J0MKOS2ZvvDGMbP1TBtowefqaY24bLASnEzY4YzaYIe9GXW84LLju"),
    ("U*U", "$2y$05$hdHAZ3VjxkIWoQ6jcwuIvexCu468FyR3B7Ve3DFZwt2aSL10Jyg.e"),
];

/// By `passlib.hash.bcrypt_sha256`, version 2.
#[rustfmt::skip]
pub(crate) const PREHASHED: &[(&str, &str)] = &[
    ("a", "$bcrypt-sha256$v=2,t=2b,r=4$r0EolI6kToPmr9auUsuNVu$ryAl0tZbXD/GJWvSEb3reM8AIWYPdqq"),
    ("Correct-Horse-1", "$bcrypt-sha256$v=2,t=2b,r=4$9NbdRC35GKx5WObjYKf6NO$rbReov8ni6q8xmLIMlyIs124TfreEya"),
    ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "$bcrypt-sha256$v=2,t=2b,r=4$ummNi22785L0gjx6r6bfj.$E1fBA3YoFhxWOV5ocoaEiFwo772Pq5W"),
    ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "$bcrypt-sha256$v=2,t=2b,r=4$9kcbuIldKbVsKaFSfphs8e$EleVm6pQTloGnFKme7GGVUR/yTSg4Pm"),
    ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "$bcrypt-sha256$v=2,t=2b,r=4$SmWbjS4dYbBEhlNRw1q8nO$RKJZzCRdcgQ.bPCQjVV2TDOAxaOJWRG"),
    ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxé", "$bcrypt-sha256$v=2,t=2b,r=4$J1p3D1rrbS5AF26kCZFxvu$swCKNVM.DFcOTZWGwdj7DZQGHfxWg6u"),
    ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxé", "$bcrypt-sha256$v=2,t=2b,r=4$8ghMsVGpPKCGUoTRTcAQKe$nu1ITYoWmdIpRDuz14DG35G4AcptFzi"),
    ("yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", "$bcrypt-sha256$v=2,t=2b,r=4$nTKNlAir1JMKDVP/kme3C.$IFcEGhIubY9ZMp1yj0QW7GA0/C9Qxiq"),
    ("Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!Zz1!", "$bcrypt-sha256$v=2,t=2b,r=4$RBPWgCpBHTuV5bQrcSjzm.$biQDj0zkx9x3ezeeEGnaibdpvl0qVbO"),
    ("éééééééééééééééééééééééééééééééééééé", "$bcrypt-sha256$v=2,t=2b,r=4$48/KlSql8Xi7NOJczhoPGO$ZFRT19BwCJg1Brati4ujVWy..VfZ0Bq"),
    ("😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀", "$bcrypt-sha256$v=2,t=2b,r=4$bwjtxj138OMppyLqJI2/Ee$IRpANkmXLIUrUakWi1F3BZoW0aZS13a"),
    ("€€€€€€€€€€€€€€€€€€€€€€€€", "$bcrypt-sha256$v=2,t=2b,r=4$gaem7vYMZZXRUdu5m5NHfe$Tm1c8hrkrTvninwBt6qSzX9X2.vw82q"),
    ("12345678901234567890123456789012345678901234567890123456789012345678901234567890日本語", "$bcrypt-sha256$v=2,t=2b,r=4$bTbrtdV1oBefTCYIeRZv9O$dsyRR6rpnJab5nBl8Lvi.Ss7kWhI.PC"),
];

/// By `passlib.hash.bcrypt`, which here used only 72 bytes.
#[rustfmt::skip]
pub(crate) const CUT: &[(&str, &str)] = &[
    ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "$2b$04$fN6YGINT597/cOZY3FgIM.gdxFo49lOaBI/qRuY3H93lgfzJDHysu"),
    ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "$2b$04$wIHlI6tU9ka.eybKHdQXguDc4647eqRX.QTrofnMsvqRCa10IRW8C"),
    ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxé", "$2b$04$h2aFQyvNM6j7/9UYAAGyU.323SG1uxT8yTxNfM5Vkn4MfKS5UtK2C"),
];
