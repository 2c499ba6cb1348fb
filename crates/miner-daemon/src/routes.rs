//! The routes of one listener: which request belongs to which subnet, and what is done with it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bittensor::python::coerce;
use bittensor::synapse::Schema;
use common::config::miner::ListenerConfig;
use common::config::subnet::{Action, Decline, Protocol, Route, SubnetProfile, SubnetProfiles};
use common::id::{Netuid, RouteName};
use daemon_kit::config::{ConfigError, Problem};
use indexmap::IndexMap;
use serde_json::Value;

use crate::key_problem::KeyProblem;
use crate::mapping::Mapping;

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
    /// How its requests are read.
    pub(crate) schema: Schema,
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
    Task(Mapping),
    /// The given fields are set.
    Reply(IndexMap<String, Value>),
    /// Every request is declined.
    Decline,
}

impl Routes {
    /// Checks the profiles of a listener's subnets.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub(crate) fn compile(listener: &ListenerConfig, profiles: &SubnetProfiles) -> Result<Self, Vec<ConfigError>> {
        let mut errors = Vec::new();
        let mut by_name: HashMap<RouteName, Arc<ServedRoute>> = HashMap::new();
        for &netuid in &listener.netuids {
            let Some(profile) = profiles.subnets.get(&netuid) else {
                errors.push(no_profile(listener, netuid));
                continue;
            };
            for (name, route) in &profile.routes {
                let wrong = |KeyProblem { key, problem }| wrong(format!("subnets.{netuid}.{key}"), problem);
                match ServedRoute::compile(netuid, profile, name, route) {
                    Ok(served) => {
                        if let Some(other) = by_name.insert(name.clone(), Arc::new(served)) {
                            let other = other.netuid;
                            let problem = format!(
                                "netuid {other} has a route of this name on the same listener {}: give one of them a \
                                 listener of its own",
                                listener.address
                            );
                            errors.push(wrong(KeyProblem { key: format!("routes.{name}"), problem }));
                        }
                    }
                    Err(problems) => errors.extend(problems.into_iter().map(wrong)),
                }
            }
        }
        if errors.is_empty() { Ok(Self { netuids: listener.netuids.clone(), by_name }) } else { Err(errors) }
    }

    /// Finds the route of a path such as `/Dummy`; exactly so, since a validator writes nothing else.
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
    /// The problems' keys are below the profile.
    fn compile(
        netuid: Netuid,
        profile: &SubnetProfile,
        name: &RouteName,
        route: &Route,
    ) -> Result<Self, Vec<KeyProblem>> {
        let schema = match profile.protocol {
            Protocol::Synapse => Schema::compile(name, route),
        };
        match (schema, Plan::compile(route)) {
            (Ok(schema), Ok(plan)) => Ok(Self {
                netuid,
                name: name.clone(),
                schema,
                time_limit: route.time_limit(),
                decline: profile.decline.clone(),
                plan,
            }),
            (schema, plan) => {
                let schema = schema.err().into_iter().flatten();
                let schema = schema.map(|error| KeyProblem { key: error.key, problem: error.problem });
                let plan = plan.err().into_iter().flatten();
                let plan = plan.map(|problem| problem.under(&format!("routes.{name}.action")));
                Err(schema.chain(plan).collect())
            }
        }
    }
}

impl Plan {
    /// The problems' keys are below `action`.
    fn compile(route: &Route) -> Result<Self, Vec<KeyProblem>> {
        match &route.action {
            Action::Task(mapping) => Mapping::compile(mapping, &route.fields)
                .map(Self::Task)
                .map_err(|problems| problems.into_iter().map(|problem| problem.under("task")).collect()),
            Action::Reply(fields) => {
                let problems: Vec<_> =
                    fields.iter().filter_map(|(name, value)| reply_problem(name, value, route)).collect();
                if problems.is_empty() { Ok(Self::Reply(fields.clone())) } else { Err(problems) }
            }
            Action::Decline {} => Ok(Self::Decline),
        }
    }
}

fn reply_problem(name: &str, value: &Value, route: &Route) -> Option<KeyProblem> {
    let problem = match route.fields.get(name) {
        None => "the route has no such field: add it to fields".to_owned(),
        Some(field) => {
            let mismatch = coerce(&field.python_type, &route.models, value).err()?;
            format!("does not fit the field's type: {mismatch}")
        }
    };
    Some(KeyProblem { key: format!("reply.{name}"), problem })
}

fn wrong(key: String, problem: String) -> ConfigError {
    ConfigError { file: "config/subnet-profiles.json".to_owned(), key, problem: Problem::Contradiction(problem) }
}

fn no_profile(listener: &ListenerConfig, netuid: Netuid) -> ConfigError {
    let problem = format!(
        "{} serves netuid {netuid}, which has no profile: add one to subnet-profiles.json, or remove the netuid",
        listener.address
    );
    let (file, key) = ("config/miner-config.json".to_owned(), "listeners".to_owned());
    ConfigError { file, key, problem: Problem::Contradiction(problem) }
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
    fn everything_that_is_wrong_is_said_at_once() {
        let task = json!({ "task": { "prompt": { "field": "q" }, "answer": { "field": "a" } } });
        let profiles = profiles(&[
            ("1", json!({ "IsAlive": ping(), "Ask": { "action": task } })),
            (
                "2",
                json!({ "IsAlive": ping(), "Is": {
                    "fields": { "ok": { "type": "bool" } },
                    "action": { "reply": { "nothing": 1, "ok": "perhaps" } }
                } }),
            ),
        ]);

        let errors = Routes::compile(&listener(&[1, 2, 3]), &profiles).unwrap_err();
        let errors = daemon_kit::config::ConfigErrors(errors).to_string();

        for expected in [
            "subnets.1.routes.Ask.action.task.prompt: \"q\"",
            "subnets.1.routes.Ask.action.task.answer.field: \"a\"",
            "subnets.2.routes.IsAlive: netuid 1",
            "subnets.2.routes.Is.action.reply.nothing",
            "subnets.2.routes.Is.action.reply.ok",
            "netuid 3",
        ] {
            assert!(errors.contains(expected), "{expected} in {errors}");
        }
    }
}
