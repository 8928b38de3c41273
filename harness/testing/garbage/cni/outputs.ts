import fc from "fast-check";
import type { Invocation } from "#harness/cni/protocol/invocation.ts";
import type { AddResult } from "#harness/cni/protocol/result.ts";
import type { Asked } from "#harness/cni/rules/answer-rules.ts";
import { noAddress, noCidr, noObject, valueBut } from "#harness/testing/garbage/json.ts";

/** What the ADD was for whose answer is malformed. */
export const asked: Asked = {
  ...{ version: "1.1.0", kind: "interface", ifName: "nc0", netns: "/run/netns/nc" },
};

/** How a plugin ended and what it printed. */
export type Output = Pick<Invocation, "stdout" | "stderr" | "code" | "signal" | "timedOut">;

/** A result that keeps every rule. */
export const honest: AddResult & { readonly interfaces: object[]; readonly ips: object[] } = {
  cniVersion: "1.1.0",
  interfaces: [
    { name: "veth1", mac: "02:00:00:00:00:01" },
    { name: "nc0", mac: "02:00:00:00:00:02", mtu: 1500, sandbox: "/run/netns/nc" },
  ],
  ips: [{ address: "10.1.0.7/24", gateway: "10.1.0.1", interface: 1 }],
  routes: [{ dst: "0.0.0.0/0", gw: "10.1.0.1" }],
  dns: { nameservers: ["10.1.0.1"], domain: "example.org", search: ["example.org"], options: ["ndots:1"] },
};

export const honestError = { cniVersion: "1.1.0", code: 11, msg: "try again later", details: "no address" };

const done = { code: 0, signal: null, timedOut: false, stderr: "" };
const printed = (text: string): Output => ({ ...done, stdout: text });
const answered = (value: unknown): Output => printed(JSON.stringify(value));
const other = (key: string, value: fc.Arbitrary<unknown>) =>
  value.map((made) => ({ ...honest, [key]: made }));
const within = <T>(made: fc.Arbitrary<T>, put: (made: T) => object) =>
  made.map((value) => ({ ...honest, ...put(value) }));
const own = (more: object) => [{ name: "veth1" }, { ...honest.interfaces[1], ...more }];
const noText = valueBut("text");
const noTexts = fc.oneof(valueBut("list", "null"), fc.array(noText, { minLength: 1 }));
const noWhole = fc.oneof(valueBut("number"), fc.constantFrom(0.5, 1e300, -0.1));

/** Results that are JSON objects, each with one thing wrong. */
const result = fc.oneof(
  other(
    "cniVersion",
    fc.oneof(
      noText,
      fc.string().filter((text) => text !== "1.1.0"),
      fc.constantFrom("1.1", "v1.1.0", "1.0.0"),
    ),
  ),
  fc
    .constantFrom("1.0.0", "9.9.9")
    .map((version) => ({ dns: { cniVersion: "1.1.0" }, ...honest, cniVersion: version })),
  fc.constant({ ...honest, cniVersion: undefined }),
  other(
    "interfaces",
    fc.oneof(
      valueBut("list"),
      fc.array(noText, { minLength: 1 }),
      fc.constant([]),
      fc.constant([{ name: "veth1" }]),
    ),
  ),
  within(fc.constantFrom("", "eth0", "nc00", "nc0 ", "NC0"), (name) => ({ interfaces: own({ name }) })),
  within(noText, (name) => ({ interfaces: own({ name }) })),
  within(fc.constantFrom(undefined, "", "nc", "/run/netns/other", "/run/netns/nc/"), (sandbox) => ({
    interfaces: own({ sandbox }),
  })),
  within(noText, (sandbox) => ({ interfaces: own({ sandbox }) })),
  within(noText, (mac) => ({ interfaces: own({ mac }) })),
  within(noWhole, (mtu) => ({ interfaces: own({ mtu }) })),
  fc.constant({ ...honest, interfaces: [...honest.interfaces, honest.interfaces[1]] }),
  other("ips", fc.oneof(valueBut("list"), fc.array(valueBut("object"), { minLength: 1 }), fc.constant([{}]))),
  within(fc.oneof(noText, fc.constant(""), noCidr), (address) => ({ ips: [{ address, interface: 1 }] })),
  within(fc.oneof(noText, noAddress), (gateway) => ({ ips: [{ ...honest.ips[0], gateway }] })),
  within(fc.oneof(noWhole, fc.integer({ min: 2 }), fc.integer({ max: -1 })), (index) => ({
    ips: [{ ...honest.ips[0], interface: index }],
  })),
  other(
    "routes",
    fc.oneof(valueBut("list", "null"), fc.array(valueBut("object"), { minLength: 1 }), fc.constant([{}])),
  ),
  within(fc.oneof(noText, fc.constant(""), noCidr), (dst) => ({ routes: [{ dst }] })),
  within(fc.oneof(noText, noAddress), (gw) => ({ routes: [{ dst: "10.0.0.0/8", gw }] })),
  within(noWhole, (mtu) => ({ routes: [{ dst: "10.0.0.0/8", mtu }] })),
  other("dns", valueBut("object")),
  within(noTexts, (nameservers) => ({ dns: { nameservers } })),
  within(noText, (domain) => ({ dns: { domain } })),
  within(noTexts, (search) => ({ dns: { search } })),
  within(noTexts, (options) => ({ dns: { options } })),
  fc.constant(honestError),
);

