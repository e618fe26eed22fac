//! What the zone's own name servers answer: nobody's cache stands between.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use futures::future::join_all;
use hickory_proto::{
    op::{Message, MessageType, OpCode, Query, ResponseCode},
    rr::{Name, RData, RecordType},
};
use lifeboat_core::{configuration::Traffic, users::Addresses};
use tokio::net::UdpSocket;

/// UDP loses packets.
const TRIES: u32 = 2;
const PATIENCE: Duration = Duration::from_secs(1);
const RESOLVERS: &str = "/etc/resolv.conf";

/// Every address that any of the zone's name servers answers; one that is silent does not keep the others from speaking.
pub async fn addresses(traffic: &Traffic, name: &str) -> Addresses {
    let servers = servers(traffic).await?;
    let asked = servers.into_iter();
    let asked = asked.map(|server| ask(server, name, RecordType::A));
    let (mut found, mut silent, mut answered) = (BTreeSet::new(), vec![], false);
    for answer in join_all(asked).await {
        match answer {
            Ok(answer) => {
                answered = true;
                found.extend(answer.answers.iter().filter_map(|r| match &r.data {
                    RData::A(address) => Some(IpAddr::V4(address.0)),
                    _ => None,
                }));
            }
            Err(why) => silent.push(why),
        }
    }
    match answered {
        true => Ok(found),
        false => Err(silent.join("; ")),
    }
}

async fn servers(traffic: &Traffic) -> Result<Vec<SocketAddr>, String> {
    if !traffic.name_servers.is_empty() {
        let parsed = traffic.name_servers.iter().map(|server| {
            let expected = "traffic.name_servers: expected an address with a port";
            server
                .parse()
                .map_err(|_| format!("{expected}, found {server:?}"))
        });
        return parsed.collect();
    }
    let resolver = resolver(&std::fs::read_to_string(RESOLVERS).unwrap_or_default())
        .ok_or_else(|| format!("{RESOLVERS} names no resolver"))?;
    let answer = ask(resolver, traffic.zone(), RecordType::NS).await?;
    let mut servers = vec![];
    for record in &answer.answers {
        if let RData::NS(server) = &record.data {
            let found = tokio::net::lookup_host((server.0.to_ascii(), 53)).await;
            servers.extend(found.into_iter().flatten().filter(SocketAddr::is_ipv4));
        }
    }
    if servers.is_empty() {
        return Err(format!(
            "{} has no name servers; delegate it at its parent",
            traffic.zone()
        ));
    }
    Ok(servers)
}

fn resolver(file: &str) -> Option<SocketAddr> {
    let named = file
        .lines()
        .find_map(|line| line.trim().strip_prefix("nameserver"))?;
    Some(SocketAddr::new(named.trim().parse().ok()?, 53))
}

async fn ask(server: SocketAddr, name: &str, kind: RecordType) -> Result<Message, String> {
    let mut last = String::new();
    for _ in 0..TRIES {
        match tokio::time::timeout(PATIENCE, ask_once(server, name, kind)).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(why)) => last = format!("{server}: {why}"),
            Err(_) => last = format!("{server}: no answer within {} s", PATIENCE.as_secs()),
        }
    }
    Err(last)
}

async fn ask_once(
    server: SocketAddr,
    name: &str,
    kind: RecordType,
) -> Result<Message, Box<dyn std::error::Error + Send + Sync>> {
    let any = match server {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    // Connected: what comes from anyone else is not read.
    socket.connect(server).await?;
    let mut question = Message::query();
    question.metadata.message_type = MessageType::Query;
    question.metadata.op_code = OpCode::Query;
    // A resolver has to ask on; a name server of the zone knows.
    question.metadata.recursion_desired = kind == RecordType::NS;
    question.add_query(Query::query(Name::from_ascii(format!("{name}."))?, kind));
    socket.send(&question.to_vec()?).await?;
    let mut buffer = [0; 1500];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let answer = Message::from_vec(&buffer[..length])?;
        if answer.metadata.id != question.metadata.id {
            continue;
        }
        return match answer.metadata.response_code {
            // A name that is not there has no address, which is an answer.
            ResponseCode::NoError | ResponseCode::NXDomain => Ok(answer),
            code => Err(format!("{name}: {code}").into()),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::{Record, rdata::A};

    /// A name server that answers every question so.
    async fn server(code: ResponseCode, addresses: &'static [[u8; 4]]) -> String {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            loop {
                let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
                let question = Message::from_vec(&buffer[..length]).unwrap();
                let mut answer = Message::response(question.metadata.id, OpCode::Query);
                answer.metadata.response_code = code;
                for [a, b, c, d] in addresses {
                    let data = RData::A(A::new(*a, *b, *c, *d));
                    answer.add_answer(Record::from_rdata(
                        question.queries[0].name().clone(),
                        0,
                        data,
                    ));
                }
                socket
                    .send_to(&answer.to_vec().unwrap(), from)
                    .await
                    .unwrap();
            }
        });
        address.to_string()
    }

    async fn asked(name_servers: Vec<String>) -> Addresses {
        let domain = "forum.test".to_owned();
        addresses(
            &Traffic {
                domain,
                zone: None,
                name_servers,
            },
            "forum.test",
        )
        .await
    }

    #[tokio::test]
    async fn the_answers_of_all_name_servers_count() {
        let one = server(ResponseCode::NoError, &[[127, 0, 0, 2]]).await;
        let other = server(ResponseCode::NoError, &[[127, 0, 0, 3]]).await;
        assert_eq!(asked(vec![one, other]).await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_silent_one_does_not_keep_the_others_from_speaking_and_all_silent_say_so() {
        let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = silent.local_addr().unwrap().to_string();
        let one = server(ResponseCode::NoError, &[[127, 0, 0, 2]]).await;
        assert_eq!(asked(vec![address.clone(), one]).await.unwrap().len(), 1);
        assert!(
            asked(vec![address])
                .await
                .unwrap_err()
                .contains("no answer within")
        );
    }

    #[tokio::test]
    async fn a_name_without_an_address_is_an_answer_and_a_server_that_fails_is_none() {
        let empty = server(ResponseCode::NoError, &[]).await;
        let unknown = server(ResponseCode::NXDomain, &[]).await;
        for server in [empty, unknown] {
            assert_eq!(asked(vec![server]).await, Ok(BTreeSet::new()));
        }
        let failing = server(ResponseCode::ServFail, &[]).await;
        assert!(asked(vec![failing]).await.is_err());
        assert!(
            asked(vec!["nowhere".into()])
                .await
                .unwrap_err()
                .contains("name_servers")
        );
    }

    #[test]
    fn the_first_resolver_of_the_machine_is_asked() {
        let file = "# comment\nsearch x\nnameserver 169.254.78.1\nnameserver 1.1.1.1\n";
        assert_eq!(resolver(file), Some("169.254.78.1:53".parse().unwrap()));
        assert_eq!(resolver(""), None);
    }
}
