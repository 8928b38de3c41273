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

/** What is refused of these bytes as an answer. */
function refusalOf(text: string, size: number): string | undefined {
  return read("response", text, Math.max(size, Math.ceil(text.length / 100))).at(-1)?.malformed;
}
const head = (...lines: string[]) => `${["HTTP/1.1 200 OK", ...lines].join("\r\n")}\r\n\r\n`;
const coded = (chunks: string) => `${head("Transfer-Encoding: chunked")}${chunks}`;
const continued = "HTTP/1.1 100 Continue\r\n\r\n";

describe.each([5, 100_000])("an answer that Go's net/http refuses, %i bytes at a time", (size) => {
  it.each([
    ["it does not begin with HTTP/", "SSH-2.0-x\r\n\r\n"],
    ['the status line "HTTP/1.1 OK"', "HTTP/1.1 OK\r\n\r\n"],
    ['the status line "HTTP/1.1 2000 OK"', "HTTP/1.1 2000 OK\r\n\r\n"],
    ["more than 65536 bytes of headers", head(`X: ${"x".repeat(65_536)}`)],
    ["more than 5 answers of status 1xx", `${continued.repeat(6)}${head("Content-Length: 0")}`],
    [
      "more than 5 answers of status 1xx",
      `${continued.replace(" 100", "  100").repeat(6)}${head("Content-Length: 0")}`,
    ],
    ['the header line "no colon"', head("no colon")],
    ["two lengths, 2 and 3", head("Content-Length: 2", "content-length: 3")],
    ['Content-Length "-1"', head("Content-Length: -1")],
    ['Content-Length "2 x"', head("Content-Length: 2 x")],
    ["more than 16777216 bytes of body", head("Content-Length: 16777217")],
    ["the transfer coding gzip", head("Transfer-Encoding: gzip")],
    ["the transfer coding gzip, chunked", head("Transfer-Encoding: gzip, chunked")],
    ['the length "zz" of a chunk', coded("zz\r\n{}\r\n0\r\n\r\n")],
    ['the length "x2" of a chunk', coded("x2\r\n{}\r\n0\r\n\r\n")],
    ['the length "2x" of a chunk', coded("2x\r\n{}\r\n0\r\n\r\n")],
    ['the length "" of a chunk', coded("\r\n{}\r\n0\r\n\r\n")],
    ["more than 16777216 bytes of body", coded("1000001\r\n")],
    ["more than 16777216 bytes of body", coded("2\r\n{}\r\nffffff\r\n")],
    ["a chunk of 1 bytes that goes on", coded("1\r\n{}\r\n0\r\n\r\n")],
    ["no length of a chunk", coded("0".repeat(65_537))],
  ])("%s", (malformed, text) => {
    expect(refusalOf(text, size)).toBe(malformed);
  });

  it.each([
    ["five answers of status 1xx", `${continued.repeat(5)}${head("Content-Length: 2")}{}`],
    ["one length twice", `${head("Content-Length: 2", "Content-Length: 2")}{}`],
    ["a header that goes on in a second line", `${head("X: a", " b: c", "Content-Length: 2")}{}`],
    ["a coding in capitals", coded("2\r\n{}\r\n0\r\n\r\n").replace("chunked", "CHUNKED")],
    ["a chunk length of twelve digits, with space", coded("000000000002 \r\n{}\r\n0\r\n\r\n")],
    ["more space before the status", `${head("Content-Length: 2").replace(" 200", "   200")}{}`],
    ["a status without words", `${head("Content-Length: 2").replace(" OK", "")}{}`],
  ])("it takes %s", (_what, text) => {
    expect(read("response", text, size)).toMatchObject([{ complete: true }]);
    expect(read("response", text, size)[0]?.body.toString()).toBe("{}");
  });
});

it("an answer that is refused keeps what was read of it, and nothing is read after it", () => {
  const reader = new MessageReader("response");
  const good = `${head("Content-Length: 2")}{}`;
  const bad = reader.push(Buffer.from(`${good}${coded("2\r\n{}\r\nzz\r\n")}`));
  expect(bad).toMatchObject([
    { complete: true },
    { complete: false, startLine: "HTTP/1.1 200 OK", malformed: 'the length "zz" of a chunk' },
  ]);
  expect(bad[0]).not.toHaveProperty("malformed");
  expect(bad[1]?.body.toString()).toMatch(/^\{\}/);
  expect(reader.push(Buffer.from(good))).toEqual([]);
  expect(reader.inMessage).toBe(false);
  expect(new MessageReader("response").push(Buffer.from("no"))).toMatchObject([
    { startLine: "", headers: {} },
  ]);
});

it("a reader knows whether it is in a message, and in which", () => {
  const reader = new MessageReader("response");
  expect([reader.inMessage, reader.startLine]).toEqual([false, undefined]);
  reader.push(Buffer.from("HTT"));
  expect([reader.inMessage, reader.startLine]).toEqual([true, undefined]);
  reader.push(Buffer.from("P/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"));
  expect([reader.inMessage, reader.startLine]).toEqual([true, "HTTP/1.1 200 OK"]);
  expect(reader.push(Buffer.from("{}"))).toHaveLength(1);
  expect([reader.inMessage, reader.startLine, reader.end()]).toEqual([false, undefined, undefined]);
});

it("requests are an engine's own and taken as they are", () => {
  const odd = "GET /A\r\nno colon\r\nContent-Length: x\r\n\r\n";
  expect(read("request", odd, 100)).toMatchObject([{ startLine: "GET /A", complete: true }]);
  expect(read("request", "POST /A", 100)).toMatchObject([
    { startLine: "POST /A", headers: {}, complete: false },
  ]);
});

it.each([204, 304])("an answer of status %i has no body", (status) => {
  const text = `HTTP/1.1 ${status} X\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}`;
  expect(read("response", text, 7).map((message) => [statusOf(message), message.body.toString()])).toEqual([
    [status, ""],
    [200, "{}"],
  ]);
});

it("a status and a path are read from the first line", () => {
  const of = (startLine: string) => ({ startLine, headers: {}, body: Buffer.alloc(0), complete: true });
  expect(
    ["HTTP/1.1 404 Not Found", "HTTP/1.0  200", "HTTP/1.1 20 OK", ""].map((line) => statusOf(of(line))),
  ).toEqual([...[404, 200, undefined, undefined]]);
  expect(["POST /A/B HTTP/1.1", "POST A", "POST"].map((line) => pathOf(of(line)))).toEqual(["A/B", "A", ""]);
});
