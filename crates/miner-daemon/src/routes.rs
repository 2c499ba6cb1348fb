//! The routes of one listener: which request belongs to which subnet, and what is done with it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bittensor::python::coerce;
use bittensor::synapse::Schema;
use common::config::miner::ListenerConfig;
use common::config::subnet::{Action, Decline, Protocol, Protocols, Route, StreamRule, SubnetProfile, SubnetProfiles};
use common::id::{Netuid, RouteName};
use daemon_kit::config::{ConfigError, File};
use indexmap::IndexMap;
use serde_json::Value;

use crate::adapter::{self, Adapter, Mapped};

/// The routes of one listener, by name.
#[derive(Debug)]
pub(crate) struct Routes {
    netuids: Vec<Netuid>,
    by_name: HashMap<RouteName, Arc<ServedRoute>>,
}

/// A route, checked and ready to serve.
#[derive(Debug)]
pub(crate) struct ServedRoute {
    /// The subnet it belongs to.
    pub(crate) netuid: Netuid,
    /// Its name.
    pub(crate) name: RouteName,
    /// The protocols in which it may be asked.
    pub(crate) protocols: Protocols,
    /// Whether answers are signed.
    pub(crate) sign_answers: bool,
    /// How its requests are read.
    pub(crate) schema: Schema,
    /// Whether answers go out in pieces.
    pub(crate) stream: StreamRule,
    /// The longest time an answer may take.
    pub(crate) time_limit: Duration,
    /// What a validator hears when a task is declined.
    pub(crate) decline: Decline,
    /// What is done with a request.
    pub(crate) plan: Plan,
}

/// What is done with a request.
#[derive(Debug)]
pub(crate) enum Plan {
    /// A model answers.
    Task(Box<dyn Adapter>),
    /// The given fields are set.
    Reply(IndexMap<String, Value>),
    /// Every request is declined.
    Decline,
}

impl Routes {
    /// Makes the profiles of a listener's subnets ready. That each subnet has a profile, and that their routes do not
    /// overlap, is checked for all daemons.
    ///
    /// # Errors
    /// Everything that no request could be served with.
    pub(crate) fn compile(listener: &ListenerConfig, profiles: &SubnetProfiles) -> Result<Self, Vec<ConfigError>> {
        let mut errors = Vec::new();
        let mut by_name = HashMap::new();
        for &netuid in &listener.netuids {
            let Some(profile) = profiles.subnets.get(&netuid) else { continue };
            for (name, route) in &profile.routes {
                match ServedRoute::compile(netuid, profile, name, route) {
                    Ok(served) => {
                        by_name.insert(name.clone(), Arc::new(served));
                    }
                    Err(found) => errors.extend(found),
                }
            }
        }
        if errors.is_empty() { Ok(Self { netuids: listener.netuids.clone(), by_name }) } else { Err(errors) }
    }

    /// Finds the route of a path such as `/Dummy` or `/v1/chat/completions`; exactly so, since a validator writes nothing else.
    pub(crate) fn find(&self, path: &str) -> Option<&Arc<ServedRoute>> {
        self.by_name.get(&RouteName::from(path.strip_prefix('/')?))
    }

    /// The subnet of a request whose route is not known, if there is only one.
    pub(crate) fn only_netuid(&self) -> Option<Netuid> {
        match self.netuids.as_slice() {
            [netuid] => Some(*netuid),
            [] | [_, _, ..] => None,
        }
    }

    /// Each subnet with the names of its routes, sorted.
    pub(crate) fn by_subnet(&self) -> Vec<(Netuid, Vec<RouteName>)> {
        let names = |netuid| {
            let of_subnet = self.by_name.values().filter(|route| route.netuid == netuid);
            let mut names: Vec<_> = of_subnet.map(|route| route.name.clone()).collect();
            names.sort_unstable();
            names
        };
        self.netuids.iter().map(|&netuid| (netuid, names(netuid))).collect()
    }
}

impl ServedRoute {
    fn compile(
        netuid: Netuid,
        profile: &SubnetProfile,
        name: &RouteName,
        route: &Route,
    ) -> Result<Self, Vec<ConfigError>> {
        let schema = Schema::compile(name, route);
        let has_class = profile.protocol.accept(Protocol::Synapse);
        match (schema, Plan::compile(route, has_class)) {
            (Ok(schema), Ok(plan)) => Ok(Self {
                netuid,
                name: name.clone(),
                protocols: profile.protocol.clone(),
                sign_answers: profile.sign_answers,
                schema,
                stream: route.stream,
                time_limit: route.time_limit(),
                decline: profile.decline.clone(),
                plan,
            }),
            (schema, plan) => {
                let schema = schema.err().into_iter().flatten();
                let schema = schema.map(|error| wrong(format!("subnets.{netuid}.{}", error.key), error.problem));
                let plan = plan.err().into_iter().flatten();
                let plan =
                    plan.map(|(key, problem)| wrong(format!("subnets.{netuid}.routes.{name}.action.{key}"), problem));
                Err(schema.chain(plan).collect())
            }
        }
    }
}

