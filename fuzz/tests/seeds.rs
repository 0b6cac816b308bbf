//! Every seed satisfies its target's properties, without a fuzzer and on stable Rust.

use std::{fs, path::Path};

fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    let mut seeds = 0;
    for entry in fs::read_dir(folder).expect("a folder of seeds") {
        let path = entry.expect("an entry").path();
        println!("{}", path.display());
        check(&fs::read(path).expect("a seed"));
        seeds += 1;
    }
    assert!(seeds > 0, "no seeds for {target}");
}

macro_rules! replays {
    ($($target:ident)*) => {
        $(
            #[test]
            fn $target() {
                replay(stringify!($target), auth_fuzz::$target::check);
            }
        )*
    };
}

replays! { request_body authorization token email origin forwarded database_url mail one_time_token password_hash recovery_code webauthn account_file }
