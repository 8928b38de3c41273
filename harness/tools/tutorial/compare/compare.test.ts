import { expect, test } from "vitest";
import { compare } from "./compare.ts";
import type { Context, MadeObject } from "./comparison.ts";

const learned = new Map<string, string>();
const context: Context = {
  plugin: "none",
  replaced: false,
  nodes: new Set(["n1"]),
  made: new Map<string, MadeObject>([["web", { line: 3, succeeded: true, replaced: false }]]),
  subnets: ["10.9.0.0/24"],
  equivalent: (a, b) => [a, b].every((word) => ["global", "swarm"].includes(word)),
  foreign: (name) => name === "helper",
  given: (value) => value === "10.9.0.0/24",
  translate: (printed) => printed.replaceAll("m1", "a-machine-with-a-long-name"),
  learn: (expected, observed) => learned.set(expected, observed),
};
const judge = (command: string, expected: string, output: string, code: number | undefined = 0) =>
  compare(command, expected === "" ? [] : expected.split("\n"), { output, code }, context);

const id = "0ab717006962fb2fe936aa3c133dd27d68c347d5f239f473373c151ad4c77b28";
const other = id.replaceAll("0", "1");
const ping = (replies: number) =>
  `PING web (10.9.0.7): 56 data bytes\n${"64 bytes from 10.9.0.7: seq=0\n".repeat(replies)}`;
const listing = (rows: string[]) => ["NETWORK ID          NAME      DRIVER", ...rows].join("\n");
const network = (fields: object) =>
  JSON.stringify([{ Name: "web", Id: id, Scope: "global", Driver: "bridge", ...fields }], undefined, 2);

test.for([
  [
    "a refusal is a refusal",
    "nc h 1",
    "nc: connect: Connection refused",
    "nc: connect to h port 1: Connection refused",
    1,
  ],
  ["an id is an id", "docker run -d x", id, `${other}\n`, 0],
  [
    "downloads say nothing",
    "docker run -d x",
    `Unable to find image 'x' locally\nlatest: Pulling from x\n${id}`,
    other,
    0,
  ],
  ["an address may be another", "docker inspect x", "10.9.0.3", "10.9.0.4", 0],
  ["times and numbers of a ping are its own", "ping web", ping(3), ping(1), undefined],
  ["no output in the text: the status decides", "true", "", "whatever", 0],
  [
    "an ordinary user is refused what only root may",
    "iptables -t nat -L -n",
    "iptables v1.4.21: can't initialize iptables table `nat': Permission denied (you must be root)",
    "iptables v1.8.13 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)",
    4,
  ],
  ["a shell that is left has the status of the command before", "exit", "", "", 1],
  ["a scan without output and with status 0 is a connection", "nc -zw 1 h 1", "", "", 0],
  [
    "moments in a listing",
    "docker ps",
    "CONTAINER ID   CREATED   NAMES\n0ab717006962   2 days    web",
    "CONTAINER ID   CREATED   NAMES\n1ab717006962   1 s       web",
    0,
  ],
  [
    "prefixes of log lines",
    "netctl tenant create b",
    "INFO[0000] Creating tenant: b",
    "Creating tenant: b",
    0,
  ],
] as const)("same: %s", ([, command, expected, output, code]) => {
  expect(judge(command, expected, output, code)).toEqual({ verdict: "same", findings: [] });
});

test.for([
  [
    "another reason to refuse",
    "nc h 1",
    "nc: Connection refused",
    "nc: timed out",
    1,
    /expected a refused connection, got a timeout/,
  ],
  [
    "a new column",
    "docker network ls",
    listing(["4e8800b4788f        web       bridge"]),
    "NETWORK ID     NAME   DRIVER   SCOPE\n1e8800b4788f   web    bridge   local",
    0,
    /SCOPE/,
  ],
  [
    "an equivalent word",
    "docker network inspect web",
    network({}),
    network({ Scope: "swarm", New: 1 }),
    0,
    /swarm[\s\S]*New/,
  ],
  [
    "what others have made",
    "docker ps",
    "NAMES   IMAGE\nelse    x\nhelper  x",
    "NAMES   IMAGE\nweb     x",
    0,
    /else, which nothing before makes/,
  ],
  [
    "another MTU",
    "ifconfig eth0",
    "eth0      Link encap:Ethernet\n          inet addr:10.1.2.3  MTU:1450  Metric:1",
    "eth0: flags=1  mtu 1400\n        inet 10.1.2.3  netmask 255.255.255.0",
    0,
    /1450.*1400/,
  ],
] as const)("differs harmlessly: %s", ([, command, expected, output, code, message]) => {
  const { verdict, findings } = judge(command, expected, output, code);
  expect(verdict).toBe("differs harmlessly");
  expect(findings.map(({ text }) => text).join("\n")).toMatch(message);
});

