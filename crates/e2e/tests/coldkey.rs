//! The coldkey on a host that has it: opened by its password in wallet-manager, for as long as it is used, and shown nowhere.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Output, Stdio};

use e2e::{Suite, binary, eventually, python_program};
use serde_json::{Value, json};

const PASSWORD: &str = "Correct-Horse-9-Battery!";
const WORDS: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

/// A home with an encrypted coldkey, in which wallet-manager runs.
struct Home {
    suite: Suite,
    daemon: Child,
}

impl Home {
    /// Somebody must unlock it.
    fn new(wallet: &Value) -> Self {
        Self::start(wallet, false)
    }

    fn start(wallet: &Value, unattended: bool) -> Self {
        let suite = Suite::new("http://127.0.0.1:9/v1");
        let path = suite.path().join("config/miner-config.json");
        let mut config: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        for (key, value) in wallet.as_object().unwrap() {
            config["wallet"][key] = value.clone();
        }
        suite.configure("miner-config", &config);
        let credentials = suite.path().join("credentials");
        fs::create_dir(&credentials).unwrap();
        fs::write(credentials.join("coldkey-password"), PASSWORD).unwrap();
        fs::set_permissions(credentials.join("coldkey-password"), Permissions::from_mode(0o600)).unwrap();
        let mut made = Command::new(binary("minerctl"));
        made.arg("--home").arg(suite.path()).args(["wallet", "regen", "coldkey", "--yes"]);
        let made = reading(made.env("CREDENTIALS_DIRECTORY", &credentials), WORDS);
        assert!(made.status.success(), "{}", said(&made));
        let mut daemon = Command::new(binary("wallet-manager"));
        if unattended {
            daemon.env("CREDENTIALS_DIRECTORY", &credentials);
        } else {
            fs::remove_dir_all(credentials).unwrap();
        }
        daemon.arg("--home").arg(suite.path()).stderr(Stdio::null());
        let home = Self { daemon: daemon.spawn().unwrap(), suite };
        eventually("wallet-manager answers", || home.running().is_object().then_some(()));
        home
    }

    /// What wallet-manager says of itself.
    fn running(&self) -> Value {
        self.suite.status()["wallet_manager"]["running"].clone()
    }

    fn state(&self) -> String {
        self.running()["coldkey_status"]["state"].as_str().unwrap().to_owned()
    }

    fn unlock(&self, password: &str) -> Output {
        self.suite.minerctl_reading(&["wallet", "unlock", "--password-fd", "0"], password)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        drop(self.daemon.kill());
        drop(self.daemon.wait());
    }
}

#[test]
fn the_password_opens_it_and_wrong_ones_make_a_pause() {
    let home = Home::new(&json!({}));
    let locked = home.state();

    let wrong = home.unlock("Correct-Horse-9-Battery?");
    let too_soon = home.unlock(PASSWORD);
    let opened =
        eventually("the pause is over", || Some(home.unlock(PASSWORD)).filter(|output| output.status.success()));
    let unlocked = home.state();
    let closed = home.suite.minerctl(&["wallet", "lock", "--json"]);

    assert_eq!([locked, unlocked], ["locked", "unlocked"]);
    assert_eq!([wrong.status.code(), too_soon.status.code()], [Some(1); 2]);
    assert!(said(&wrong).contains("wrong password"), "{}", said(&wrong));
    assert!(said(&too_soon).contains("no password is tried"), "{}", said(&too_soon));
    assert!(String::from_utf8_lossy(&opened.stdout).starts_with("Unlocked. It is locked after"), "{opened:?}");
    let closed: Value = serde_json::from_slice(&closed.stdout).unwrap();
    assert_eq!(closed["coldkey"]["state"], "locked");
    assert_eq!(home.state(), "locked");
    for secret in [PASSWORD, "Correct-Horse-9-Battery?", WORDS] {
        for path in home.suite.files() {
            let content = fs::read(&path).unwrap();
            let shows = content.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!shows, "{} shows a secret", path.display());
        }
    }
}

#[test]
fn it_is_locked_when_it_has_been_idle() {
    let home = Home::new(&json!({ "lock_after_idle_ms": 1000 }));

    let opened = home.unlock(PASSWORD);

    assert!(opened.status.success(), "{}", said(&opened));
    eventually("it is locked", || (home.state() == "locked").then_some(()));
}

#[test]
fn systemds_credential_opens_it_for_good_until_it_is_locked() {
    let home = Home::start(&json!({ "lock_after_idle_ms": 1000 }), true);

    eventually("it is unlocked", || (home.state() == "unlocked").then_some(()));
    let left = home.running()["coldkey_status"]["locks_in_ms"].clone();
    let closed = home.suite.minerctl(&["wallet", "lock"]);

    assert_eq!(left, Value::Null);
    assert!(closed.status.success(), "{}", said(&closed));
    assert_eq!(home.state(), "locked");
}

#[test]
fn a_file_that_others_can_read_is_not_opened() {
    let home = Home::new(&json!({}));
    let path = home.suite.path().join("wallets/miner/coldkey");
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();

    let refused = home.unlock(PASSWORD);

    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("chmod 600"), "{}", said(&refused));
}

#[test]
fn one_time_codes_count_after_the_first_one_and_once_each() {
    let home = Home::new(&json!({}));

    let enrolled = home.suite.minerctl(&["wallet", "totp", "enrol", "--yes", "--json"]);
    let uri: Value = serde_json::from_slice(&enrolled.stdout).unwrap();
    let code = code(uri["uri"].as_str().unwrap());
    let before = home.running()["totp"].clone();
    let confirmed = home.suite.minerctl_reading(&["wallet", "totp", "confirm"], &code);
    let after = home.running()["totp"].clone();
    let twice = home.suite.minerctl_reading(&["wallet", "totp", "confirm"], &code);
    let anew = home.suite.minerctl(&["wallet", "totp", "enrol", "--yes"]);

    assert_eq!([before, after], [json!("unconfirmed"), json!("confirmed")]);
    assert!(confirmed.status.success(), "{}", said(&confirmed));
    assert_eq!([twice.status.code(), anew.status.code()], [Some(1); 2]);
    assert!(said(&twice).contains("used before"), "{}", said(&twice));
    assert!(said(&anew).contains("enrolled already"), "{}", said(&anew));
}

/// The code of now, by a few lines of Python: not by the library under test.
fn code(uri: &str) -> String {
    let program = "import base64, hashlib, hmac, struct, sys, time, urllib.parse\n\
        query = urllib.parse.parse_qs(urllib.parse.urlparse(sys.stdin.read()).query)\n\
        key = base64.b32decode(query['secret'][0])\n\
        digest = hmac.new(key, struct.pack('>Q', int(time.time()) // 30), hashlib.sha1).digest()\n\
        place = digest[-1] & 15\n\
        print(f'{(struct.unpack(\">I\", digest[place:place + 4])[0] & 0x7fffffff) % 1000000:06}')\n";
    let output = reading(Command::new(python_program("python")).args(["-c", program]), uri);
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn reading(command: &mut Command, stdin: &str) -> Output {
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // One that refuses before it reads closes the pipe.
    drop(process.stdin.take().unwrap().write_all(stdin.as_bytes()));
    process.wait_with_output().unwrap()
}
