"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { env, call, is, atLeast, CniError, listFiles, validAttachments } = require("./common.cjs");

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
    const version = atLeast(call.version, "1.0.0")
      ? {}
      : { version: is("address-of-other-version") ? "6" : "4" };
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
    const isOwn = (lease) =>
      is("del-by-container") ? lease.owner.startsWith(`${env.CNI_CONTAINERID}\n`) : lease.owner === owner();
    const own = leases(config).filter(isOwn);
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

module.exports = ipamPlugin;
