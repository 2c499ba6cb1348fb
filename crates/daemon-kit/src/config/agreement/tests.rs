//! One contradiction at a time, put into a configuration without any.

use common::config::answering::Respond;
use common::config::budget::{EarningsShare, LimitScope, LimitWindow};
use common::config::credential::{Audience, CredentialEntry, LlmCredentials};
use common::config::miner::CallerPolicy;
use common::config::subnet::{Action, AnswerForm, Prompt, Route, StreamRule, TaskMapping, TaskTypeRule};
use common::id::Netuid;
use common::money::Usd;
use serde_json::{from_value, json};

use super::*;

fn consistent() -> Config {
    let task = json!({"prompt": {"field": "question"}, "answer": {"field": "answer"}});
    let route = json!({
        "fields": {"question": {"type": "List[Turn]"}, "answer": {"type": "str", "default": ""}},
        "models": {"Turn": {"text": {"type": "str"}}},
        "hash_fields": ["question"],
        "action": {"task": task}
    });
    let profile = |routes| {
        json!({
            "name": "x", "protocol": "synapse", "max_tokens_per_task": 100, "preferred_models": ["openai/m"],
            "routes": routes
        })
    };
    let entry = CredentialEntry { audience: Audience::TaskHandler, age: "sealed".into() };
    Config {
        miner: from_value(json!({
            "version": 1,
            "listeners": [{"address": "0.0.0.0:8091", "netuids": [1, 2]}],
            "callers": {"policy": "anyone"},
            "vendors": {"openai": {"dialect": "openai-chat", "base_url": "https://a.example/v1", "credential": "main"}}
        }))
        .unwrap(),
        subnets: from_value(json!({
            "version": 1,
            "subnets": {"1": profile(json!({"Ask": route})), "2": profile(json!({"Ping": {"action": {"reply": {}}}}))}
        }))
        .unwrap(),
        budgets: from_value(json!({"version": 1, "limits": [{"name": "day", "window": "day", "max_tokens": 1}]}))
            .unwrap(),
        credentials: LlmCredentials { version: 1, entries: [("main".to_owned(), entry)].into() },
    }
}

fn route(config: &mut Config) -> &mut Route {
    config.subnets.subnets.get_mut(&Netuid(1)).unwrap().routes.get_mut(&"Ask".into()).unwrap()
}

fn task(config: &mut Config) -> &mut TaskMapping {
    let action = &mut route(config).action;
    let Action::Task(task) = action else { panic!("{action:?}") };
    task
}

#[track_caller]
fn assert_said(change: impl FnOnce(&mut Config), expected: &[&str]) {
    let mut config = consistent();
    change(&mut config);
    let said: Vec<_> = check(&config).iter().map(ToString::to_string).collect();
    assert_eq!(said, expected);
}

#[test]
fn a_consistent_configuration_has_no_errors() {
    assert_said(|_| {}, &[]);
}

#[test]
fn other_formats_are_refused() {
    assert_said(
        |config| config.budgets.version = 2,
        &["config/token-budgets.json: version: is 2, but this program knows format 1 only"],
    );
}

#[test]
fn numbers_that_stop_a_daemon_are_refused() {
    assert_said(
        |config| config.miner.daemons.beat_ms = 0,
        &["config/miner-config.json: daemons.beat_ms: is 0, but must be at least 100"],
    );
}

#[test]
fn listeners_serve_subnets_with_profiles() {
    assert_said(
        |config| config.miner.listeners[0].netuids.push(Netuid(9)),
        &["config/miner-config.json: listeners[0].netuids[2]: there is no profile of subnet 9 in subnet-profiles.json"],
    );
    assert_said(
        |config| config.miner.listeners[0].netuids.push(Netuid(1)),
        &["config/miner-config.json: listeners[0].netuids[2]: subnet 1 is listed twice"],
    );
    assert_said(
        |config| config.miner.listeners[0].netuids.clear(),
        &["config/miner-config.json: listeners[0].netuids: is empty: name the subnets served here"],
    );
    assert_said(
        |config| config.miner.listeners.clear(),
        &["config/miner-config.json: listeners: is empty: validators must reach the miner somewhere"],
    );
}