impl Plan {
    /// What is wrong comes with its key below `action`.
    fn compile(route: &Route, has_class: bool) -> Result<Self, Vec<(String, String)>> {
        match &route.action {
            Action::Task(mapping) => match Mapped::compile(mapping) {
                Ok(mapped) => Ok(Self::Task(Box::new(mapped))),
                Err(error) => Err(vec![(error.key().to_owned(), error.to_string())]),
            },
            Action::Adapter(action) => {
                let adapter = adapter::named(action);
                match adapter.misfit(route, has_class) {
                    None => Ok(Self::Task(adapter)),
                    Some(problem) => Err(vec![("adapter.name".to_owned(), problem)]),
                }
            }
            Action::Reply(fields) => {
                let misfits: Vec<_> = fields.iter().filter_map(|(name, value)| misfit(name, value, route)).collect();
                if misfits.is_empty() { Ok(Self::Reply(fields.clone())) } else { Err(misfits) }
            }
            Action::Decline {} => Ok(Self::Decline),
        }
    }
}

fn misfit(name: &str, value: &Value, route: &Route) -> Option<(String, String)> {
    let field = route.fields.get(name)?;
    let mismatch = coerce(&field.python_type, &route.models, value).err()?;
    Some((format!("reply.{name}"), format!("does not fit the field's type: {mismatch}")))
}

fn wrong(key: String, problem: impl Into<String>) -> ConfigError {
    ConfigError::contradiction(File::SubnetProfiles, key, problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn profiles(routes: &[(&str, Value)]) -> SubnetProfiles {
        let subnets = routes.iter().map(|(netuid, routes)| {
            let profile = json!({
                "name": "test", "protocol": "synapse", "max_tokens_per_task": 1000, "preferred_models": [],
                "routes": routes
            });
            ((*netuid).to_owned(), profile)
        });
        let subnets: serde_json::Map<_, _> = subnets.collect();
        serde_json::from_value(json!({ "version": 1, "subnets": subnets })).unwrap()
    }

    fn listener(netuids: &[u16]) -> ListenerConfig {
        ListenerConfig {
            address: "127.0.0.1:0".parse().unwrap(),
            netuids: netuids.iter().copied().map(Netuid).collect(),
        }
    }

    fn ping() -> Value {
        json!({ "action": { "reply": {} } })
    }

    #[test]
    fn a_route_is_found_by_its_exact_path() {
        let profiles = profiles(&[("1", json!({ "IsAlive": ping() })), ("2", json!({ "Synapse": ping() }))]);

        let routes = Routes::compile(&listener(&[1, 2]), &profiles).unwrap();

        assert_eq!(routes.find("/Synapse").map(|route| route.netuid), Some(Netuid(2)));
        for path in ["/synapse", "/Synapse/", "Synapse", "/", "", "/%53ynapse", "//Synapse", "*"] {
            assert!(routes.find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn a_lone_subnet_is_that_of_every_request() {
        let profiles = profiles(&[("1", json!({})), ("2", json!({}))]);

        let one = Routes::compile(&listener(&[1]), &profiles).unwrap();
        let two = Routes::compile(&listener(&[1, 2]), &profiles).unwrap();

        assert_eq!(one.only_netuid(), Some(Netuid(1)));
        assert_eq!(two.only_netuid(), None);
    }

    #[test]
    fn an_adapter_serves_only_what_it_can_answer() {
        let adapter = |name: &str| json!({ "action": { "adapter": { "name": name } } });
        let profiles =
            profiles(&[("1", json!({ "Chat": adapter("openai-chat"), "CgSynapse": adapter("conversation-genome") }))]);

        let errors = Routes::compile(&listener(&[1]), &profiles).unwrap_err();

        let keys: Vec<_> = errors.iter().map(|error| error.key.as_str()).collect();
        assert_eq!(
            keys,
            ["subnets.1.routes.CgSynapse.action.adapter.name", "subnets.1.routes.Chat.action.adapter.name"]
        );
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let task = json!({ "task": { "prompt": { "template": "{" }, "answer": { "field": "a" } } });
        let profiles = profiles(&[
            ("1", json!({ "Ask": { "fields": { "a": { "type": "Nothing" } }, "action": task } })),
            (
                "2",
                json!({ "Is": {
                    "fields": { "up": { "type": "bool" } },
                    "action": { "reply": { "up": "perhaps" } }
                } }),
            ),
        ]);

        let errors = Routes::compile(&listener(&[1, 2]), &profiles).unwrap_err();

        let keys: Vec<_> = errors.iter().map(|error| error.key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "subnets.1.routes.Ask.fields.a.type",
                "subnets.1.routes.Ask.action.task.prompt.template",
                "subnets.2.routes.Is.action.reply.up",
            ]
        );
    }
}
