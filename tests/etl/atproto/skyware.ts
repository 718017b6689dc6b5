import { Firehose } from "@skyware/firehose";

class NoSocket {}

// deno-lint-ignore no-explicit-any
type Message = { $type: string; seq: number; [field: string]: any };

/** Give the parser of `@skyware/firehose`, which otherwise hangs on a socket. */
export function skywareParser(): (bytes: Uint8Array) => Promise<Message> {
  const firehose = new Firehose({ ws: NoSocket as never });
  // It is private only to the type checker.
  const { parseMessage } = firehose as unknown as {
    parseMessage(this: Firehose, bytes: Uint8Array): Promise<Message>;
  };
  return (bytes) => parseMessage.call(firehose, bytes);
}
