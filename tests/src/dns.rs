//! The name server that Route 53 would be: it looks at the markers as Route 53's health checkers do, and answers.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{Name, RData, Record as Answer, RecordType};
use tokio::net::UdpSocket;

use crate::aws::Aws;
use crate::checks::{BETWEEN_LOOKS, Looks, count, look, read};
use crate::route53::{self, Health, Record};
use crate::{Context, Result};

const PATIENCE: Duration = Duration::from_secs(2);

/// What the name server needs to know of the local cloud.
#[derive(Debug)]
pub struct Zone {
    /// The emulator itself: Route 53's data plane outlives its control plane in us-east-1.
    pub route53: Aws,
    /// The proxy: health checks feel a region's death.
    pub proxy: SocketAddr,
    /// Where each region's load balancer listens.
    pub load_balancers: BTreeMap<String, Ipv4Addr>,
}

#[derive(Debug, Default)]
struct Known {
    records: Vec<Record>,
    health: Health,
}

/// Answers on the socket, and looks at the markers, until dropped.
pub async fn serve(socket: UdpSocket, zone: Zone) {
    let known = Arc::new(Mutex::new(Known::default()));
    let looking = look_for_ever(&zone, &known);
    let answering = answer_for_ever(&socket, &zone.load_balancers, &known);
    tokio::join!(looking, answering);
}

async fn look_for_ever(zone: &Zone, known: &Mutex<Known>) {
    let mut looks = BTreeMap::new();
    loop {
        // What cannot be read is read again a moment later; until then the last that was known holds.
        if let Ok((records, checks)) = read(&zone.route53).await {
            for (id, threshold, found) in look(zone.proxy, &checks).await {
                count(&mut looks, id, threshold, found);
            }
            let seen = looks
                .iter()
                .map(|(id, looks): (&String, &Looks)| (id.clone(), looks.counts_as));
            let health = route53::health(&checks, &seen.collect());
            *known.lock().unwrap_or_else(PoisonError::into_inner) = Known { records, health };
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

async fn answer_for_ever(
    socket: &UdpSocket,
    load_balancers: &BTreeMap<String, Ipv4Addr>,
    known: &Mutex<Known>,
) {
    let mut buffer = [0; 1500];
    loop {
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else {
            continue;
        };
        let Ok(question) = Message::from_vec(&buffer[..length]) else {
            continue;
        };
        let answer = {
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            respond(&question, &known, load_balancers)
        };
        if let Ok(answer) = answer.to_vec() {
            let _ = socket.send_to(&answer, from).await;
        }
    }
}

fn respond(
    question: &Message,
    known: &Known,
    load_balancers: &BTreeMap<String, Ipv4Addr>,
) -> Message {
    let mut response = Message::response(question.metadata.id, OpCode::Query);
    response.metadata.authoritative = true;
    response.metadata.recursion_desired = question.metadata.recursion_desired;
    let Some(query) = question.queries.first() else {
        response.metadata.response_code = ResponseCode::FormErr;
        return response;
    };
    response.add_query(query.clone());
    let chosen = route53::answer(&known.records, &known.health, &query.name().to_ascii());
    let Some(record) = chosen else {
        response.metadata.response_code = ResponseCode::NXDomain;
        return response;
    };
    let address = load_balancers
        .iter()
        .find(|(region, _)| record.points_to.contains(region.as_str()));
    if let (RecordType::A, Some((_, address))) = (query.query_type(), address) {
        // No time to live: a cache would hide how soon the name server itself answers otherwise.
        response.add_answer(Answer::from_rdata(
            query.name().clone(),
            0,
            RData::A(A(*address)),
        ));
    }
    response
}

/// Asks a name server for a name's addresses, as a resolver with an empty cache would.
pub async fn ask(name_server: SocketAddr, name: &str) -> Result<Vec<Ipv4Addr>> {
    let what = || format!("ask {name_server} for {name}");
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .context(what)?;
    let mut question = Message::query();
    question.metadata.message_type = MessageType::Query;
    question.add_query(Query::query(
        Name::from_ascii(name).context(what)?,
        RecordType::A,
    ));
    let bytes = question.to_vec().context(what)?;
    socket.send_to(&bytes, name_server).await.context(what)?;
    let mut buffer = [0; 1500];
    let received = tokio::time::timeout(PATIENCE, socket.recv_from(&mut buffer)).await;
    let (length, _) = received.context(what)?.context(what)?;
    let answer = Message::from_vec(&buffer[..length]).context(what)?;
    let addresses = answer
        .answers
        .iter()
        .filter_map(|record| match &record.data {
            RData::A(address) => Some(address.0),
            _ => None,
        });
    Ok(addresses.collect())
}
