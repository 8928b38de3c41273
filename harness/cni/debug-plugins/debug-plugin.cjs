// A CNI plugin in three roles (interface, chained, ipam) that keeps every rule of the suite, and breaks exactly one
// when it is told a fault. CommonJS because it starts faster, and a run of the suite starts it some hundred times.
// usage: debug-plugin.cjs ROLE [FAULT]
"use strict";
const { spawnSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

const [role, fault] = process.argv.slice(2);
const is = (name) => fault === name;
const env = process.env;
const command = env.CNI_COMMAND;
const supported = ["0.3.1", "0.4.0", "1.0.0", "1.1.0"];
const atLeast = (version, since) => supported.indexOf(version) >= supported.indexOf(since);

let cniVersion = "1.1.0";

class CniError extends Error {
  constructor(code, msg, details) {
    super(msg);
    this.report = { code, msg, details };
  }
}

function ip(args, netns, quiet = false) {
  const argv = netns ? ["nsenter", `--net=${netns}`, "ip", ...args] : ["ip", ...args];
  const done = spawnSync(argv[0], argv.slice(1), { encoding: "utf8" });
  if (done.status !== 0 && !quiet)
    throw new CniError(100, `${argv.join(" ")} failed`, String(done.stderr).trim());
  return done.stdout;
}

function batch(lines, netns) {
  const argv = netns ? ["nsenter", `--net=${netns}`, "ip", "-batch", "-"] : ["ip", "-batch", "-"];
  const done = spawnSync(argv[0], argv.slice(1), { encoding: "utf8", input: `${lines.join("\n")}\n` });
  if (done.status !== 0) throw new CniError(100, "network set-up failed", String(done.stderr).trim());
}

function look(args, netns) {
  try {
    return JSON.parse(ip(["-j", ...args], netns, true) || "[]");
  } catch {
    return [];
  }
}

// ------------------------------------------------------------------ input

const attachmentVariables = {
  ADD: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"],
  CHECK: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"],
  DEL: is("del-needs-netns")
    ? ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"]
    : ["CNI_CONTAINERID", "CNI_IFNAME", "CNI_PATH"],
  GC: ["CNI_PATH"],
  STATUS: ["CNI_PATH"],
  VERSION: [],
};

function readEnvironment() {
  if (!command || !(command in attachmentVariables)) {
    throw new CniError(
      is("reserved-error-code") ? 42 : 4,
      "invalid CNI_COMMAND",
      `CNI_COMMAND is ${JSON.stringify(command ?? "")}`,
    );
  }
  const missing = attachmentVariables[command].filter((name) => !env[name]);
  if (missing.length > 0) {
    if (is("environment-error-without-names"))
      throw new CniError(4, "bad environment", "some variables are missing");
    const named = is("environment-error-names-one") ? missing.slice(0, 1) : missing;
    throw new CniError(4, "missing environment variables", named.join(", "));
  }
  if (!["ADD", "CHECK", "DEL"].includes(command)) return;
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(env.CNI_CONTAINERID) && !is("container-id-unchecked")) {
    throw new CniError(4, "invalid CNI_CONTAINERID", env.CNI_CONTAINERID);
  }
  const name = env.CNI_IFNAME;
  const usable = name !== "." && name !== ".." && /^[^/:\s]{1,15}$/.test(name);
  if (!usable && !is("interface-name-unchecked") && !is("ifname-ignored")) {
    throw new CniError(4, "invalid CNI_IFNAME", JSON.stringify(name));
  }
}

function readConfig(stdin) {
  let config;
  try {
    config = JSON.parse(stdin);
  } catch (error) {
    throw new CniError(is("decode-error-code") ? 3 : 6, "the configuration is no JSON", String(error));
  }
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new CniError(is("decode-error-code") ? 3 : 6, "the configuration is no JSON object", typeof config);
  }
  const version = config.cniVersion ?? "0.3.1";
  if (typeof version !== "string") throw new CniError(6, "cniVersion is no string", JSON.stringify(version));
  if (command === "VERSION") {
    cniVersion = version;
    return config;
  }
  if (!supported.includes(version)) {
    throw new CniError(is("version-error-code") ? 7 : 1, "incompatible CNI version", version);
  }
  cniVersion = version;
  const since = { CHECK: "0.4.0", GC: "1.1.0", STATUS: "1.1.0" }[command];
  const lax =
    (is("check-below-0.4.0") && command === "CHECK") || (is("gc-below-1.1.0") && command !== "CHECK");
  if (since && !atLeast(version, since) && !lax)
    throw new CniError(1, `${command} needs CNI ${since}`, version);
  if (typeof config.name !== "string" || !/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(config.name)) {
    throw new CniError(7, "invalid network name", JSON.stringify(config.name));
  }
  return config;
}

