#![allow(clippy::unwrap_used)]

use lifeboat_tests::rights::{asked, given};

#[test]
fn its_role_is_given_what_its_program_can_ask_of_aws_and_nothing_else() {
    let asked = asked(env!("CARGO_BIN_EXE_health-probe")).unwrap();
    assert_eq!(given("health-probe").unwrap(), asked);
}
