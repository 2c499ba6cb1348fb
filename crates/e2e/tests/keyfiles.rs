//! Wallets between minerctl and the real tools, both ways: bittensor-wallet 4, SDK 11, btcli 11.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bittensor::keys::{Scheme, verify};
use bittensor::ss58;
use e2e::{binary, newest_sdk, python_program};
use serde_json::Value;
use tempfile::TempDir;

const PASSWORD: &str = "Correct-Horse-9-Battery!";
const COLD_WORDS: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
const HOT_WORDS: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";

/// The addresses of those words, by scheme as btcli names it.
const ADDRESSES: [(&str, &str, &str); 2] = [
    ("sr25519", "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV", "5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe"),
    ("ed25519", "5DFJF7tY4bpbpcKPJcBTQaKuCDEPCpiz8TRjpmLeTtweqmXL", "5ErKjJLUyc8TTU2vNKrj5UciogZho2MDawb6nN2KG44aU1aB"),
];

#[test]
fn keys_that_minerctl_makes_again_open_in_every_tool() {
    let home = Home::new();
    for (scheme, coldkey, hotkey) in ADDRESSES {
        let made = [
            home.minerctl(&["regen", "coldkey", "--wallet", scheme, "--scheme", scheme, "--yes"], COLD_WORDS),
            home.minerctl(&["regen", "hotkey", "--wallet", scheme, "--scheme", scheme, "--yes"], HOT_WORDS),
        ];
        assert!(made.iter().all(|output| output.status.success()), "{}", words(&made[0]));

        for python in [python_program("python"), newest_sdk()] {
            let seen = home.sdk(&python, &["open", &home.wallets(), scheme, "default"]);

            assert_eq!([&seen["coldkey"], &seen["coldkeypub"]], [coldkey, coldkey], "{python:?}");
            assert_eq!([&seen["hotkey"], &seen["hotkeypub"]], [hotkey, hotkey], "{python:?}");
            assert!(is_signed(&seen["signature"], scheme, coldkey), "{python:?}");
        }
        let shown = home.btcli(&["wallet", "show", "--wallet", scheme], "");
        assert_eq!([&shown["coldkey_ss58"], &shown["hotkey_ss58"]], [coldkey, hotkey]);
        let signed = home.btcli(&["wallet", "sign", "--wallet", scheme, "--message", "hello"], "");
        assert!(is_signed(&signed["signed_message"], scheme, coldkey), "{signed}");
    }
}

#[test]
fn new_keys_open_in_every_tool_and_their_words_are_the_keys() {
    let home = Home::new();
    let coldkey = home.minerctl(&["create", "coldkey", "--words", "24", "--yes", "--json"], "");
    let hotkey = home.minerctl(&["create", "hotkey", "--yes", "--json"], "");
    let (coldkey, hotkey) = (data(&coldkey), data(&hotkey));
    assert_eq!(coldkey["mnemonic"].as_str().unwrap().split(' ').count(), 24);

    let seen = home.sdk(&newest_sdk(), &["open", &home.wallets(), "openclawd-miner", "default"]);
    let words = coldkey["mnemonic"].as_str().unwrap();
    let again = home.sdk(&newest_sdk(), &["make", &home.wallets(), "again", "default", "1", words, HOT_WORDS]);
    let twice = home.minerctl(&["create", "hotkey", "--yes"], "");

    assert_eq!([&seen["coldkey"], &seen["hotkey"]], [&coldkey["address"], &hotkey["address"]]);
    assert_eq!(again["coldkeypub"], coldkey["address"]);
    assert_eq!(twice.status.code(), Some(1));
    assert!(self::words(&twice).contains("not overwritten"), "{}", self::words(&twice));
}

#[test]
fn wallets_of_every_tool_are_listed_and_taken_over() {
    let home = Home::new();
    for (scheme, _, _) in ADDRESSES {
        let number = if scheme == "sr25519" { "1" } else { "0" };
        for (tool, python) in [("four", python_program("python")), ("eleven", newest_sdk())] {
            let name = format!("{tool}-{scheme}");
            home.sdk(&python, &["make", &home.wallets(), &name, "default", number, COLD_WORDS, HOT_WORDS]);
        }
    }
    let made = home.btcli(&["wallet", "create", "--wallet", "btcli"], &format!("{PASSWORD}\n{PASSWORD}\n"));

    let listed = data(&home.minerctl(&["list", "--json"], ""));
    let of = |name: &str| {
        let wallets = listed["wallets"].as_array().unwrap();
        wallets.iter().find(|wallet| wallet["name"] == name).cloned().unwrap_or_else(|| unreachable!("{listed}"))
    };
    for (scheme, coldkey, hotkey) in ADDRESSES {
        for tool in ["four", "eleven"] {
            let name = format!("{tool}-{scheme}");
            let wallet = of(&name);
            assert_eq!([&wallet["coldkey"]["address"], &wallet["hotkeys"][0]["address"]], [coldkey, hotkey]);
            assert_eq!(wallet["coldkey"]["file"], "encrypted");

            let file = format!("{}/{name}/coldkey", home.wallets());
            let copy = format!("copy-of-{name}");
            let taken = ["import", "coldkey", &file, "--file-password-fd", "0", "--wallet", &copy, "--no-password"];
            let taken = [&taken[..], &["--yes", "--json"]].concat();
            assert_eq!(data(&home.minerctl(&taken, PASSWORD))["address"], coldkey, "{name}");
        }
    }
    assert_eq!(of("btcli")["coldkey"]["address"], made["coldkey_ss58"]);
    let file = format!("{}/btcli/coldkey", home.wallets());
    let wrong = home.minerctl(
        &["import", "coldkey", &file, "--file-password-fd", "0", "--wallet", "other", "--yes"],
        "not the password",
    );
    assert_eq!(wrong.status.code(), Some(1));
    assert!(words(&wrong).contains("wrong password"), "{}", words(&wrong));
}

