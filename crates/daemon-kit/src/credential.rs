//! Secrets that systemd hands to a unit (`LoadCredential=`), in files that only it can read.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use zeroize::Zeroizing;

/// More than any secret that is taken.
const MAX_BYTES: u64 = 4096;

/// Reads the credential `name` from the directory that systemd names. Nothing, if there is no such file.
///
/// # Errors
/// If the file cannot be read, is too long, or is no text.
pub fn systemd_credential(name: &str) -> io::Result<Option<Zeroizing<String>>> {
    let Some(directory) = std::env::var_os("CREDENTIALS_DIRECTORY") else { return Ok(None) };
    match File::open(Path::new(&directory).join(name)) {
        Ok(file) => read_secret(file).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads a secret to its end. One line feed at the end is not part of it: `echo` and editors write one.
///
/// # Errors
/// If it cannot be read, is longer than 4 KiB, or is no text.
pub fn read_secret(from: impl io::Read) -> io::Result<Zeroizing<String>> {
    // Room for all of it from the start: growing would leave copies behind.
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(MAX_BYTES).unwrap_or(0) + 1));
    from.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is too long for a secret: 4096 bytes at most"));
    }
    if text.ends_with('\n') {
        text.pop();
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_ends_before_its_line_feed() {
        assert_eq!(*read_secret(&b"pass word \n"[..]).unwrap(), "pass word ");
        assert_eq!(*read_secret(&b"two\n\n"[..]).unwrap(), "two\n");
        assert_eq!(*read_secret(&b""[..]).unwrap(), "");
    }

    #[test]
    fn what_is_too_long_or_no_text_is_refused() {
        assert!(read_secret(io::repeat(b'x')).is_err());
        assert!(read_secret(&b"\xff"[..]).is_err());
    }
}
