//! What a client sees.

use serde_json::{Value, json};

use crate::task::Task;

#[test]
fn each_role_is_healthy_lists_gets_and_creates_under_its_own_path() {
    let bodies = [
        ("users", json!({"name": "Ada"})),
        ("threads", json!({"title": "Hello", "author": "Ada"})),
        (
            "posts",
            json!({"thread": "1", "author": "Ada", "text": "Grüße \"und\" mehr"}),
        ),
    ];
    for (role, body) in bodies {
        let folder = tempfile::tempdir().expect("a folder");
        let task = Task::start(role, folder.path());
        let healthy = (200, json!({"role": role, "status": "ok"}));
        assert_eq!(task.get("/health"), healthy);
        assert_eq!(task.get(&format!("/{role}/health")), healthy);
        assert_eq!(task.get(&format!("/{role}")), (200, json!([])));

        let (status, made) = task.post(&format!("/{role}"), &body.to_string());
        assert_eq!(status, 201, "{made}");
        for (field, value) in body.as_object().expect("an object") {
            assert_eq!(&made[field], value);
        }
        let id = made["id"].as_str().expect("an id");
        assert_eq!(task.get(&format!("/{role}/{id}")), (200, made.clone()));
        assert_eq!(task.get(&format!("/{role}")), (200, json!([made])));
    }
}

#[test]
fn a_bad_record_is_answered_400_with_the_fields_name_and_is_not_stored() {
    let folder = tempfile::tempdir().expect("a folder");
    let task = Task::start("posts", folder.path());
    for (body, field) in [
        (r#"{"thread":"1","author":"Ada"}"#, "`text`"),
        (r#"{"thread":"1","author":"Ada","text":""}"#, "`text`"),
        (
            r#"{"thread":"1","author":"Ada","text":"Hi","id":"1"}"#,
            "`id`",
        ),
        ("[]", "JSON object"),
        ("", "JSON object"),
    ] {
        let (status, answer) = task.post("/posts", body);
        assert_eq!(status, 400);
        assert!(
            answer["error"].as_str().expect("words").contains(field),
            "{answer}"
        );
    }
    assert_eq!(task.get("/posts"), (200, json!([])));
}

#[test]
fn what_is_not_there_is_answered_404_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let task = Task::start("users", folder.path());
    assert_eq!(
        task.get("/users/7"),
        (404, json!({"error": "no record `7` in users"}))
    );
    assert_eq!(
        task.get("/posts"),
        (
            404,
            json!({"error": "no such path; this is the service of /users"})
        )
    );
}

#[test]
fn a_task_that_cannot_read_its_data_is_unhealthy_and_says_why_until_it_can() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("db.json");
    let task = Task::start("users", folder.path());
    let reason = |(status, answer): (u16, Value)| {
        (status, answer["error"].as_str().expect("words").to_owned())
    };

    std::fs::remove_file(&file).expect("the file removed");
    let (status, said) = reason(task.get("/health"));
    assert!(
        status == 503 && said.starts_with("read ") && said.contains("db.json"),
        "{status} {said}"
    );

    std::fs::write(&file, "half a fi").expect("the file broken");
    let (status, said) = reason(task.post("/users", r#"{"name":"Ada"}"#));
    assert!(
        status == 503 && said.contains("not a JSON object"),
        "{status} {said}"
    );

    std::fs::write(&file, r#"{"users":[]}"#).expect("the file restored");
    assert_eq!(task.get("/health").0, 200);
}
