use futures::{StreamExt, TryStreamExt, stream};
use lifeboat_core::Failure;

/// How many services are dealt with at once: an execution must not take longer because there are more of them, and AWS
/// throttles who asks for everything in the same moment.
const AT_ONCE: usize = 25;

/// The same for each of them, in their order.
pub(crate) async fn each<T, D: Future<Output = Result<T, Failure>>>(
    services: impl IntoIterator<Item = String>,
    act: impl FnMut(String) -> D,
) -> Result<Vec<T>, Failure> {
    let done = stream::iter(services).map(act).buffered(AT_ONCE);
    done.try_collect().await
}