#[test]
fn a_watched_wallet_needs_an_address_and_nothing_else() {
    let home = Home::new();
    let (_, coldkey, _) = ADDRESSES[0];

    let watched = home.minerctl(&["regen", "coldkeypub", coldkey, "--yes"], "");
    let mistyped =
        home.minerctl(&["regen", "coldkeypub", &coldkey.replace("5Df", "5Dg"), "--wallet", "b", "--yes"], "");
    let shown = home.btcli(&["wallet", "show", "--wallet", "openclawd-miner"], "");

    assert!(watched.status.success(), "{}", words(&watched));
    assert_eq!(shown["coldkey_ss58"], coldkey);
    assert_eq!(mistyped.status.code(), Some(1));
    assert!(words(&mistyped).contains("checksum"), "{}", words(&mistyped));
}

#[test]
fn a_dry_run_makes_nothing_and_a_secret_in_the_arguments_is_wrong_usage() {
    let home = Home::new();

    let dry = home.minerctl(&["create", "coldkey", "--dry-run"], "");
    let unasked = home.minerctl(&["create", "hotkey"], "");
    let argument = home.minerctl(&["regen", "hotkey", HOT_WORDS], "");

    assert!(dry.status.success() && dry.stdout.is_empty());
    assert_eq!(unasked.status.code(), Some(1));
    assert_eq!(argument.status.code(), Some(2));
    assert!(!Path::new(&home.wallets()).exists());
}

fn is_signed(signature: &Value, scheme: &str, address: &str) -> bool {
    let scheme = if scheme == "sr25519" { Scheme::Sr25519 } else { Scheme::Ed25519 };
    let digits = signature.as_str().unwrap().trim_start_matches("0x");
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    let bytes: Vec<u8> = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
    verify(scheme, &ss58::decode(address).unwrap(), b"hello", &bytes.try_into().unwrap())
}

fn data(output: &Output) -> Value {
    assert!(output.status.success(), "{}", words(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A home without configuration, and systemd's credentials with the password.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(TempDir::new().unwrap());
        let credentials = home.path("credentials");
        fs::create_dir(&credentials).unwrap();
        home.write_private(&credentials.join("coldkey-password"));
        home
    }

    fn write_private(&self, path: &Path) {
        fs::write(path, PASSWORD).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn wallets(&self) -> String {
        self.path("wallets").to_str().unwrap().to_owned()
    }

    fn minerctl(&self, args: &[&str], stdin: &str) -> Output {
        let mut command = Command::new(binary("minerctl"));
        command
            .arg("--home")
            .arg(self.0.path())
            .arg("wallet")
            .args(args)
            .env("CREDENTIALS_DIRECTORY", self.path("credentials"));
        let takes_names = args.first().is_none_or(|first| !["lock", "unlock", "totp"].contains(first));
        if takes_names {
            command.args(["--path", &self.wallets()]);
        }
        run(command, stdin)
    }

    fn sdk(&self, python: &Path, args: &[&str]) -> Value {
        let mut command = Command::new(python);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python/wallet.py")).args(args).env("HOME", self.0.path());
        data(&run(command, &format!("{PASSWORD}\n")))
    }

    fn btcli(&self, args: &[&str], stdin: &str) -> Value {
        let file = self.path("credentials/coldkey-password");
        let mut command = Command::new(newest_sdk().with_file_name("btcli"));
        command.args(args).args(["--wallet-path", &self.wallets(), "--wallet-hotkey", "default", "--json"]);
        command.env("HOME", self.0.path()).env("BT_WALLET_PASSWORD_FILE", file);
        data(&run(command, stdin))
    }
}

fn run(mut command: Command, stdin: &str) -> Output {
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // One that refuses before it reads closes the pipe.
    drop(process.stdin.take().unwrap().write_all(stdin.as_bytes()));
    process.wait_with_output().unwrap()
}