#[test]
fn listeners_have_addresses_of_their_own() {
    assert_said(
        |config| config.miner.listeners.push(config.miner.listeners[0].clone()),
        &["config/miner-config.json: listeners[1].address: is that of listeners[0] too"],
    );
}

#[test]
fn routes_on_a_listener_do_not_overlap() {
    assert_said(
        |config| {
            let ask = route(config).clone();
            config.subnets.subnets.get_mut(&Netuid(2)).unwrap().routes.insert("Ask".into(), ask);
        },
        &[
            "config/miner-config.json: listeners[0].netuids: subnets 1 and 2 both have route Ask: give each a listener of its own",
        ],
    );
}

#[test]
fn credentials_exist_and_are_for_task_handler() {
    assert_said(
        |config| config.miner.vendors.get_mut(&"openai".into()).unwrap().credential = Some("mian".into()),
        &[
            "config/miner-config.json: vendors.openai.credential: there is no entry mian in llm-credentials.json; did you \
           mean main?",
        ],
    );
    assert_said(
        |config| config.credentials.entries.get_mut("main").unwrap().audience = Audience::Tracker,
        &["config/miner-config.json: vendors.openai.credential: main in llm-credentials.json is for tracker, but \
           task-handler needs it"],
    );
}

#[test]
fn base_urls_can_be_called() {
    for (url, problem) in [
        ("api.openai.com/v1", "must begin with https:// or http://"),
        ("https:///v1", "has no host"),
        (
            "https://me:key@a.example/v1",
            "must be a plain address, such as https://api.openai.com/v1, without user, query or fragment",
        ),
    ] {
        assert_said(
            |config| config.miner.vendors.get_mut(&"openai".into()).unwrap().base_url = url.into(),
            &[&format!("config/miner-config.json: vendors.openai.base_url: {problem}")],
        );
    }
}

#[test]
fn profiles_keep_to_their_ranges() {
    assert_said(
        |config| {
            let profile = config.subnets.subnets.get_mut(&Netuid(2)).unwrap();
            profile.participation_rate = f64::NAN;
            profile.decline.status = 200;
            profile.max_tokens_per_task = 0;
            profile.prompt_strategies.clear();
            profile.routes.clear();
            profile.temperature = Some(f64::NAN);
            profile.samples = 1;
            profile.respond =
                Respond { decline_price: -1.0, min_worth: 2.0, full_stake_share: 0.0, pace_slack: f64::INFINITY };
        },
        &[
            "config/subnet-profiles.json: subnets.2.participation_rate: must be from 0 (no task) to 1 (every task)",
            "config/subnet-profiles.json: subnets.2.decline.status: must be from 400 to 599: anything else looks like an answer",
            "config/subnet-profiles.json: subnets.2.max_tokens_per_task: must be at least 1",
            "config/subnet-profiles.json: subnets.2.routes: is empty: nothing would be served",
            "config/subnet-profiles.json: subnets.2.prompt_strategies: is empty: name one, such as direct",
            "config/subnet-profiles.json: subnets.2.temperature: must be from 0 to 2",
            "config/subnet-profiles.json: subnets.2.samples: must be from 2 to 5: each is a call of its own",
            "config/subnet-profiles.json: subnets.2.respond.decline_price: must be 0 or more",
            "config/subnet-profiles.json: subnets.2.respond.min_worth: must be from 0 (everybody) to 1",
            "config/subnet-profiles.json: subnets.2.respond.full_stake_share: must be above 0, and at most 1",
            "config/subnet-profiles.json: subnets.2.respond.pace_slack: must be from 0 to 1",
        ],
    );
}

#[test]
fn models_are_of_vendors_that_exist() {
    assert_said(
        |config| {
            let other = from_value(json!("opneai/m")).unwrap();
            config.subnets.subnets.get_mut(&Netuid(1)).unwrap().preferred_models.push(other);
        },
        &[
            "config/subnet-profiles.json: subnets.1.preferred_models[1]: there is no vendor opneai in miner-config.json; \
           did you mean openai?",
        ],
    );
}