// ------------------------------------------------------------------ delegation

function delegate(config, stdin, as = command) {
  const type = config.ipam?.type;
  if (!type) return undefined;
  const file = env.CNI_PATH.split(":")
    .map((folder) => path.join(folder, type))
    .find((candidate) => fs.existsSync(candidate));
  if (!file) throw new CniError(50, `no plugin ${type} in CNI_PATH`, env.CNI_PATH);
  const input = is("delegate-gets-section")
    ? JSON.stringify({ cniVersion: config.cniVersion, name: config.name, ipam: config.ipam })
    : stdin;
  const environment = { ...env, CNI_COMMAND: as };
  if (is("delegate-environment")) environment.CNI_CONTAINERID = `x${env.CNI_CONTAINERID}`;
  const done = spawnSync(file, [], { input, env: environment, encoding: "utf8" });
  process.stderr.write(done.stderr ?? "");
  if (done.status === 0) return done.stdout.trim() ? JSON.parse(done.stdout) : undefined;
  let report = {};
  try {
    report = JSON.parse(done.stdout);
  } catch {
    // The delegate's failure stands, whatever it printed.
  }
  throw new CniError(
    report.code ?? 100,
    `${type} failed: ${report.msg ?? "no message"}`,
    report.details ?? "",
  );
}

// ------------------------------------------------------------------ interface

const hostName = (containerId, ifName) =>
  `dbg${createHash("sha1").update(`${containerId}/${ifName}`).digest("hex").slice(0, 8)}`;

