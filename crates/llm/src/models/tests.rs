use common::config::miner::{Dialect, Service};
use common::money::NanoUsd;
use common::usage::TokenUsage;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::table::Day;
use super::*;
use crate::permit::WorstCase;

/// 2026-11-22
const NOW: u64 = 1_795_305_600_000;
const MILLION: TokenUsage =
    TokenUsage { input_uncached: 100_000, input_cache_read: 0, input_cache_write: 0, output: 100_000 };

#[test]
fn the_shipped_table_is_plausible() {
    let table = ModelTable::shipped();

    for model in table.file.services.iter().flat_map(|service| &service.models) {
        assert!(model.max_output_tokens > 0 && u64::from(model.max_output_tokens) < model.context_tokens);
        assert!(model.prices.is_sorted_by_key(|prices| prices.valid_from) && !model.prices.is_empty());
        for prices in &model.prices {
            for price in prices.long.iter().map(|long| &long.rates).chain([&prices.base]) {
                assert_eq!(table::check_price(price, false), Ok(()), "{}", model.name);
            }
        }
    }
}

#[test]
fn a_listed_model_is_found_with_its_price() {
    let model = find("gpt-6-luna", &openai(), &budgets(""), NOW).unwrap();

    assert_eq!((model.context_tokens, model.max_output_tokens), (1_050_000, 128_000));
    assert_eq!(model.cap_field, CapField::MaxCompletionTokens);
    assert_eq!(model.prices.cost(MILLION), NanoUsd(60_000_000));
}

#[test]
fn before_the_first_price_a_model_has_none() {
    let error = find("gpt-6-luna", &openai(), &budgets(""), 0).unwrap_err();

    assert_eq!(error, ModelError::NoPrice(name("gpt-6-luna")));
    assert!(error.to_string().contains(r#"add `"gpt-6-luna": {"input_usd": …, "output_usd": …}`"#), "{error}");
}

#[test]
fn a_price_holds_until_the_next() {
    let table = ModelTable::parse(
        r#"{"services": [{"service": "openai", "dialect": "openai-chat", "servers": [], "request_fields": {},
            "models": [{"name": "m", "context_tokens": 10, "max_output_tokens": 5, "cap_field": "max_tokens", "prices": [
                {"valid_from": "2026-11-01", "base": {"input_usd": 2, "output_usd": 10}},
                {"valid_from": "2026-12-01", "base": {"input_usd": 4, "output_usd": 20}}]}]}]}"#,
    )
    .unwrap();
    let december = Day::try_from("2026-12-01".to_owned()).unwrap().starts_unix_ms;
    let cost = |unix_ms| table.find(&name("m"), &openai(), &budgets(""), unix_ms).unwrap().prices.cost(MILLION);

    assert_eq!(cost(december - 1), NanoUsd(1_200_000_000));
    assert_eq!(cost(december), NanoUsd(2_400_000_000));
}

#[test]
fn a_model_is_gone_on_the_day_of_its_shutdown() {
    let day = Day::try_from("2027-04-01".to_owned()).unwrap();

    let before = find("gpt-5.4-nano", &openai(), &budgets(""), day.starts_unix_ms - 1).unwrap();
    let after = find("gpt-5.4-nano", &openai(), &budgets(""), day.starts_unix_ms).unwrap_err();

    assert_eq!(before.shutdown_unix_ms, Some(day.starts_unix_ms));
    assert_eq!(after, ModelError::ShutDown { model: name("gpt-5.4-nano"), day: "2027-04-01".into() });
}