#[test]
fn only_routes_that_ask_a_model_need_one() {
    assert_said(|config| config.subnets.subnets.get_mut(&Netuid(2)).unwrap().preferred_models.clear(), &[]);
    assert_said(
        |config| config.subnets.subnets.get_mut(&Netuid(1)).unwrap().preferred_models.clear(),
        &[
            "config/subnet-profiles.json: subnets.1.preferred_models: is empty, but there are routes that a model must answer",
        ],
    );
}

const ROUTE: &str = "config/subnet-profiles.json: subnets.1.routes.Ask";

#[test]
fn every_field_that_a_route_names_exists() {
    let unknown =
        |key: &str| format!("{ROUTE}.{key}: \"questoin\" is not under fields of this route; did you mean question?");
    let name = || "questoin".to_owned();

    assert_said(|config| route(config).hash_fields.push(name()), &[&unknown("hash_fields[1]")]);
    assert_said(|config| task(config).answer.field = name(), &[&unknown("action.task.answer.field")]);
    assert_said(|config| task(config).max_tokens_field = Some(name()), &[&unknown("action.task.max_tokens_field")]);
    assert_said(|config| task(config).prompt = Prompt::Field(name()), &[&unknown("action.task.prompt.field")]);
    assert_said(
        |config| task(config).prompt = Prompt::Template("{questoin} {answer}".into()),
        &[&unknown("action.task.prompt.template")],
    );
    assert_said(
        |config| task(config).prompt = Prompt::Lists { texts: name(), roles: Some(name()) },
        &[&unknown("action.task.prompt.lists.texts"), &unknown("action.task.prompt.lists.roles")],
    );
    assert_said(
        |config| {
            let chat = Prompt::Chat { messages: name(), role: "r".into(), content: "c".into(), roles: [].into() };
            task(config).prompt = chat;
        },
        &[&unknown("action.task.prompt.chat.messages")],
    );
    assert_said(
        |config| {
            task(config).task_type = TaskTypeRule::Field { field: name(), values: [].into(), other: "x".into() };
        },
        &[&unknown("action.task.task_type.field.field")],
    );
    assert_said(
        |config| route(config).action = from_value(json!({"reply": {"questoin": 1}})).unwrap(),
        &[&unknown("action.reply.questoin")],
    );
}

#[test]
fn only_plain_text_of_a_model_goes_out_in_pieces() {
    assert_said(
        |config| {
            route(config).stream = StreamRule::Always;
            task(config).answer.form = AnswerForm::Json;
        },
        &["config/subnet-profiles.json: subnets.1.routes.Ask.stream: must be never: the answer's form needs all of it"],
    );
    assert_said(
        |config| {
            let profile = config.subnets.subnets.get_mut(&Netuid(2)).unwrap();
            profile.routes.get_mut(&"Ping".into()).unwrap().stream = StreamRule::Asked;
        },
        &["config/subnet-profiles.json: subnets.2.routes.Ping.stream: must be never: no model answers here"],
    );
}

#[test]
fn a_reply_over_signed_http_needs_no_class() {
    let reply = json!({"reply": {"status": "ok"}});
    let change = |config: &mut Config, protocol: &str| {
        let profile = config.subnets.subnets.get_mut(&Netuid(2)).unwrap();
        profile.protocol = from_value(json!(protocol)).unwrap();
        profile.routes.get_mut(&"Ping".into()).unwrap().action = from_value(reply.clone()).unwrap();
    };

    assert_said(|config| change(config, "btauth"), &[]);
    let unknown = "config/subnet-profiles.json: subnets.2.routes.Ping.action.reply.status: \"status\" is not under fields of this route";
    assert_said(|config| change(config, "synapse"), &[unknown]);
}

#[test]
fn a_template_must_be_one() {
    assert_said(
        |config| task(config).prompt = Prompt::Template("a { b".into()),
        &[&format!(
            "{ROUTE}.action.task.prompt.template: a single brace at byte 2: write {{{{ or }}}} for a brace, {{field}} for a field"
        )],
    );
}

#[test]
fn every_model_that_a_type_names_exists() {
    assert_said(
        |config| {
            let field = from_value(json!({"type": "Optional[Dict[str, Trun]]"})).unwrap();
            route(config).models.get_mut("Turn").unwrap().insert("next".into(), field);
        },
        &[&format!(
            "{ROUTE}.models.Turn.next.type: there is no model Trun under models of this route; did you mean Turn?"
        )],
    );
}

