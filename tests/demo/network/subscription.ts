/** Subscribes to a stream on loopback, for tests. */

/** Subscribe and read messages one by one, as `decoded` gives them; `end` gives how the host closed. */
export async function subscription<M>(
  address: string,
  decoded: (message: unknown) => M,
  seqOf: (message: M) => number,
) {
  const socket = new WebSocketStream(address);
  const end = socket.closed.catch((error: Error) => error);
  const { readable } = await socket.opened;
  const reader = readable.getReader();
  const read = async () => decoded((await reader.read()).value);
  const seqs = async (count: number) => {
    const found: number[] = [];
    while (found.length < count) found.push(seqOf(await read()));
    return found;
  };
  return { read, seqs, end, reader, close: () => (socket.close(), end) };
}
