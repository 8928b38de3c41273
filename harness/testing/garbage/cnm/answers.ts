import fc from "fast-check";
import { noAddress, noCidr, noObject, valueBut } from "#harness/testing/garbage/json.ts";
import { keysOf, type PlayedCall, playedCalls } from "./honest.ts";

/** How an answer is malformed. Plain, so that a case that fails can be read. */
export type Wrong =
  /** Another status than 200, with an answer that is right. */
  | { readonly kind: "status"; readonly status: number }
  /** Bytes in place of the answer, in latin1. */
  | { readonly kind: "bytes"; readonly bytes: string }
  /** A right answer that the connection ends in the middle of: that part of its bytes is sent. */
  | { readonly kind: "cut"; readonly part: number }
  /** A head in place of the right one, in latin1, before a body that is right. */
  | { readonly kind: "head"; readonly head: string }
  /** Another body. */
  | { readonly kind: "body"; readonly body: string }
  /** A field of the right answer with another value; its keys from the outside in. */
  | { readonly kind: "field"; readonly keys: readonly string[]; readonly value: unknown };

/** A malformed answer to a call. */
export interface Garbage {
  readonly call: PlayedCall;
  readonly wrong: Wrong;
}

const field = (keys: string, value: fc.Arbitrary<unknown>): fc.Arbitrary<Wrong> =>
  value.map((made) => ({ kind: "field" as const, keys: keys.split("."), value: made }));

const noText = valueBut("text", "null");
const noFlag = valueBut("flag", "null");
const noMap = valueBut("object", "null");
const noTexts = fc.dictionary(fc.constantFrom("a", "b"), valueBut("text"), { minKeys: 1 });
const noMac = fc.oneof(
  fc.constantFrom(
    "02:42:0a:63:01",
    "02:42:0a:63:01:0g",
    "02-42:0a-63:01-02",
    "0242.0a63.0102",
    "02:42:0a:63:01:02:03",
  ),
  fc.string({ unit: fc.constantFrom("x", " ", ":"), minLength: 1, maxLength: 17 }),
);
const noRoute = fc.oneof(
  valueBut("object"),
  fc.record({ Destination: noCidr, RouteType: fc.constant(1) }),
  fc.record({ Destination: fc.constant("10.98.0.0/16"), RouteType: fc.constant(0), NextHop: noAddress }),
  fc.record({ Destination: fc.constant("10.98.0.0/16"), RouteType: fc.constant(0) }),
  fc.record({
    Destination: fc.constant("10.98.0.0/16"),
    RouteType: fc.constant(1),
    NextHop: fc.constant("10.99.1.1"),
  }),
  fc.record({
    Destination: fc.constant("10.98.0.0/16"),
    RouteType: fc.oneof(fc.integer({ min: 2 }), fc.integer({ max: -1 }), fc.constant(0.5), fc.string()),
  }),
);

/** Fields that an engine reads, with values that it cannot use. */
const fields: Readonly<Record<PlayedCall, readonly fc.Arbitrary<Wrong>[]>> = {
  "Plugin.Activate": [
    field("Implements", valueBut("list")),
    field("Implements", fc.array(fc.string().filter((name) => !/^(Network|Ipam)Driver$/.test(name)))),
    field("Implements", fc.array(valueBut("text"), { minLength: 1 })),
  ],
  "NetworkDriver.GetCapabilities": [
    field(
      "Scope",
      fc.oneof(
        valueBut("text"),
        fc.string().filter((text) => !/^(local|global)$/.test(text)),
      ),
    ),
    field("Scope", fc.constantFrom("Local", "GLOBAL", "swarm", "local ", "localglobal")),
    field("ConnectivityScope", fc.oneof(noText, fc.constantFrom("LOCAL", "swarm", " "))),
    field("GwAllocChecker", noFlag),
  ],
  "IpamDriver.GetCapabilities": [field("RequiresMACAddress", noFlag), field("RequiresRequestReplay", noFlag)],
  "IpamDriver.GetDefaultAddressSpaces": [
    field("LocalDefaultAddressSpace", fc.oneof(valueBut("text"), fc.constant(""))),
    field("GlobalDefaultAddressSpace", fc.oneof(valueBut("text"), fc.constant(""))),
  ],
  "IpamDriver.RequestPool": [
    field("PoolID", fc.oneof(valueBut("text"), fc.constant(""))),
    field("Pool", fc.oneof(valueBut("text"), fc.constant(""), noCidr)),
    field("Data", fc.oneof(noMap, noTexts)),
  ],
  "IpamDriver.RequestAddress": [
    field("Address", fc.oneof(valueBut("text"), fc.constant(""), noCidr)),
    field("Data", fc.oneof(noMap, noTexts)),
  ],
  "NetworkDriver.CreateNetwork": [],
  "NetworkDriver.CreateEndpoint": [
    field("Interface", noMap),
    field("Interface.Address", fc.oneof(noText, noCidr, fc.constant("10.99.1.2/24"))),
    field("Interface.AddressIPv6", fc.oneof(noText, noCidr)),
    field("Interface.MacAddress", fc.oneof(noText, noMac)),
  ],
  "NetworkDriver.EndpointOperInfo": [field("Value", noMap)],
  "NetworkDriver.Join": [
    field(
      "InterfaceName",
      fc.oneof(noMap, fc.constant({ SrcName: "veth1" }), fc.constant({ SrcName: "veth1", DstPrefix: "" })),
    ),
    field("InterfaceName.SrcName", noText),
    field("InterfaceName.DstPrefix", noText),
    field("Gateway", fc.oneof(noText, noAddress)),
    field("GatewayIPv6", fc.oneof(noText, noAddress)),
    field(
      "StaticRoutes",
      fc.oneof(valueBut("list", "null"), fc.array(noRoute, { minLength: 1, maxLength: 3 })),
    ),
    field("DisableGatewayService", noFlag),
  ],
  "NetworkDriver.Leave": [],
  "NetworkDriver.DeleteEndpoint": [],
  "NetworkDriver.DeleteNetwork": [],
  "IpamDriver.ReleaseAddress": [],
  "IpamDriver.ReleasePool": [],
};