/** Error objects that are none. */
const error = fc.oneof(
  fc.oneof(noWhole, fc.constant(undefined), fc.string()).map((code) => ({ ...honestError, code })),
  fc.oneof(noText, fc.constantFrom(undefined, "", " ", "\n")).map((msg) => ({ ...honestError, msg })),
  noText.map((details) => ({ ...honestError, details })),
  noText.map((cniVersion) => ({ ...honestError, cniVersion })),
  fc.constant(honest),
  fc.constant({ error: honestError }),
  fc.constant([honestError]),
);

const failure = (text: fc.Arbitrary<string>) =>
  fc.record({
    stdout: text,
    stderr: fc.oneof(fc.constant(""), fc.string(), fc.constant(JSON.stringify(honestError))),
    code: fc.integer({ min: 1, max: 255 }),
    signal: fc.constant(null),
    timedOut: fc.constant(false),
  });

/** Answers to an ADD that can be done, none of which is one. */
export const malformedAdd: fc.Arbitrary<Output> = fc.oneof(
  { weight: 4, arbitrary: result.map(answered) },
  noObject.map(printed),
  noObject.map((stdout) => ({ ...printed(stdout), stderr: JSON.stringify(honest) })),
  fc.string({ minLength: 1 }).map((after) => printed(`${JSON.stringify(honest)}|${after}`)),
  fc.double({ min: 0, max: 0.99, noNaN: true }).map((part) => {
    const whole = JSON.stringify(honest);
    return printed(whole.slice(0, Math.floor(whole.length * part)));
  }),
  failure(
    fc.oneof(
      noObject,
      error.map((made) => JSON.stringify(made)),
      fc.constant(JSON.stringify(honestError)),
    ),
  ),
  fc
    .constantFrom("SIGSEGV", "SIGABRT", "SIGKILL")
    .map((signal) => ({ ...answered(honest), code: null, signal })),
  fc.constant({ ...printed(""), code: null, signal: "SIGKILL", timedOut: true }),
);

/** Answers to a call that cannot be done, none of which is a refusal in the protocol's form. */
export const malformedRefusal: fc.Arbitrary<Output> = fc.oneof(
  failure(
    fc.oneof(
      noObject,
      error.map((made) => JSON.stringify(made)),
    ),
  ),
  fc
    .oneof(
      noObject,
      error.map((made) => JSON.stringify(made)),
    )
    .map(printed),
  fc.constant({ ...answered(honestError), code: null, signal: "SIGSEGV" }),
);

/** Answers to VERSION, asked in 1.1.0. */
export const malformedVersion: fc.Arbitrary<Output> = fc.oneof(
  noObject.map(printed),
  fc
    .oneof(noText, fc.constantFrom(undefined, "1.0.0"))
    .map((cniVersion) => answered({ cniVersion, supportedVersions: ["1.1.0"] })),
  fc
    .oneof(valueBut("list"), fc.array(noText, { minLength: 1 }), fc.constantFrom([], ["1.0.0"], undefined))
    .map((supportedVersions) => answered({ cniVersion: "1.1.0", supportedVersions })),
  fc
    .constant({ dns: { cniVersion: "1.1.0" }, cniVersion: "9.9.9", supportedVersions: ["1.1.0"] })
    .map(answered),
  failure(noObject),
);