const interfacePlugin = {
  ADD(config, stdin) {
    const netns = env.CNI_NETNS;
    if (!fs.existsSync(netns)) throw new CniError(3, "no such network namespace", netns);
    const inside = is("ifname-ignored") ? "eth0" : env.CNI_IFNAME;
    const outside = hostName(env.CNI_CONTAINERID, env.CNI_IFNAME);
    if (look(["link", "show", "dev", inside], netns).length > 0) {
      if (!is("taken-name-accepted")) throw new CniError(100, `${inside} exists already in ${netns}`, inside);
      ip(["link", "del", "dev", inside], netns);
    }
    let leased;
    try {
      leased = delegate(config, stdin) ?? {};
    } catch (error) {
      if (!is("no-del-after-failed-add")) quietly(() => delegate(config, stdin, "DEL"));
      throw error;
    }
    try {
      const ips = leased.ips ?? [];
      const routes = leased.routes ?? [];
      batch([
        `link add ${outside} type veth peer name ${inside} netns ${netns}`,
        `link set dev ${outside} alias netconform:${config.name}:${env.CNI_CONTAINERID}:${env.CNI_IFNAME}`,
        `link set dev ${outside} up`,
      ]);
      const inner = [`link set dev ${inside} up`];
      for (const { address } of ips) inner.push(`address add ${address} dev ${inside}`);
      for (const { dst, gw } of routes) {
        inner.push(`route add ${dst} via ${gw ?? ips[0]?.gateway} dev ${inside}`);
      }
      batch(inner, netns);
      batch(ips.map(({ address }) => `route add ${address.split("/")[0]}/32 dev ${outside}`));
      return interfaceResult(config, inside, outside, ips, routes, leased.dns);
    } catch (error) {
      ip(["link", "del", "dev", outside], undefined, true);
      if (!is("lease-kept-after-failed-add")) quietly(() => delegate(config, stdin, "DEL"));
      throw error;
    }
  },

  CHECK(config, stdin) {
    if (is("check-fails-at-first")) throw new CniError(100, "not converged", "");
    if (is("check-always-succeeds")) return;
    const previous = config.prevResult;
    if (!previous) {
      if (is("check-without-prevresult")) return;
      throw new CniError(7, "CHECK needs prevResult", "");
    }
    if (!is("check-skips-delegate")) {
      const blind = is("check-ignores-reservation") || is("delegate-error-swallowed");
      if (blind) quietly(() => delegate(config, stdin));
      else delegate(config, stdin);
    }
    const netns = env.CNI_NETNS;
    const [link] = look(["address", "show", "dev", env.CNI_IFNAME], netns);
    if (!link) {
      if (is("check-ignores-interface")) return;
      throw new CniError(100, `${env.CNI_IFNAME} is missing`, netns);
    }
    const own = previous.interfaces?.findIndex((one) => one.name === env.CNI_IFNAME && one.sandbox);
    const strict = is("check-strict");
    for (const { address, interface: index } of previous.ips ?? []) {
      if (index !== own || is("check-ignores-address")) continue;
      const held = link.addr_info.some(({ local, prefixlen }) => `${local}/${prefixlen}` === address);
      if (!held) throw new CniError(100, `${address} is missing on ${env.CNI_IFNAME}`, netns);
    }
    const routes = look(["-4", "route", "show"], netns).map(({ dst }) =>
      dst === "default" ? "0.0.0.0/0" : dst,
    );
    for (const { dst } of previous.routes ?? []) {
      if (is("check-ignores-route")) break;
      if (!routes.includes(dst)) throw new CniError(100, `the route to ${dst} is missing`, netns);
    }
    if (strict && routes.length > (previous.routes ?? []).length + 1) {
      throw new CniError(100, "there are routes of somebody else", netns);
    }
  },

  DEL(config, stdin) {
    const netns = env.CNI_NETNS;
    const outside = hostName(env.CNI_CONTAINERID, env.CNI_IFNAME);
    const there = look(["link", "show", "dev", outside]).length > 0;
    if (is("del-once") && !there) throw new CniError(100, `${outside} is missing`, "");
    if (is("del-needs-interface") && netns && !fs.existsSync(netns)) {
      throw new CniError(3, "no such network namespace", netns);
    }
    if (is("del-needs-prevresult") && atLeast(cniVersion, "0.4.0") && !config.prevResult) {
      throw new CniError(7, "DEL needs prevResult", "");
    }
    if (!is("del-leaves-interface")) ip(["link", "del", "dev", outside], undefined, true);
    if (is("del-skips-delegate")) return;
    if (is("lease-kept-after-failed-add") && !there && !config.prevResult) return;
    if (is("lease-kept-without-netns") && !netns) return;
    if (is("delegate-error-swallowed")) quietly(() => delegate(config, stdin));
    else delegate(config, stdin);
  },

  GC(config, stdin) {
    const valid = validAttachments(config);
    for (const { ifname, ifalias = "" } of look(["link", "show", "type", "veth"])) {
      const [mark, network, containerId, name] = ifalias.split(":");
      if (mark !== "netconform" || network !== config.name) continue;
      if (!valid.has(`${containerId}/${name}`)) ip(["link", "del", "dev", ifname], undefined, true);
    }
    if (is("gc-skips-delegate")) return;
    if (is("gc-error-swallowed")) quietly(() => delegate(config, stdin));
    else delegate(config, stdin);
  },

  STATUS(config, stdin) {
    if (is("status-never")) throw new CniError(50, "not available", "");
    if (is("status-always")) return quietly(() => delegate(config, stdin));
    if (is("status-skips-delegate")) {
      const type = config.ipam?.type;
      const found = env.CNI_PATH.split(":").some((folder) => fs.existsSync(path.join(folder, type)));
      if (!found) throw new CniError(50, `no plugin ${type} in CNI_PATH`, "");
      return;
    }
    if (
      is("status-error-swallowed") &&
      fs.existsSync(path.join(env.CNI_PATH.split(":")[0], config.ipam?.type ?? ""))
    ) {
      return quietly(() => delegate(config, stdin));
    }
    delegate(config, stdin);
  },
};

function interfaceResult(config, inside, outside, ips, routes, dns) {
  const links = {
    inside: look(["link", "show", "dev", inside], env.CNI_NETNS)[0],
    outside: look(["link", "show", "dev", outside])[0],
  };
  const earlier = is("interface-drops-prevresult") ? undefined : config.prevResult;
  const interfaces = [...(earlier?.interfaces ?? [])];
  if (!is("host-interface-unlisted")) {
    interfaces.push({
      name: outside,
      mac: links.outside?.address,
      ...(is("host-interface-sandboxed") && { sandbox: env.CNI_NETNS }),
    });
  }
  const sandbox = is("sandbox-is-an-id") ? env.CNI_CONTAINERID : env.CNI_NETNS;
  interfaces.push({
    name: inside,
    mac: is("result-with-other-mac") ? "02:00:00:00:00:01" : links.inside?.address,
    ...(!is("sandbox-left-out") && { sandbox }),
  });
  const index = is("address-without-interface") ? interfaces.length + 3 : interfaces.length - 1;
  return {
    interfaces,
    ips: [...(earlier?.ips ?? []), ...ips.map((one) => ({ ...one, interface: index }))],
    routes: [...(earlier?.routes ?? []), ...routes],
    dns: dns ?? earlier?.dns ?? {},
  };
}

