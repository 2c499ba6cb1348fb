//! The channels against servers that speak what the real ones speak, over real sockets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod server;

use std::time::Duration;

use common::config::alerts;
use common::config::alerts::{TelegramChannel, WebhookChannel};
use notify::{Channel, DeadMan, Heard, SendError, Telegram};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::server::{Request, Server};

const TOKEN: &str = "123456789:AAE-a-token-that-nobody-may-see_0123456789";
const CHAT: i64 = 42;

fn telegram(url: &str, chats: &[i64]) -> Telegram {
    let chats = chats.to_vec();
    let config = TelegramChannel { credential: "telegram".into(), chats, commands: true, api_url: url.into() };
    Telegram::new(&config, &SecretString::from(TOKEN)).unwrap()
}

fn message(chat: i64, text: &str) -> Value {
    json!({
        "message_id": 7,
        "date": 1_790_000_000,
        "chat": { "id": chat, "type": "private", "first_name": "Ada" },
        "from": { "id": chat, "is_bot": false, "first_name": "Ada" },
        "text": text,
    })
}

#[tokio::test]
async fn a_message_is_sent_to_every_chat() {
    let sent = json!({ "ok": true, "result": message(CHAT, "x") }).to_string();
    let server = Server::answering(vec![(200, sent.clone()), (200, sent)]).await;
    let channel = Channel::Telegram(telegram(&server.url(), &[CHAT, -100_200]));

    channel.send("1", "budget at 95 % <b>").await.unwrap();

    let requests = server.requests().await;
    let told: Vec<_> = requests.iter().map(|Request { path, body, .. }| (path.as_str(), read(body))).collect();
    let path = format!("/bot{TOKEN}/SendMessage");
    assert_eq!(
        told,
        [
            (path.as_str(), json!({ "chat_id": CHAT, "text": "budget at 95 % <b>" })),
            (path.as_str(), json!({ "chat_id": -100_200, "text": "budget at 95 % <b>" })),
        ]
    );
}

#[tokio::test]
async fn what_telegram_says_decides_whether_a_message_is_tried_again_and_never_shows_the_token() {
    let failed = |code: u16, description: &str| {
        json!({ "ok": false, "error_code": code, "description": description }).to_string()
    };
    let flood = json!({
        "ok": false,
        "error_code": 429,
        "description": "Too Many Requests: retry after 17",
        "parameters": { "retry_after": 17 },
    });
    let cases = [
        (429, flood.to_string(), true),
        (401, failed(401, "Unauthorized"), false),
        (403, failed(403, "Forbidden: bot was blocked by the user"), false),
        (400, failed(400, "Bad Request: chat not found"), false),
        (400, failed(400, "Bad Request: something new"), false),
        (502, "<html>Bad Gateway</html>".into(), true),
        (200, "{}".into(), true),
    ];

    for (status, body, again) in cases {
        let server = Server::answering(vec![(status, body.clone())]).await;

        let error = Channel::Telegram(telegram(&server.url(), &[CHAT])).send("1", "text").await.unwrap_err();

        assert_eq!(matches!(error, SendError::Later { .. }), again, "{body}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("AAE"), "{error:?}");
        if status == 429 {
            let SendError::Later { after, .. } = error else { panic!("{error:?}") };
            assert_eq!(after, Some(Duration::from_secs(17)));
        }
    }
}

#[tokio::test]
async fn a_telegram_that_cannot_be_reached_is_tried_later_and_the_error_holds_no_token() {
    let error = telegram("http://127.0.0.1:1", &[CHAT]).listen(None).await.unwrap_err();

    assert!(matches!(error, SendError::Later { .. }));
    assert!(!format!("{error} {error:?}").contains("AAE"), "{error:?}");
}

#[tokio::test]
async fn only_the_chats_that_are_named_are_heard() {
    let updates = json!({ "ok": true, "result": [
        { "update_id": 5, "message": message(CHAT, "/status") },
        { "update_id": 6, "message": message(666, "/approve 000000") },
    ] });
    let server = Server::answering(vec![(200, updates.to_string())]).await;

    let heard = telegram(&server.url(), &[CHAT]).listen(Some(4)).await.unwrap();

    let expected = [Heard { update: 5, text: Some("/status".into()) }, Heard { update: 6, text: None }];
    assert_eq!(heard, expected);
    assert_eq!(read(&server.requests().await[0].body)["offset"], 5);
}

#[tokio::test]
async fn an_address_gets_the_text_the_token_and_a_key_to_drop_it_by() {
    let server = Server::answering(vec![(200, String::new())]).await;
    let config =
        WebhookChannel { url: format!("{}/hooks/agent", server.url()), credential: None, text_key: "message".into() };
    let channel = Channel::webhook(&config, Some(SecretString::from("hook-token"))).unwrap();

    channel.send("event-9", "task-handler is down").await.unwrap();

    let requests = server.requests().await;
    assert_eq!((requests[0].method.as_str(), requests[0].path.as_str()), ("POST", "/hooks/agent"));
    assert_eq!(read(&requests[0].body), json!({ "message": "task-handler is down" }));
    assert_eq!(requests[0].header("authorization"), Some("Bearer hook-token"));
    assert_eq!(requests[0].header("idempotency-key"), Some("event-9"));
}

#[tokio::test]
async fn an_address_that_leads_elsewhere_is_not_followed() {
    let server = Server::answering(vec![(307, String::new()), (200, String::new())]).await;
    let config = WebhookChannel { url: server.url(), credential: None, text_key: "text".into() };

    let error = Channel::webhook(&config, None).unwrap().send("1", "text").await.unwrap_err();

    assert!(matches!(error, SendError::Refused { .. }), "{error:?}");
    assert_eq!(server.requests().await.len(), 1);
}

#[tokio::test]
async fn the_switch_is_called_with_the_reason_when_the_miner_cannot_earn() {
    let server = Server::answering(vec![(200, String::new()), (200, String::new())]).await;
    let config = json!({ "url": format!("{}/ping/abc", server.url()) });
    let switch = DeadMan::new(&serde_json::from_value::<alerts::DeadMan>(config).unwrap()).unwrap();

    switch.call(None).await.unwrap();
    switch.call(Some("subnet 33: not registered")).await.unwrap();

    let requests = server.requests().await;
    let told: Vec<_> = requests.iter().map(|request| (request.path.as_str(), request.body.as_str())).collect();
    assert_eq!(told, [("/ping/abc", ""), ("/ping/abc/fail", "subnet 33: not registered")]);
}

#[test]
fn an_address_that_is_none_is_named() {
    let config = WebhookChannel { url: "ftp://x".into(), credential: None, text_key: "text".into() };

    let error = Channel::webhook(&config, None).unwrap_err();

    assert_eq!(error.to_string(), "alerts.webhook.url is no http or https address");
}

fn read(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}
