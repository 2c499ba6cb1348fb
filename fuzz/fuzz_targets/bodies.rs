//! Whatever a body is, reading it ends without a panic, and what Python would print is what is printed.
#![no_main]

use bittensor::python;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(value) = python::parse(data) else { return };
    let text = python::str(&value);
    let again = python::str(&python::parse(data).expect("it was read before"));
    assert_eq!(text, again);
    let _ = serde_json::Value::from(&value).to_string();
});
