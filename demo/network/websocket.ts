/**
 * The server's side of a WebSocket (RFC 6455) on a plain TCP connection.
 *
 * `Deno.upgradeWebSocket` can neither cut a connection in the middle of a message, as real networks
 * do, nor make a sender wait for a slow reader.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

const HEAD_END = "\r\n\r\n";
/** RFC 6455, section 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
/** Control frames are at most this long, and a subscriber sends no others. */
const MAX_CONTROL = 125;

/** Why a handshake is refused, as an error of XRPC. */
export interface Refusal {
  /** The status of HTTP. */
  status: number;
  error: string;
  message: string;
}

/** The server's side of a WebSocket. */
export class ServerSocket {
  /** The path and query that the client asked for. */
  readonly url: URL;
  #connection: Deno.Conn;
  #reader: ReadableStreamDefaultReader<Uint8Array>;
  #writer: WritableStreamDefaultWriter<Uint8Array>;
  #received = new Uint8Array();
  #closing = false;

  private constructor(
    connection: Deno.Conn,
    reader: ReadableStreamDefaultReader<Uint8Array>,
    writer: WritableStreamDefaultWriter<Uint8Array>,
    url: URL,
  ) {
    this.#connection = connection;
    this.#reader = reader;
    this.#writer = writer;
    this.url = url;
  }

  /**
   * Answer a WebSocket handshake on `path`; anything else gets a 404 and gives nothing.
   *
   * `refuse` may refuse any request there, from a WebSocket or not.
   */
  static async accept(
    connection: Deno.Conn,
    path: string,
    refuse?: (url: URL) => Refusal | undefined,
  ): Promise<ServerSocket | undefined> {
    const reader = connection.readable.getReader();
    const writer = connection.writable.getWriter();
    let request = "";
    while (!request.includes(HEAD_END)) {
      const { value, done } = await reader.read();
      if (done) return undefined;
      request += new TextDecoder().decode(value);
    }
    const url = new URL(request.split(" ")[1] ?? "/", "ws://127.0.0.1");
    const refusal = url.pathname === path ? refuse?.(url) : undefined;
    if (refusal !== undefined) {
      const { status, ...error } = refusal;
      const body = text(JSON.stringify(error));
      const head = `HTTP/1.1 ${status} Refused\r\ncontent-type: application/json\r\n`;
      await writer.write(
        text(`${head}content-length: ${body.length}\r\nconnection: close\r\n\r\n`),
      );
      await writer.write(body);
      cut(connection);
      return undefined;
    }
    const key = /^sec-websocket-key:\s*(\S+)/im.exec(request)?.[1];
    if (url.pathname !== path || key === undefined) {
      await writer.write(text("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n"));
      await writer.write(text("connection: close\r\n\r\n"));
      cut(connection);
      return undefined;
    }
    const accept = createHash("sha1").update(key + GUID).digest("base64");
    const upgrade = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n";
    await writer.write(
      text(`${upgrade}connection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`),
    );
    return new ServerSocket(connection, reader, writer, url);
  }

  /** Send a message, binary or text; resolves when the operating system has taken it. */
  async send(message: Uint8Array | string): Promise<void> {
    await this.#writer.write(messageFrame(message));
  }

  /** Send binary messages with one write, which costs a fraction of many; resolves likewise. */
  async sendAll(messages: Uint8Array[]): Promise<void> {
    await this.#writer.write(Buffer.concat(messages.map((message) => frame(BINARY, message))));
  }

  /** Send the first half of a message and cut the connection without a word. */
  async tear(message: Uint8Array | string): Promise<void> {
    const bytes = messageFrame(message);
    await this.#writer.write(bytes.subarray(0, bytes.length >> 1));
    this.cut();
  }

  /** Close the connection by the protocol, with a code of RFC 6455, section 7.4.1. */
  async close(code: number, reason: string): Promise<void> {
    this.#closing = true;
    const payload = new Uint8Array([code >> 8, code & 255, ...text(reason)]);
    await this.#writer.write(frame(CLOSE, payload));
  }

  /** Close the TCP connection without a word; a second time does nothing. */
  cut(): void {
    cut(this.#connection);
  }

  /** Answer pings, and the client's goodbye with ours; resolves when the client has gone. */
  async untilClosed(): Promise<void> {
    for (;;) {
      const control = await this.#nextControl();
      if (control === undefined) return;
      if (control.opcode === PING) await this.#writer.write(frame(PONG, control.payload));
      if (control.opcode === CLOSE) {
        if (!this.#closing) await this.#writer.write(frame(CLOSE, control.payload));
        return;
      }
    }
  }

  async #nextControl(): Promise<{ opcode: number; payload: Uint8Array } | undefined> {
    while (this.#received.length < 6 || this.#received.length < 6 + (this.#received[1]! & 127)) {
      const { value, done } = await this.#reader.read();
      if (done) return undefined;
      this.#received = new Uint8Array([...this.#received, ...value]);
      const length = (this.#received[1] ?? 0) & 127;
      if (length > MAX_CONTROL) throw new Error("Cannot read from a subscriber: it sends messages");
    }
    const end = 6 + (this.#received[1]! & 127);
    const mask = this.#received.subarray(2, 6);
    const payload = this.#received.slice(6, end).map((byte, i) => byte ^ mask[i % 4]!);
    const opcode = this.#received[0]! & 15;
    this.#received = this.#received.slice(end);
    return { opcode, payload };
  }
}

function messageFrame(message: Uint8Array | string): Uint8Array<ArrayBuffer> {
  return typeof message === "string" ? frame(TEXT, text(message)) : frame(BINARY, message);
}

function frame(opcode: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length } = payload;
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = new Uint8Array(head + length);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x80 | opcode;
  bytes[1] = head === 2 ? length : head === 4 ? 126 : 127;
  if (head === 4) view.setUint16(2, length);
  if (head === 10) view.setBigUint64(2, BigInt(length));
  bytes.set(payload, head);
  return bytes;
}

function text(value: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(value);
}

/** Close the TCP connection of a WebSocket; its streams may have closed it already. */
export function cut(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** Tell whether an error only says that one of the two sides has closed the connection. */
export function isDisconnect(error: unknown): boolean {
  const { BadResource, BrokenPipe, ConnectionAborted, ConnectionReset, Interrupted } = Deno.errors;
  return [BadResource, BrokenPipe, ConnectionAborted, ConnectionReset, Interrupted]
    .some((kind) => error instanceof kind);
}