#[test]
fn a_route_has_time() {
    assert_said(|config| route(config).time_limit_ms = 0, &[&format!("{ROUTE}.time_limit_ms: must be at least 1")]);
}

#[test]
fn one_limit_holds_for_every_call() {
    assert_said(
        |config| config.budgets.limits[0].scope = LimitScope { netuid: Some(Netuid(1)), ..LimitScope::default() },
        &[
            "config/token-budgets.json: limits: no limit is without scope: one must hold for every call, so that nothing is \
           spent without limit",
        ],
    );
}

#[test]
fn limits_have_names_of_their_own_and_limit_something() {
    assert_said(
        |config| {
            let mut again = config.budgets.limits[0].clone();
            again.max_tokens = None;
            config.budgets.limits.push(again);
        },
        &[
            "config/token-budgets.json: limits[1].name: limits[0] has the same name: a name stands for one limit",
            "config/token-budgets.json: limits[1].max_tokens: is missing, and so are max_usd and of_earnings: a limit needs \
             one of them",
        ],
    );
}

#[test]
fn limits_are_over_what_exists() {
    assert_said(
        |config| {
            let mut limit = config.budgets.limits[0].clone();
            limit.name = "other".into();
            limit.scope = LimitScope {
                vendor: Some("opneai".into()),
                key: Some("mian".into()),
                model: Some("n".into()),
                netuid: Some(Netuid(9)),
                validator: None,
            };
            config.budgets.limits.push(limit);
        },
        &[
            "config/token-budgets.json: limits[1].scope.vendor: there is no vendor opneai in miner-config.json; did you \
             mean openai?",
            "config/token-budgets.json: limits[1].scope.key: no vendor in miner-config.json has the credential mian; did \
             you mean main?",
            "config/token-budgets.json: limits[1].scope.model: no profile in subnet-profiles.json prefers a model n",
            "config/token-budgets.json: limits[1].scope.netuid: there is no profile of subnet 9 in subnet-profiles.json",
        ],
    );
}

#[test]
fn a_share_of_earnings_is_of_a_day_or_a_month_and_of_what_is_earned() {
    let share = |percent, max_age_hours| EarningsShare { percent, floor_usd: Usd::default(), max_age_hours };
    let of_earnings = |window, share: EarningsShare| {
        move |config: &mut Config| {
            config.budgets.limits[0].window = window;
            config.budgets.limits[0].of_earnings = Some(share);
        }
    };

    assert_said(of_earnings(LimitWindow::Month, share(100, 1)), &[]);
    assert_said(
        of_earnings(LimitWindow::Total, share(50, 36)),
        &[
            "config/token-budgets.json: limits[0].window: must be day or month where of_earnings is: a share is of what was \
             earned in as long",
        ],
    );
    assert_said(
        of_earnings(LimitWindow::Day, share(101, 36)),
        &[
            "config/token-budgets.json: limits[0].of_earnings.percent: must be from 1 to 100; floor_usd is what may be spent \
             in any case",
        ],
    );
    assert_said(
        of_earnings(LimitWindow::Day, share(50, 0)),
        &["config/token-budgets.json: limits[0].of_earnings.max_age_hours: must be at least 1"],
    );
}

#[test]
fn validators_cannot_be_known_without_a_chain() {
    let change = |config: &mut Config| config.miner.callers.policy = CallerPolicy::Validators;

    assert_said(
        change,
        &[
            "config/miner-config.json: callers.policy: is validators, but there is no chain to know them from: add chain",
        ],
    );
}

#[test]
fn a_genesis_is_a_hash() {
    let chain = |genesis: &str| from_value(json!({"network": "local", "genesis": genesis})).unwrap();
    let right = format!("0x{}", "0a".repeat(32));

    assert_said(|config| config.miner.chain = Some(chain(&right)), &[]);
    assert_said(
        |config| config.miner.chain = Some(chain("0x0a")),
        &["config/miner-config.json: chain.genesis: is no hash: 0x and 64 hex digits are expected"],
    );
}