#[test]
fn the_operators_price_replaces_the_listed_one() {
    let budgets = budgets(r#""gpt-6-luna": {"input_usd": 1, "output_usd": 2}"#);

    let model = find("gpt-6-luna", &openai(), &budgets, NOW).unwrap();

    assert_eq!(model.prices.cost(MILLION), NanoUsd(300_000_000));
}

#[test]
fn an_implausible_price_of_the_operator_is_refused() {
    let budgets = budgets(r#""gpt-6-luna": {"input_usd": 1, "output_usd": 2000}"#);

    let error = find("gpt-6-luna", &openai(), &budgets, NOW).unwrap_err();

    assert_eq!(
        error.to_string(),
        "prices.gpt-6-luna.output_usd in token-budgets.json is 2000.00 USD per million tokens: 0, or from 0.001 to 1000, \
         is expected"
    );
}

#[test]
fn an_unknown_model_says_what_to_add() {
    let error = find("smollm2", &local(""), &budgets(""), NOW).unwrap_err();

    assert_eq!(error, ModelError::Unknown(name("smollm2")));
    assert!(error.to_string().contains("vendors.here.models"), "{error}");
}

#[test]
fn a_declared_model_needs_a_price() {
    let vendor = local(r#""smollm2": {"context_tokens": 2048, "max_output_tokens": 512}"#);

    let without = find("smollm2", &vendor, &budgets(""), NOW).unwrap_err();
    let free = find("smollm2", &vendor, &budgets(r#""smollm2": {"input_usd": 0, "output_usd": 0}"#), 0).unwrap();

    assert_eq!(without, ModelError::NoPrice(name("smollm2")));
    assert_eq!((free.context_tokens, free.max_output_tokens), (2048, 512));
    assert_eq!(free.cap_field, CapField::MaxTokens);
    assert_eq!(free.prices.worst_case(WorstCase { input_tokens: 2048, output_tokens: 512 }), NanoUsd::ZERO);
}

#[test]
fn declared_limits_precede_the_table() {
    let vendor = local(r#""gpt-6-luna": {"context_tokens": 8000, "max_output_tokens": 1000}"#);

    let model = find("gpt-6-luna", &vendor, &budgets(""), NOW).unwrap();

    assert_eq!((model.context_tokens, model.max_output_tokens), (8000, 1000));
}

#[test]
fn contradicting_limits_are_refused() {
    for limits in
        [r#""context_tokens": 100, "max_output_tokens": 101"#, r#""context_tokens": 100, "max_output_tokens": 0"#]
    {
        let vendor = local(&format!(r#""m": {{{limits}}}"#));

        let error = find("m", &vendor, &budgets(r#""m": {"input_usd": 1, "output_usd": 1}"#), NOW).unwrap_err();

        assert_eq!(error, ModelError::Limits(name("m")));
    }
}

#[test]
fn the_operator_can_say_whose_service_a_vendor_is() {
    let table = ModelTable::shipped();
    let gateway = Vendor { service: Some(Service::Openai), ..local("") };
    let impostor = Vendor { service: Some(Service::Compatible), ..openai() };

    assert!(table.form(&"gpt-6-luna".into(), &gateway, Asked::default()).fields.contains_key("service_tier"));
    assert!(table.form(&"gpt-6-luna".into(), &impostor, Asked::default()).fields.is_empty());
}

#[test]
fn older_models_get_no_field_they_do_not_know() {
    let fields = ModelTable::shipped().form(&"gpt-5.4-mini".into(), &openai(), Asked::default()).fields;

    assert_eq!(Value::Object(fields), json!({ "store": false, "service_tier": "default" }));
}

#[test]
fn a_regional_server_costs_more() {
    let regional = Vendor { base_url: "https://eu.api.openai.com/v1/".into(), ..openai() };

    let model = find("gpt-6-luna", &regional, &budgets(""), NOW).unwrap();

    assert_eq!(model.prices.cost(MILLION), NanoUsd(66_000_000));
}

#[test]
fn the_vendors_cap_field_precedes_the_models() {
    let vendor = Vendor { cap_field: Some(CapField::MaxTokens), ..openai() };

    assert_eq!(find("gpt-6-luna", &vendor, &budgets(""), NOW).unwrap().cap_field, CapField::MaxTokens);
}

/// The blocks of JSON in CONFIG.md's section on vendors.
fn examples() -> Vec<Value> {
    let document = include_str!("../../../../CONFIG.md");
    let (_, section) = document.split_once("\n### Examples of vendors\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("json\n"));
    blocks.map(|block| serde_json::from_str(block).unwrap()).collect()
}

#[test]
fn the_documented_vendors_can_be_called() {
    let vendors: Vec<Vendor> = examples()
        .into_iter()
        .flat_map(|example| example.as_object().unwrap().clone())
        .map(|(_, vendor)| serde_json::from_value(vendor).unwrap())
        .collect();

    assert_eq!(vendors.len(), 7);
    for vendor in &vendors {
        assert_eq!(crate::check_vendor(vendor), Ok(()), "{vendor:?}");
    }
}

#[test]
fn the_documented_sums_are_right() {
    let december = Day::try_from("2026-12-01".to_owned()).unwrap().starts_unix_ms;
    let gemini = Vendor::new(Dialect::Gemini, "https://generativelanguage.googleapis.com/v1");
    let anthropic = Vendor::new(Dialect::Anthropic, "https://api.anthropic.com/v1");
    let router = r#"{"dialect": "openai-chat", "base_url": "https://openrouter.ai/api/v1",
        "models": {"deepseek/deepseek-v4": {"context_tokens": 131072, "max_output_tokens": 8192}}}"#;
    let router: Vendor = serde_json::from_str(router).unwrap();
    let priced = budgets(r#""deepseek/deepseek-v4": {"input_usd": 0.3, "output_usd": 1.2}"#);
    let prices = |model: &str, vendor: &Vendor, now| find(model, vendor, &priced, now).unwrap().prices;
    let worst = WorstCase { input_tokens: 2_080, output_tokens: 500 };
    let used = |input_uncached, input_cache_read, output| TokenUsage {
        input_uncached,
        input_cache_read,
        input_cache_write: 0,
        output,
    };
    let luna = prices("gpt-6-luna", &openai(), NOW);
    let haiku = prices("claude-haiku-5-5", &anthropic, NOW);
    let argon = [NOW, december].map(|now| prices("gemini-4-argon", &gemini, now));

    // Two nano-dollars for the rounding of three buckets.
    let reserved = |prices: &Prices| prices.worst_case(worst).0 - 2;
    assert_eq!((reserved(&luna), luna.cost(used(480, 0, 220)).0), (510_000, 158_000));
    assert_eq!((reserved(&haiku), haiku.cost(used(300, 1_500, 120)).0), (510_000, 105_000));
    assert_eq!(argon.each_ref().map(reserved), [9_160_000, 18_320_000]);
    assert_eq!(argon[0].cost(used(480, 0, 220)).0, 3_160_000);
    assert_eq!(reserved(&prices("deepseek/deepseek-v4", &router, NOW)), 1_224_000);
}

proptest! {
    #[test]
    fn p6_listed_models_never_cost_more_than_reserved(
        vendor in proptest::sample::select(vec![0_usize, 1, 2]),
        index in any::<prop::sample::Index>(),
        prompt in (0_u64..300_000, 0_u64..300_000, 0_u64..300_000),
        output in 0_u32..128_000,
    ) {
        let table = ModelTable::shipped();
        let service = &table.file.services[vendor];
        let living: Vec<_> = service.models.iter().filter(|model| model.shutdown.is_none()).collect();
        let vendor = Vendor::new(service.dialect, service.servers[0].base_url.clone());
        let model = find(living[index.index(living.len())].name.as_str(), &vendor, &budgets(""), NOW).unwrap();
        let usage = TokenUsage {
            input_uncached: prompt.0,
            input_cache_read: prompt.1,
            input_cache_write: prompt.2,
            output: output.into(),
        };
        let worst = WorstCase { input_tokens: prompt.0 + prompt.1 + prompt.2, output_tokens: output };

        prop_assert!(model.prices.cost(usage) <= model.prices.worst_case(worst));
    }
}

fn find(model: &str, vendor: &Vendor, budgets: &TokenBudgets, unix_ms: u64) -> Result<Model, ModelError> {
    ModelTable::shipped().find(&name(model), vendor, budgets, unix_ms)
}

fn name(model: &str) -> ModelRef {
    ModelRef { vendor: "here".into(), model: model.into() }
}

fn budgets(prices: &str) -> TokenBudgets {
    serde_json::from_str(&format!(r#"{{"version": 1, "limits": [], "prices": {{{prices}}}}}"#)).unwrap()
}

fn openai() -> Vendor {
    Vendor::new(Dialect::OpenaiChat, "https://api.openai.com/v1")
}

fn local(models: &str) -> Vendor {
    let vendor =
        format!(r#"{{"dialect": "openai-chat", "base_url": "http://127.0.0.1:11434/v1", "models": {{{models}}}}}"#);
    serde_json::from_str(&vendor).unwrap()
}
