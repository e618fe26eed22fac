use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::faults::{Fault, Place};
use crate::ledger::{Ledger, Outcome};
use crate::proxy::{Front, Proxy};
use crate::{Result, web};

const HOST: &str = "b.s3.us-west-2.amazonaws.com";

struct World {
    ledger: Arc<Ledger>,
    proxy: SocketAddr,
    /// How many calls came through to the emulator.
    arrived: Arc<AtomicUsize>,
}

/// A proxy in front of an emulator that answers everything with "ok".
async fn world() -> World {
    let (ledger, arrived) = (Arc::<Ledger>::default(), Arc::<AtomicUsize>::default());
    let emulator = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let proxy = listener.local_addr().unwrap();
    let regions = vec!["us-east-1".to_owned(), "us-west-2".to_owned()];
    let served = Proxy::new(
        emulator.local_addr().unwrap(),
        regions,
        Arc::clone(&ledger),
        Arc::default(),
    );
    tokio::spawn(served.serve(listener, Front::Aws));
    let count = Arc::clone(&arrived);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = emulator.accept().await.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
                .await;
        }
    });
    World {
        ledger,
        proxy,
        arrived,
    }
}

impl World {
    async fn get(&self, host: &str, patience: Duration) -> Result<web::Response> {
        let request = http::Request::get(format!("http://{}/serve", self.proxy));
        web::send(
            request.header("host", host).body(Default::default())?,
            patience,
        )
        .await
    }

    fn outcomes(&self) -> Vec<Outcome> {
        self.ledger
            .calls_from(0)
            .into_iter()
            .map(|call| call.outcome)
            .collect()
    }
}

const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_call_to_a_living_region_is_answered_and_recorded_while_the_other_one_is_dead() {
    let world = world().await;
    world
        .ledger
        .set(Place::region("us-east-1"), Fault::Refusing);
    let answer = world.get(HOST, SOON).await.unwrap();
    assert_eq!(answer.body().as_ref(), b"ok");
    assert_eq!(world.outcomes(), [Outcome::Answered(200)]);
}

#[tokio::test]
async fn a_refusing_region_closes_the_connection_and_the_emulator_hears_nothing() {
    let world = world().await;
    world
        .ledger
        .set(Place::region("us-west-2"), Fault::Refusing);
    assert!(world.get(HOST, SOON).await.is_err());
    assert_eq!(world.outcomes(), [Outcome::Refused]);
    assert_eq!(world.arrived.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_call_that_hung_is_dropped_and_not_forwarded_when_the_region_comes_back() {
    let world = world().await;
    world.ledger.set(Place::region("us-west-2"), Fault::Hanging);
    let revive = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(world.outcomes(), [Outcome::Unanswered]);
        world.ledger.set(Place::region("us-west-2"), Fault::Alive);
    };
    let (answer, ()) = tokio::join!(world.get(HOST, SOON), revive);
    assert!(answer.is_err());
    assert_eq!(world.arrived.load(Ordering::SeqCst), 0);
    assert!(world.get(HOST, SOON).await.is_ok());
}

#[tokio::test]
async fn a_throttled_call_is_told_so_in_the_words_of_the_service() {
    let world = world().await;
    world
        .ledger
        .set(Place::region("us-west-2"), Fault::Throttled);
    let answer = world.get(HOST, SOON).await.unwrap();
    assert_eq!(answer.status(), 503);
    assert!(String::from_utf8_lossy(answer.body()).contains("SlowDown"));
    assert_eq!(world.arrived.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_slow_region_answers_late() {
    let world = world().await;
    let late = Duration::from_millis(400);
    world
        .ledger
        .set(Place::region("us-west-2"), Fault::Slow(late));
    let begun = std::time::Instant::now();
    world.get(HOST, SOON).await.unwrap();
    assert!(begun.elapsed() >= late);
}

#[tokio::test]
async fn scaling_is_answered_by_the_proxy_itself_in_each_region_alone_and_meets_its_faults() {
    let world = world().await;
    let ask = async |region: &str, action: &str, body: &str| {
        let scope = format!("AKID/20241123/{region}/application-autoscaling/aws4_request");
        let request = http::Request::post(format!("http://{}/", world.proxy))
            .header(
                "authorization",
                format!("AWS4-HMAC-SHA256 Credential={scope}, Signature=00"),
            )
            .header("x-amz-target", format!("AnyScaleFrontendService.{action}"))
            .body(body.to_owned().into_bytes().into())?;
        web::send(request, SOON).await
    };
    let users = r#"{"ResourceId":"service/forum/forum-users","MinCapacity":2,"MaxCapacity":10}"#;
    ask("us-east-1", "RegisterScalableTarget", users)
        .await
        .unwrap();
    let found = async |region: &str| {
        let answer = ask(region, "DescribeScalableTargets", "{}").await?;
        Ok::<_, crate::Error>(String::from_utf8_lossy(answer.body()).contains("forum-users"))
    };
    assert!(found("us-east-1").await.unwrap());
    assert!(!found("us-west-2").await.unwrap());
    assert_eq!(world.arrived.load(Ordering::SeqCst), 0);
    world
        .ledger
        .set(Place::region("us-east-1"), Fault::Refusing);
    assert!(found("us-east-1").await.is_err());
    assert!(!found("us-west-2").await.unwrap());
}
