#![allow(clippy::unwrap_used)]

use lifeboat_tests::rights::{asked, given};

#[test]
fn its_role_is_given_what_its_program_can_ask_of_aws_and_nothing_else() {
    let mut given = given("image-sync").unwrap();
    // It reads no bucket but the one that every function may list.
    given.insert("s3:ListBucket".to_owned());
    assert_eq!(given, asked(env!("CARGO_BIN_EXE_image-sync")).unwrap());
}
