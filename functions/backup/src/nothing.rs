//! For tests of what reaches nothing beyond its two buckets.

use futures::future::BoxFuture;
use lifeboat_aws::memory::Memory;
use lifeboat_core::Failure;

use crate::{Beyond, Secrets, Token};

#[derive(Debug)]
pub(crate) struct Nothing;

impl Beyond<Memory> for Nothing {
    fn bucket(&self, name: &str) -> Memory {
        panic!("{name}")
    }
}

impl Secrets for Nothing {
    fn token<'a>(&'a self, secret: &'a str) -> BoxFuture<'a, Result<Token, Failure>> {
        panic!("{secret}")
    }
}
