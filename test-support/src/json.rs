//! The two spellings of a JSON line in test data: compact, as Codex writes, and spaced, as the recorded fixture home has it.

use std::io;

use serde_json::{
    Value,
    ser::{Formatter, Serializer},
};

/// Encodes without any white space, keys in insertion order.
pub fn compact(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).expect("a JSON value always encodes")
}

/// Encodes with one space after each comma and colon.
pub fn spaced(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut out, Spaced);
    serde::Serialize::serialize(value, &mut serializer).expect("a JSON value always encodes");
    out
}

struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        separator(writer, first)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        separator(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

fn separator<W: ?Sized + io::Write>(writer: &mut W, first: bool) -> io::Result<()> {
    if first { Ok(()) } else { writer.write_all(b", ") }
}