test.for([
  [
    "an exit status",
    "docker run x",
    id,
    "docker: Error response from daemon: Conflict.",
    125,
    /exit status 125/,
  ],
  [
    "success where the text shows a refusal",
    "nc h 1",
    "nc: timed out",
    "Connected to h",
    0,
    /expected a timeout, got a connection/,
  ],
  [
    "a refusal for another cause: a wrong call",
    "nc h 1",
    "nc: Connection refused",
    "nc: timeout is invalid: h",
    1,
    /invalid/,
  ],
  ["no replies", "ping web", ping(2), "ping: bad address 'web'", 1, /expected replies, got none/],
  [
    "a row that is missing",
    "docker network ls",
    listing(["4e8800b4788f        web       bridge"]),
    listing(["4e8800b4788f        none      null"]),
    0,
    /expected a row web/,
  ],
  [
    "another driver",
    "docker network ls",
    listing(["4e8800b4788f        web       bridge"]),
    listing(["4e8800b4788f        web       macvlan"]),
    0,
    /DRIVER: expected "bridge", got "macvlan"/,
  ],
  [
    "another name",
    "docker network inspect web",
    network({}),
    network({ Name: "wbe" }),
    0,
    /Name: expected web, got wbe/,
  ],
  [
    "an address outside of the subnet that was given",
    "docker inspect x",
    "10.9.0.3",
    "10.8.0.3",
    0,
    /10\.9\.0\.0\/24, got 10\.8\.0\.3/,
  ],
  ["no address", "docker inspect x", "10.9.0.3", "\n", 0, /expected an address, got nothing/],
  [
    "no packets of the kind",
    "sudo tcpdump -e",
    "05:16:51.578066 a > b, ethertype 802.1Q (0x8100), length 102: vlan 112, ICMP echo request",
    "05:16:51.578066 a > b, ethertype IPv4 (0x0800): ICMP echo request",
    undefined,
    /vlan 112/,
  ],
  [
    "an interface that is not there",
    "ifconfig -a",
    "eth1      Link encap:Ethernet\n          MTU:1500",
    "eth0      Link encap:Ethernet\n          MTU:1500",
    0,
    /expected an interface eth1, got eth0/,
  ],
  [
    "a rule for a published port",
    "iptables -t nat -L -n",
    "Chain DOCKER (2 references)\ntarget     prot opt source               destination\nDNAT       tcp  --  0.0.0.0/0            0.0.0.0/0            tcp dpt:9099 to:172.18.0.4:9099",
    "Chain DOCKER (2 references)\ntarget     prot opt source               destination",
    0,
    /expected DNAT of port 9099/,
  ],
  [
    "an interface without the address that the text shows, by ip",
    "ip addr show",
    "27: eth0@if28: <BROADCAST,UP> mtu 1500 qdisc noqueue state UP\n    inet 10.9.0.2/24 scope global eth0",
    "4: eth0@if5: <BROADCAST,UP> mtu 1500 qdisc noqueue state UP\n    inet6 fe80::1/64 scope link",
    0,
    /eth0: expected an address, got none/,
  ],
  [
    "a part of JSON that is not in the whole",
    "docker inspect x",
    '"Networks": { "web": { "Driver": "bridge" } }',
    '[{ "Networks": { "web": { "Driver": "overlay" } } }]',
    0,
    /web\.Driver: expected bridge, got overlay/,
  ],
  [
    "a part of JSON that is nowhere",
    "docker inspect x",
    '"Networks": { "web": {} }',
    '[{ "Name": "x" }]',
    0,
    /expected "Networks" somewhere in it, got none/,
  ],
  ["other words", "echo hello", "goodbye", "hello", 0, /expected "goodbye", got "hello"/],
  [
    "a command that looks, and prints nothing",
    "docker inspect --format '{{.No}}' x",
    "",
    "\n",
    0,
    /expected it to print something/,
  ],
  ["nothing where there should be something", "echo", "hello", "", 0, /expected output, got none/],
  [
    "another number of nodes",
    "docker info",
    "Nodes: 2\nA: 1\nB: 1\nC: 1\nD: 1",
    "Nodes: 1\nA: 1\nB: 1\nC: 1\nD: 1",
    0,
    /Nodes: expected 2, got 1/,
  ],
] as const)("broken: %s", ([, command, expected, output, code, message]) => {
  const { verdict, findings } = judge(command, expected, output, code);
  expect(verdict).toBe("broken");
  expect(findings.map(({ text }) => text).join("\n")).toMatch(message);
});

test.for([
  [
    "a part of JSON, found in the whole",
    "docker inspect x",
    '"Networks": { "web": { "Driver": "bridge" } }',
    '[{ "Name": "x", "Settings": { "Networks": { "web": { "Driver": "bridge" } } } }]',
  ],
  [
    "the moment at which something was made",
    "docker network inspect web",
    '[{ "Created": "2017-06-22T20:27:43.826654485Z" }]',
    '[{ "Created": "2026-01-01T00:00:00Z" }]',
  ],
  [
    "interfaces as ip prints them, with other numbers and ends",
    "ip addr show",
    "27: eth0@if28: <BROADCAST,UP> mtu 1500 qdisc noqueue state UP\n    inet 10.9.0.2/24 scope global eth0",
    "4: eth0@if5: <BROADCAST,UP> mtu 1500 qdisc noqueue\n    inet 10.9.0.3/24 brd 10.9.0.255 scope global eth0",
  ],
  [
    "a table in which the names here are shorter than the text's",
    "docker node ls",
    [
      "ID    HOSTNAME                     STATUS    AVAILABILITY",
      "a1    a-machine-with-a-long-name   Ready     Active",
    ].join("\n"),
    ["ID    HOSTNAME   STATUS    AVAILABILITY", "b2    m1         Ready     Active"].join("\n"),
  ],
] as const)("the same, to the last finding: %s", ([, command, expected, output]) => {
  expect(judge(command, expected, output)).toEqual({ verdict: "same", findings: [] });
});

test("an address that the text shows stands for the live one afterwards", () => {
  judge("ping web", ping(1).replaceAll("10.9.0.7", "10.9.0.70"), ping(1), undefined);
  expect(learned.get("10.9.0.70")).toBe("10.9.0.7");
});
