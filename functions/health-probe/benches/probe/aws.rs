//! As much of AWS as a probe asks, each answer after a while.

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use lifeboat_core::{
    Epoch,
    backup::{self, BackupKey, BackupName, Kind, PackId},
    configuration::sample,
};
use serde_json::{Value, json};

use crate::{DELAY, SERVICES};

pub(crate) fn cloud() -> Router {
    Router::new().fallback(answer)
}

async fn answer(request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    tokio::time::sleep(DELAY).await;
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let action = parts.headers.get("x-amz-target");
    if let Some((_, action)) = action.and_then(|a| a.to_str().ok()?.split_once('.')) {
        return json_of(action, &parts.headers, &body);
    }
    // CloudWatch speaks CBOR: this is an answer of which every field is absent.
    if path.starts_with("/service/") {
        let protocol = [
            ("smithy-protocol", "rpc-v2-cbor"),
            ("content-type", "application/cbor"),
        ];
        return (protocol, Bytes::from_static(&[0xa0])).into_response();
    }
    if path.ends_with("/health") {
        return StatusCode::OK.into_response();
    }
    if parts.method == Method::POST {
        return form(&body);
    }
    object(&parts.method, path, query)
}

/// The service that a name is of.
fn number(name: &str) -> &str {
    let end = name.rsplit(['s', '/', '-']).next().unwrap_or_default();
    end.split([':', '@']).next().unwrap_or(end)
}

fn json_of(action: &str, headers: &HeaderMap, body: &Bytes) -> Response {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let here = headers[header::AUTHORIZATION]
        .to_str()
        .unwrap()
        .contains("us-west-2");
    let tasks = if here { 0 } else { 2 };
    let answer = match action {
        "DescribeServices" => {
            let names = asked["services"].as_array().unwrap().iter();
            let services = names.map(|name| {
                let name = name.as_str().unwrap();
                json!({"serviceName": name, "status": "ACTIVE", "desiredCount": tasks, "runningCount": tasks, "pendingCount": 0,
                    "taskDefinition": format!("arn:aws:ecs:us-west-2:1:task-definition/{name}:1"),
                    "loadBalancers": [{"targetGroupArn": format!("arn:aws:elasticloadbalancing:us-west-2:1:targetgroup/{name}")}],
                    "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a", "subnet-b"]}}})
            });
            json!({"services": services.collect::<Vec<_>>(), "failures": []})
        }
        "DescribeTaskDefinition" => {
            let name = number(asked["taskDefinition"].as_str().unwrap());
            let secret = format!("arn:aws:secretsmanager:us-west-2:1:secret:s{name}");
            json!({"taskDefinition": {"cpu": "256", "memory": "512", "containerDefinitions": [{"name": name, "image": "i",
                "portMappings": [{"containerPort": 8080, "protocol": "tcp"}], "environment": [{"name": "ROLE", "value": "x"}],
                "secrets": [{"name": "KEY", "valueFrom": secret}]}]}})
        }
        "DescribeSecret" => json!({"ARN": asked["SecretId"]}),
        "DescribeScalableTargets" => {
            let names = asked["ResourceIds"].as_array().unwrap().iter();
            let targets = names.map(|name| {
                json!({"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "ResourceId": name,
                    "MinCapacity": 0, "MaxCapacity": 0, "RoleARN": "r", "CreationTime": 0, "SuspendedState":
                    {"DynamicScalingInSuspended": true, "DynamicScalingOutSuspended": true, "ScheduledScalingSuspended": true}})
            });
            json!({"ScalableTargets": targets.collect::<Vec<_>>()})
        }
        "DescribeImages" => json!({"imageDetails": []}),
        "GetServiceQuota" => {
            json!({"Quota": {"Value": 4000.0, "UsageMetric": {"MetricNamespace": "AWS/Usage",
            "MetricName": "ResourceCount", "MetricDimensions": {"Service": "Fargate"}}}})
        }
        other => panic!("{other}"),
    };
    let kind = headers[header::CONTENT_TYPE].clone();
    ([(header::CONTENT_TYPE, kind)], answer.to_string()).into_response()
}

fn form(body: &Bytes) -> Response {
    let text = std::str::from_utf8(body).unwrap();
    let of = |name: &str| {
        let mut fields = form_urlencoded::parse(text.as_bytes());
        fields
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.into_owned())
    };
    let action = of("Action").unwrap();
    let answer = match action.as_str() {
        "DescribeSubnets" => {
            let item = |name: &str| {
                format!("<item><subnetId>{name}</subnetId><availableIpAddressCount>4000</availableIpAddressCount></item>")
            };
            format!("<subnetSet>{}{}</subnetSet>", item("subnet-a"), item("subnet-b"))
        }
        "DescribeTargetGroups" => {
            "<DescribeTargetGroupsResult><TargetGroups><member></member></TargetGroups></DescribeTargetGroupsResult>".into()
        }
        other => panic!("{other}"),
    };
    format!("<{action}Response>{answer}</{action}Response>").into_response()
}

fn newest() -> BackupKey {
    BackupKey {
        epoch: Epoch(0),
        region: sample("us-west-2").home,
        name: BackupName::new(Kind::Backup, Timestamp::now()),
    }
}

fn object(method: &Method, path: &str, query: &str) -> Response {
    let (_, key) = path
        .trim_start_matches('/')
        .split_once('/')
        .unwrap_or((path, ""));
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.000Z");
    if query.contains("list-type=2") {
        let (key, bytes) = match query.contains("prefix=packs") {
            true => (PackId::new([0; 32]).key(), 3),
            false => (newest().manifest(), 99),
        };
        return format!(
            "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>{key}</Key><LastModified>{now}</LastModified><ETag>\"a\"</ETag><Size>{bytes}</Size><StorageClass>STANDARD</StorageClass></Contents></ListBucketResult>"
        )
        .into_response();
    }
    let heard = Timestamp::now()
        .strftime("%a, %d %b %Y %H:%M:%S GMT")
        .to_string();
    let headers = [
        (header::ETAG, "\"a\"".to_owned()),
        (header::LAST_MODIFIED, heard),
    ];
    match (method, BackupKey::of_manifest(key)) {
        (&Method::PUT, _) => headers.into_response(),
        (&Method::GET, Some(backup)) => {
            let names: Vec<String> = (0..SERVICES).map(|n| format!("s{n}")).collect();
            let manifest = backup::sample(&backup, names.iter().map(String::as_str));
            (headers, serde_json::to_vec(&manifest).unwrap()).into_response()
        }
        // The other region's.
        (&Method::GET, _) if key == "status.json" && path.contains("us-east-1") => {
            (headers, "{}").into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