// ------------------------------------------------------------------ chained

const rulePreference = "30077";
const stateFile = (config, containerId, ifName) =>
  path.join(config.dataDir, `${config.name}@${containerId}@${ifName}.json`);

function releaseRules(file) {
  let addresses = [];
  try {
    addresses = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    // Nothing was added, or somebody removed it: then nothing is left to undo.
  }
  for (const address of addresses) {
    ip(["rule", "del", "from", address, "lookup", "77", "pref", rulePreference], undefined, true);
  }
  fs.rmSync(file, { force: true });
  return addresses;
}

const chainedPlugin = {
  ADD(config) {
    if (!config.prevResult)
      throw new CniError(7, "must be called after another plugin", "prevResult is missing");
    const addresses = (config.prevResult.ips ?? []).map(({ address }) => address.split("/")[0]);
    fs.mkdirSync(config.dataDir, { recursive: true });
    fs.writeFileSync(stateFile(config, env.CNI_CONTAINERID, env.CNI_IFNAME), JSON.stringify(addresses));
    for (const address of addresses)
      ip(["rule", "add", "from", address, "lookup", "77", "pref", rulePreference]);
    if (is("prevresult-dropped")) return { interfaces: [], ips: [] };
    return config.prevResult;
  },

  CHECK(config) {
    if (is("check-always-succeeds")) return;
    if (!config.prevResult) throw new CniError(7, "CHECK needs prevResult", "");
    const held = look(["rule", "show"]).map(({ src }) => src);
    for (const { address } of config.prevResult.ips ?? []) {
      const [plain] = address.split("/");
      if (is("check-ignores-rule")) break;
      // Addresses that a later plugin added have no rule of ours.
      const own = readJson(stateFile(config, env.CNI_CONTAINERID, env.CNI_IFNAME));
      if (!is("check-strict") && own && !own.includes(plain)) continue;
      if (!held.includes(plain)) throw new CniError(100, `the rule for ${plain} is missing`, "");
    }
  },

  DEL(config) {
    const addresses = is("del-leaves-rules")
      ? []
      : releaseRules(stateFile(config, env.CNI_CONTAINERID, env.CNI_IFNAME));
    if (is("del-once") && addresses.length === 0) throw new CniError(100, "nothing to remove", "");
  },

  GC(config) {
    if (is("gc-keeps-stale")) return;
    const valid = is("gc-removes-listed") ? new Set() : validAttachments(config);
    for (const name of listFiles(config.dataDir)) {
      const [network, containerId, rest = ""] = name.split("@");
      if (network !== config.name || valid.has(`${containerId}/${rest.replace(/\.json$/, "")}`)) continue;
      releaseRules(path.join(config.dataDir, name));
    }
  },

  STATUS() {},
};

// ------------------------------------------------------------------ ipam