/** Heads that Go's net/http does not read, or that promise another body than the one that follows. */
const head: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "",
    "HTTP",
    "HTTP/1.1",
    "HTTP/1.1 2000 OK",
    "HTTP/1.1 20 OK",
    "HTTP/1.1 OK",
    "HTTP/x.1 200 OK",
    "ICY 200 OK",
    "SSH-2.0-x",
  ),
  fc.constantFrom(
    "200 OK",
    "POST / HTTP/1.1",
    "http/1.1 200 ok",
    "HTTP/1.1 200 OK\r\nno colon",
    "HTTP/1.1 200 OK\r\nContent-Length: ",
  ),
  fc
    .constantFrom("-1", "+2", "2 2", "0x2", "1e3", "two", "", "2, 3", "99999999999999999999", "3.0")
    .map((length) => `HTTP/1.1 200 OK\r\nContent-Length: ${length}`),
  fc.constant("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3"),
  fc
    .integer({ min: 40_000, max: 20_000_000 })
    .map((length) => `HTTP/1.1 200 OK\r\nContent-Length: ${length}`),
  fc
    .constantFrom("gzip", "identity", "chunked, chunked", "not-chunked", "chunked")
    .map((coding) => `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}`),
  fc
    .integer({ min: 6, max: 3_000 })
    .map((count) => `${"HTTP/1.1 100 Continue\r\n\r\n".repeat(count)}HTTP/1.1 200 OK`),
  fc.constant(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(70_000)}`),
);

const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const bytes: fc.Arbitrary<string> = fc.oneof(
  fc.constant(""),
  fc.uint8Array({ maxLength: 300 }).map((data) => Buffer.from(data).toString("latin1")),
  fc
    .constantFrom("zz", "", "-2", "2 x", "0x2", "ffffffffffff", "7fffffffffffffff")
    .map((size) => `${chunked}${size}\r\n{}\r\n0\r\n\r\n`),
  fc
    .constantFrom(
      "1\r\n{}\r\n0\r\n\r\n",
      "2\r\n{}",
      "2\r\n{}\r\n",
      "2\r\n{}\r\n0\r\n",
      "2\r\n{}xx0\r\n\r\n",
      "2\r\n{}\r\nzz\r\n\r\n",
    )
    .map((rest) => `${chunked}${rest}`),
);

/** What is malformed whatever the call. */
function anywhere(call: PlayedCall): fc.Arbitrary<Wrong>[] {
  const { own, other } = keysOf(call);
  // An engine goes on without these capabilities where it is refused them.
  const mayRefuse = call === "IpamDriver.GetCapabilities";
  const status = fc.integer({ min: 100, max: 599 }).filter((made) => made !== 200);
  return [
    ...(mayRefuse ? [] : [status.map((made) => ({ kind: "status" as const, status: made }))]),
    bytes.map((made) => ({ kind: "bytes" as const, bytes: made })),
    fc.double({ min: 0, max: 0.99, noNaN: true }).map((part) => ({ kind: "cut" as const, part })),
    head.map((made) => ({ kind: "head" as const, head: made })),
    noObject.map((body) => ({ kind: "body" as const, body })),
    // An engine reads no failure in the answer to the handshake.
    ...(call === "Plugin.Activate"
      ? []
      : [
          field(own, valueBut("text", "null")),
          ...(mayRefuse ? [] : [field(own, fc.string({ minLength: 1 }))]),
          field(other, fc.string({ minLength: 1 })),
        ]),
  ];
}

/** Malformed answers, each to one call. */
export const garbage: fc.Arbitrary<Garbage> = fc.oneof(
  ...playedCalls.flatMap((call) =>
    [...anywhere(call), ...fields[call]].map((made) => made.map((wrong) => ({ call, wrong }))),
  ),
);

/** The bytes of an answer, of which `honest` is the right one. */
export function bytesOf(wrong: Wrong | undefined, honest: Readonly<Record<string, unknown>>): Buffer {
  const body = Buffer.from(JSON.stringify(honest));
  switch (wrong?.kind) {
    case undefined:
      return answer(200, body);
    case "status":
      return answer(wrong.status, body);
    case "bytes":
      return Buffer.from(wrong.bytes, "latin1");
    case "cut": {
      const whole = answer(200, body);
      return whole.subarray(0, Math.floor(whole.length * wrong.part));
    }
    case "head":
      return Buffer.concat([Buffer.from(`${wrong.head}\r\n\r\n`, "latin1"), body]);
    case "body":
      return answer(200, Buffer.from(wrong.body));
    case "field":
      return answer(200, Buffer.from(JSON.stringify(withField(honest, wrong.keys, wrong.value))));
  }
}

function answer(status: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} X\r\nContent-Length: ${body.length}\r\n\r\n`), body]);
}

function withField(
  value: Readonly<Record<string, unknown>>,
  [key = "", ...rest]: readonly string[],
  made: unknown,
): Record<string, unknown> {
  const inner = Object(value[key]) as Record<string, unknown>;
  return { ...value, [key]: rest.length === 0 ? made : withField(inner, rest, made) };
}
