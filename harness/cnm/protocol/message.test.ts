import { describe, expect, it } from "vitest";
import { type HttpMessage, MessageReader, pathOf, statusOf } from "./message.ts";

/** Reads `text` in pieces of `size` bytes, then ends the stream. */
function read(kind: "request" | "response", text: string, size: number): HttpMessage[] {
  const reader = new MessageReader(kind);
  const bytes = Buffer.from(text);
  const messages: HttpMessage[] = [];
  for (let at = 0; at < bytes.length; at += size)
    messages.push(...reader.push(bytes.subarray(at, at + size)));
  const rest = reader.end();
  return rest ? [...messages, rest] : messages;
}

const chunked =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n3;x=y\r\n:1}\r\n0\r\nTrailer: x\r\n\r\n';

describe.each([1, 3, 7, 1_000])("MessageReader, %i bytes at a time", (size) => {
  it("reads two requests of one connection", () => {
    const text = "POST /A HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}POST /B HTTP/1.1\r\n\r\n";
    const messages = read("request", text, size);
    expect(messages.map((message) => [pathOf(message), message.body.toString(), message.complete])).toEqual([
      ["A", "{}", true],
      ["B", "", true],
    ]);
  });

  it("takes off the chunked coding, with extensions and trailers", () => {
    const messages = read("response", chunked + chunked, size);
    expect(messages.map((message) => message.body.toString())).toEqual(['{"a":1}', '{"a":1}']);
  });

  it("passes over 100 Continue and reads until the end where no length is given", () => {
    const [message] = read("response", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 500 No\r\n\r\nfailed", size);
    expect(message).toMatchObject({ complete: true });
    expect(statusOf(message!)).toBe(500);
    expect(message?.body.toString()).toBe("failed");
  });

  it.each([
    ['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"Err"', '{"Err"'],
    ["HTTP/1.1 200 OK\r\nContent-Le", ""],
  ])("tells of a message that was cut", (text, body) => {
    const [message] = read("response", text, size);
    expect(message?.complete).toBe(false);
    expect(message?.body.toString()).toBe(body);
  });
});