const toNumber = (address) => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
const toAddress = (number) => [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");

function range({ subnet, rangeStart, rangeEnd, gateway }) {
  const [base, prefix] = subnet.split("/");
  const size = 2 ** (32 - Number(prefix));
  const first = toNumber(base);
  return {
    prefix,
    gateway: gateway ?? toAddress(first + 1),
    start: rangeStart ? toNumber(rangeStart) : first + 2,
    end: rangeEnd ? toNumber(rangeEnd) : first + size - 2,
  };
}

const leaseFolder = (config) => path.join(config.ipam.dataDir, config.name);
const owner = () => `${env.CNI_CONTAINERID}\n${env.CNI_IFNAME}`;

function leases(config) {
  return listFiles(leaseFolder(config)).flatMap((name) => {
    const file = path.join(leaseFolder(config), name);
    try {
      return [{ file, owner: fs.readFileSync(file, "utf8") }];
    } catch {
      return []; // released by somebody else in the meantime
    }
  });
}

function take(config) {
  const folder = leaseFolder(config);
  const { start, end } = range(config.ipam);
  fs.mkdirSync(folder, { recursive: true });
  if (is("one-at-a-time")) {
    const lock = path.join(folder, "lock");
    if (fs.existsSync(lock)) throw new CniError(100, "somebody else is at work", lock);
    fs.writeFileSync(lock, "");
  }
  for (let number = start; number <= end; number += 1) {
    const file = path.join(folder, toAddress(number));
    try {
      if (is("address-given-twice") && fs.existsSync(file)) continue;
      if (is("address-given-twice")) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      fs.writeFileSync(file, owner(), { flag: is("address-given-twice") ? "w" : "wx" });
      if (is("one-at-a-time")) fs.rmSync(path.join(folder, "lock"), { force: true });
      return toAddress(number);
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
  }
  throw new CniError(100, "no address is left", config.ipam.subnet);
}

const ipamPlugin = {
  ADD(config) {
    const { prefix, gateway } = range(config.ipam);
    const address = take(config);
    const version = atLeast(cniVersion, "1.0.0") ? {} : { version: "4" };
    return {
      ...(is("ipam-lists-interfaces") && { interfaces: [{ name: env.CNI_IFNAME, sandbox: env.CNI_NETNS }] }),
      ips: [
        {
          ...version,
          address: is("address-without-prefix") ? address : `${address}/${prefix}`,
          gateway,
          ...(is("ipam-lists-interfaces") && { interface: 0 }),
        },
      ],
      routes: config.ipam.routes ?? [],
      dns: {},
    };
  },

  CHECK(config) {
    if (is("check-ignores-lease")) return;
    if (!leases(config).some((lease) => lease.owner === owner())) {
      throw new CniError(100, "no address is reserved", `${env.CNI_CONTAINERID}/${env.CNI_IFNAME}`);
    }
  },

  DEL(config) {
    if (is("lease-kept-without-netns") && !env.CNI_NETNS) return;
    const own = leases(config).filter((lease) => lease.owner === owner());
    if (is("del-once") && own.length === 0) throw new CniError(100, "no address is reserved", "");
    if (is("lease-kept")) return;
    for (const { file } of own) fs.rmSync(file, { force: true });
  },

  GC(config) {
    if (is("gc-keeps-stale")) return;
    const valid = is("gc-removes-listed") ? new Set() : validAttachments(config);
    for (const lease of leases(config)) {
      if (!valid.has(lease.owner.replace("\n", "/"))) fs.rmSync(lease.file, { force: true });
    }
  },

  STATUS(config) {
    if (is("status-never")) throw new CniError(50, "not available", "");
    const { start, end } = range(config.ipam);
    if (is("status-ignores-exhaustion")) return;
    if (leases(config).length >= end - start + 1)
      throw new CniError(50, "no address is left", config.ipam.subnet);
  },
};

// ------------------------------------------------------------------ shared

function listFiles(folder) {
  try {
    return fs.readdirSync(folder).filter((name) => name !== "lock");
  } catch {
    return [];
  }
}

function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

function validAttachments(config) {
  const list = config["cni.dev/valid-attachments"] ?? config["cni.dev/attachments"] ?? [];
  return new Set(list.map(({ containerID, ifname }) => `${containerID}/${ifname}`));
}

function quietly(work) {
  try {
    work();
  } catch {
    // The fault, or the best effort of a clean-up: the caller goes on.
  }
}

function print(value) {
  const text = `${JSON.stringify(value)}\n`;
  fs.writeSync(is("result-on-stderr") && command === "ADD" && !value.code ? 2 : 1, text);
}

function main() {
  readEnvironment();
  const stdin = fs.readFileSync(0, "utf8");
  const config = readConfig(stdin);
  if (command === "VERSION") {
    if (is("version-without-list")) return print({ cniVersion });
    return print({
      cniVersion: is("version-of-its-own") ? "1.1.0" : cniVersion,
      supportedVersions: supported,
    });
  }
  const plugin = { interface: interfacePlugin, chained: chainedPlugin, ipam: ipamPlugin }[role];
  const result = plugin[command](config, stdin);
  if (command === "ADD")
    print({ cniVersion: is("result-of-another-version") ? "0.2.0" : cniVersion, ...strip(result) });
}

function strip({ cniVersion: _own, ...result }) {
  return result;
}

try {
  main();
} catch (error) {
  const report =
    error instanceof CniError ? error.report : { code: 999, msg: String(error), details: error.stack };
  const named = is("error-without-version") ? report : { cniVersion, ...report };
  const text = `${JSON.stringify(named)}\n`;
  if (!is("error-without-json")) fs.writeSync(is("error-on-stderr") ? 2 : 1, text);
  process.exitCode = is("error-exits-zero") && (report.code === 6 || report.code === 3) ? 0 : 1;
}
