"use strict";
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const {
  env,
  call,
  is,
  atLeast,
  CniError,
  ip,
  batch,
  look,
  validAttachments,
  quietly,
} = require("./common.cjs");
const { delegate } = require("./delegate.cjs");

const hostName = (containerId, ifName) =>
  `dbg${createHash("sha1").update(`${containerId}/${ifName}`).digest("hex").slice(0, 8)}`;

/** Is there after a STATUS that failed, where the plugin has the fault. */
const notReady = "/run/netconform-debug-not-ready.lock";

/** Names of the host's ends of all interfaces that a container has in the network. */
function hostEndsOf(config) {
  const mark = `netconform:${config.name}:${env.CNI_CONTAINERID}:`;
  return look(["link", "show", "type", "veth"])
    .filter(({ ifalias = "" }) => ifalias.startsWith(mark))
    .map(({ ifname }) => ifname);
}

const interfacePlugin = {
  ADD(config, stdin) {
    const netns = env.CNI_NETNS;
    if (!fs.existsSync(netns)) throw new CniError(3, "no such network namespace", netns);
    if (is("one-attachment") && hostEndsOf(config).length > 0) {
      throw new CniError(100, `${env.CNI_CONTAINERID} is attached already`, "");
    }
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
        const way = is("one-default-route") ? "add" : "append";
        inner.push(`route ${way} ${dst} via ${gw ?? ips[0]?.gateway} dev ${inside}`);
      }
      batch(inner, netns);
      batch(ips.map(({ address }) => `route add ${address.split("/")[0]}/32 dev ${outside}`));
      const dns = is("delegate-dns-dropped") ? undefined : leased.dns;
      return interfaceResult(config, inside, outside, ips, routes, dns);
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
      if (is("delegate-error-swallowed")) quietly(() => delegate(config, stdin));
      else delegate(config, stdin);
    }
    const netns = env.CNI_NETNS;
    const [link] = look(["address", "show", "dev", env.CNI_IFNAME], netns);
    if (!link) {
      if (is("check-ignores-interface")) return;
      throw new CniError(100, `${env.CNI_IFNAME} is missing`, netns);
    }
    if (is("check-wants-one-attachment") && hostEndsOf(config).length > 1) {
      throw new CniError(100, "there are interfaces of somebody else", netns);
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
    if (is("del-refused-after-failed-status") && fs.existsSync(notReady)) {
      throw new CniError(50, "not available", notReady);
    }
    if (is("del-once") && !there) throw new CniError(100, `${outside} is missing`, "");
    if (is("del-needs-interface") && netns && !fs.existsSync(netns)) {
      throw new CniError(3, "no such network namespace", netns);
    }
    if (is("del-needs-prevresult") && atLeast(call.version, "0.4.0") && !config.prevResult) {
      throw new CniError(7, "DEL needs prevResult", "");
    }
    for (const name of is("del-by-container") ? hostEndsOf(config) : [outside]) {
      if (!is("del-leaves-interface")) ip(["link", "del", "dev", name], undefined, true);
    }
    if (is("del-skips-delegate")) return;
    if (is("lease-kept-after-failed-add") && !there && !config.prevResult) return;
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
    try {
      delegate(config, stdin);
    } catch (error) {
      if (is("del-refused-after-failed-status")) fs.writeFileSync(notReady, "");
      throw error;
    }
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

module.exports = interfacePlugin;
