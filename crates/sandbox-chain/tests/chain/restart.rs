//! What outlasts a process, and what does not outlast time.

use std::path::PathBuf;

use sandbox_chain::pallet::{Call, Keys};
use sandbox_chain::runtime::Runtime;
use sandbox_chain::runtime::number::NetUid;
use sandbox_chain::{Genesis, Node, NodeConfig, StartError};
use sp_runtime::AccountId32;
use subxt::rpcs::rpc_params;

use super::harness::{Chain, NETUID, genesis, key, subnet};

fn kept(path: PathBuf) -> NodeConfig {
    NodeConfig { state_file: Some(path), ..NodeConfig::manual(genesis(subnet())) }
}

#[tokio::test]
async fn a_chain_goes_on_at_its_head() {
    let place = tempfile::tempdir().unwrap();
    let config = kept(place.path().join("chain"));
    let register = Call::burned_register { netuid: NetUid(NETUID), hotkey: AccountId32::new(key("Eve//hot").public()) };
    let (genesis_hash, head) = {
        let chain = Chain::start(&config);
        chain.apply(&key("Eve"), register).unwrap();
        (chain.node.genesis_hash(), chain.node.new_blocks(20).unwrap())
    };

    let chain = Chain::start(&config);

    assert_eq!((chain.node.genesis_hash(), chain.node.head()), (genesis_hash, head));
    assert_eq!(chain.node.uid(NETUID, &key("Eve//hot").public()), Some(4));
    // A client can connect, and blocks and transactions go on.
    let serve = Call::serve_axon {
        netuid: NetUid(NETUID),
        version: 1,
        ip: 0x0a00_0009,
        port: 8091,
        ip_type: 4,
        protocol: 4,
        placeholder1: 0,
        placeholder2: 0,
    };
    assert_eq!(chain.apply(&key("Eve//hot"), serve), Ok(()));
    assert_eq!(chain.node.head().number, head.number + 1);
    assert_eq!(chain.client().await.at_current_block().await.unwrap().block_number(), u64::from(head.number));
}

#[test]
fn a_state_file_of_another_chain_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let config = kept(place.path().join("chain"));
    Node::start(&config).unwrap().new_block().unwrap();

    let other = NodeConfig { genesis: Genesis { seed: 8, ..config.genesis.clone() }, ..config.clone() };
    assert!(matches!(Node::start(&other).err(), Some(StartError::OtherChain { .. })));
    std::fs::write(place.path().join("chain"), b"something else").unwrap();
    assert!(matches!(Node::start(&config).err(), Some(StartError::NoStateFile(_))));
}

#[tokio::test]
async fn old_states_are_forgotten_and_young_ones_kept() {
    let chain = Chain::start(&NodeConfig { history: 64, ..NodeConfig::manual(genesis(subnet())) });
    let rpc = chain.rpc().await;
    chain.node.new_blocks(256).unwrap();
    let few = chain.node.state_nodes();

    chain.node.new_blocks(640).unwrap();

    let many = chain.node.state_nodes();
    // `System::BlockHash` grows by one entry a block until it has 2400; nothing else may.
    assert!(many < few + 1500, "{few} nodes became {many}");
    let key_of = |netuid, uid| format!("0x{}", hex::encode(Keys::<Runtime>::hashed_key_for(NetUid(netuid), uid)));
    let read = |number: u32| {
        let (rpc, key) = (rpc.clone(), key_of(NETUID, 0u16));
        async move {
            let hash: Option<String> = rpc.request("chain_getBlockHash", rpc_params![number]).await.unwrap();
            rpc.request::<Option<String>>("state_getStorage", rpc_params![key, hash?]).await.unwrap()
        }
    };
    for number in [896 - 60, 896 - 1, 896] {
        assert_eq!(read(number).await, Some(format!("0x{}", hex::encode(key("Alice//hot").public()))), "{number}");
    }
    assert_eq!(read(100).await, None);
    // The first block is known for ever, but its state is not.
    let error = rpc
        .request::<Option<String>>("state_getStorage", rpc_params![key_of(NETUID, 0), chain.node.genesis_hash()])
        .await
        .unwrap_err();
    assert!(error.to_string().contains("State already discarded"), "{error}");
}
