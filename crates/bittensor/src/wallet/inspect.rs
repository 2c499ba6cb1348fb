//! What can be said of a wallet's files without a password: which keys are there, and what is wrong with them.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use common::call::wallet::{Finding, KeyPresence};
use common::id::Ss58;

use super::list::presence;
use super::{KeyfileError, Wallet, WalletError, keyfile, read};

/// What can be said of a wallet without a password.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Inspection {
    /// The coldkey's address.
    pub coldkey: Option<Ss58>,
    /// How the coldkey is kept.
    pub coldkey_file: KeyPresence,
    /// The hotkey's address.
    pub hotkey: Option<Ss58>,
    /// How the hotkey is kept.
    pub hotkey_file: KeyPresence,
    /// What is wrong with the files, and what to do; empty when all is well.
    pub findings: Vec<Finding>,
}

impl Wallet {
    /// Looks at the wallet's files. Of the coldkey only the first bytes are read, which hold no secret.
    #[must_use]
    pub fn inspect(&self) -> Inspection {
        let mut findings = Findings(Vec::new());
        for directory in [&self.directory, &self.hotkeys_directory()] {
            findings.directory(directory);
        }
        for file in [self.coldkey_path(), self.hotkey_path()] {
            findings.secret_file(&file);
        }
        for file in [self.coldkeypub_path(), self.hotkeypub_path()] {
            findings.public_file(&file);
        }
        let coldkey_file = self.inspect_coldkey(&mut findings);
        let coldkey = self.coldkeypub().map_err(|error| findings.unusable(&error)).ok();
        let (hotkey_file, hotkey) = self.inspect_hotkey(&mut findings);
        Inspection { coldkey, coldkey_file, hotkey, hotkey_file, findings: findings.0 }
    }

    fn inspect_coldkey(&self, findings: &mut Findings) -> KeyPresence {
        let path = self.coldkey_path();
        let presence = presence(&path);
        match presence {
            KeyPresence::Plain => findings.add(
                &path,
                "the coldkey is stored without a password: whoever reads the file owns the wallet".to_owned(),
                "move it off this host, or encrypt it: btcli wallet regen-coldkey --use-password".to_owned(),
            ),
            KeyPresence::Unreadable if path.is_file() => findings.add(
                &path,
                "this is no key file".to_owned(),
                "restore the coldkey from its mnemonic: minerctl wallet regen coldkey".to_owned(),
            ),
            KeyPresence::Absent | KeyPresence::Encrypted | KeyPresence::Unreadable => {}
        }
        presence
    }

    fn inspect_hotkey(&self, findings: &mut Findings) -> (KeyPresence, Option<Ss58>) {
        let public = self.hotkeypub();
        // Its mode is a finding of its own.
        let path = self.hotkey_path();
        let key = read(&path)
            .and_then(|content| keyfile::keypair(&content).map_err(|source| WalletError::Keyfile { path, source }));
        match key {
            Ok(keypair) => {
                let address = keypair.address();
                match public {
                    Ok(public) if public != address => findings.add(
                        &self.hotkeypub_path(),
                        format!("the address is {public}, but the hotkey's is {address}"),
                        "find out which of the two files was replaced, and restore it".to_owned(),
                    ),
                    // Wallets before version 4 have no such file, and nothing here needs it.
                    Ok(_) | Err(WalletError::Missing { .. }) => {}
                    Err(error) => findings.unusable(&error),
                }
                (KeyPresence::Plain, Some(address))
            }
            Err(error) => {
                findings.unusable(&error);
                (presence_of(&error), public.ok())
            }
        }
    }
}

fn presence_of(error: &WalletError) -> KeyPresence {
    match error {
        WalletError::Missing { .. } => KeyPresence::Absent,
        WalletError::Keyfile { source: KeyfileError::Encrypted(_), .. } => KeyPresence::Encrypted,
        WalletError::Keyfile { .. }
        | WalletError::Unreadable { .. }
        | WalletError::Loose { .. }
        | WalletError::Exists { .. }
        | WalletError::Unwritable { .. }
        | WalletError::Name { .. }
        | WalletError::NoHome => KeyPresence::Unreadable,
    }
}

/// Collects what is wrong.
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, path: &Path, problem: String, fix: String) {
        self.0.push(Finding { path: path.display().to_string(), problem, fix });
    }

    fn directory(&mut self, path: &Path) {
        let Ok(metadata) = path.metadata() else { return };
        if metadata.mode() & 0o022 != 0 {
            let problem = format!("mode {}: others can replace the keys in this directory", mode(&metadata));
            self.add(path, problem, format!("chmod go-w {}", quoted(path)));
        }
    }

    fn secret_file(&mut self, path: &Path) {
        let Ok(metadata) = path.metadata() else { return };
        if metadata.mode() & 0o077 != 0 {
            let problem = format!("mode {}: others on this host can get at the key", mode(&metadata));
            self.add(path, problem, format!("chmod 600 {}", quoted(path)));
        }
        self.owner(path, &metadata);
    }

    fn public_file(&mut self, path: &Path) {
        let Ok(metadata) = path.metadata() else { return };
        if metadata.mode() & 0o022 != 0 {
            let problem = format!("mode {}: others can put another address here", mode(&metadata));
            self.add(path, problem, format!("chmod go-w {}", quoted(path)));
        }
        self.owner(path, &metadata);
    }

    fn owner(&mut self, path: &Path, metadata: &Metadata) {
        let own = rustix::process::geteuid().as_raw();
        if metadata.uid() != own {
            let problem = format!("the file belongs to user {}, but this process runs as user {own}", metadata.uid());
            self.add(path, problem, format!("chown {own} {}, or run as its owner", quoted(path)));
        }
    }

    /// A file that cannot be used. The error's text has the path in front and the way out at its end.
    fn unusable(&mut self, error: &WalletError) {
        let (path, problem, fix) = match error {
            WalletError::Missing { path } => (
                path,
                "there is no such file".to_owned(),
                "create it with btcli, or correct wallet.path, wallet.name or wallet.hotkey",
            ),
            WalletError::Unreadable { path, source } => {
                (path, format!("the file cannot be read: {source}"), "give it to the user that runs this process")
            }
            WalletError::Keyfile { path, source: source @ KeyfileError::Encrypted(_) } => {
                (path, source.to_string(), "btcli wallet regen-hotkey --no-use-password")
            }
            WalletError::Keyfile { path, source } => {
                (path, source.to_string(), "restore the file from its mnemonic with btcli")
            }
            // Found before any file is looked at, on writing, or told already.
            WalletError::Name { .. }
            | WalletError::NoHome
            | WalletError::Loose { .. }
            | WalletError::Exists { .. }
            | WalletError::Unwritable { .. } => return,
        };
        self.add(path, problem, fix.to_owned());
    }
}

fn mode(metadata: &Metadata) -> String {
    format!("{:04o}", metadata.mode() & 0o7777)
}

/// A path that can be pasted into a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}
