//! Keys and signatures against those of the real wallet tools.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use bittensor::keys::{Keypair, Scheme, verify};
use bittensor::ss58;
use serde_json::Value;

fn vectors() -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("data/keys.json")).unwrap();
    file["keys"].as_array().unwrap().clone()
}

fn scheme(key: &Value) -> Scheme {
    if key["crypto_type"] == 1 { Scheme::Sr25519 } else { Scheme::Ed25519 }
}

fn keypair(key: &Value) -> Option<Keypair> {
    if let Some(phrase) = key["mnemonic"].as_str() {
        Keypair::from_mnemonic(scheme(key), phrase).ok()
    } else if let Some(uri) = key["uri"].as_str() {
        Keypair::from_uri(scheme(key), uri).ok()
    } else {
        let seed: [u8; 32] = hex::decode(key["seed"].as_str().unwrap()).unwrap().try_into().unwrap();
        Some(Keypair::from_seed(scheme(key), &seed))
    }
}

#[test]
fn every_secret_makes_the_key_that_the_tools_make_of_it() {
    for key in vectors() {
        let keypair = keypair(&key);

        assert_eq!(keypair.is_none(), key["error"].is_string(), "{key}");
        if let Some(keypair) = keypair {
            assert_eq!(format!("0x{}", hex::encode(keypair.public())), key["public"]);
            assert_eq!(keypair.address().as_str(), key["ss58"]);
            assert_eq!(keypair.scheme(), scheme(&key));
            assert_eq!(ss58::decode(key["ss58"].as_str().unwrap()), Ok(keypair.public()));
        }
    }
}

#[test]
fn signatures_of_the_tools_verify_and_ours_do_too() {
    let mut checked = 0;
    for key in vectors().iter().filter(|key| key["signature_of_hello"].is_string()) {
        let keypair = keypair(key).unwrap();
        let theirs = hex::decode(&key["signature_of_hello"].as_str().unwrap()[2..]).unwrap().try_into().unwrap();

        assert!(verify(scheme(key), &keypair.public(), b"hello", &theirs));
        assert!(verify(scheme(key), &keypair.public(), b"hello", &keypair.sign(b"hello")));
        assert!(!verify(scheme(key), &keypair.public(), b"hallo", &theirs));
        assert!(!verify(scheme(key), &[255; 32], b"hello", &theirs));
        checked += 1;
    }
    assert!(checked >= 6);
}

#[test]
fn a_keypair_shows_its_address_and_nothing_else() {
    let keypair = Keypair::from_uri(Scheme::Ed25519, "//Alice").unwrap();

    assert_eq!(format!("{keypair:?}"), "Keypair(Ed25519, 5FA9nQDVg267DEd8m1ZypXLBnvN7SFxYwV7ndqSYGiN9TTpu)");
}

#[test]
fn what_is_no_secret_is_refused() {
    for scheme in [Scheme::Sr25519, Scheme::Ed25519] {
        assert!(Keypair::from_mnemonic(scheme, "legal winner thank year").is_err());
        assert!(Keypair::from_uri(scheme, "0x00").is_err());
        for length in [0, 31, 33, 63, 65] {
            assert!(Keypair::from_private_key(scheme, &vec![0; length]).is_err());
        }
    }
    assert!(Keypair::from_private_key(Scheme::Sr25519, &[255; 64]).is_err());
}
