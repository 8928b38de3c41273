"use strict";
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { env, is, CniError, ip, look, listFiles, readJson, validAttachments } = require("./common.cjs");

const rulePreference = "30077";
const stateFile = (config, containerId, ifName) =>
  path.join(config.dataDir, `${config.name}@${containerId}@${ifName}.json`);

/** Files of everything that a container has in the network. */
const stateFilesOf = (config) =>
  listFiles(config.dataDir)
    .filter((name) => name.startsWith(`${config.name}@${env.CNI_CONTAINERID}@`))
    .map((name) => path.join(config.dataDir, name));

function releaseRules(file) {
  // Where nothing was added, or somebody removed it, nothing is left to undo.
  const { addresses = [] } = readJson(file) ?? {};
  for (const address of addresses) {
    ip(["rule", "del", "from", address, "lookup", "77", "pref", rulePreference], undefined, true);
  }
  if (!is("del-keeps-record")) fs.rmSync(file, { force: true });
}

/** What no DEL takes back, where the plugin has the fault. */
function leaveRules([address = ""]) {
  if (is("rule-at-every-add")) {
    spawnSync("iptables", ["-w", "-A", "FORWARD", "-s", "10.77.0.0/16", "-j", "ACCEPT"]);
  }
  if (is("rule6-kept")) {
    const source = `fd77::${address.split(".").pop()}`;
    ip(["-6", "rule", "add", "from", source, "lookup", "77"], undefined, true);
  }
}

const chainedPlugin = {
  ADD(config) {
    if (!config.prevResult)
      throw new CniError(7, "must be called after another plugin", "prevResult is missing");
    const addresses = (config.prevResult.ips ?? []).map(({ address }) => address.split("/")[0]);
    if (is("del-keeps-record") && fs.existsSync(stateFile(config, env.CNI_CONTAINERID, env.CNI_IFNAME))) {
      throw new CniError(100, `${env.CNI_CONTAINERID} is attached already`, "");
    }
    const mac = config.runtimeConfig?.mac;
    const former = mac && look(["link", "show", "dev", env.CNI_IFNAME], env.CNI_NETNS)[0]?.address;
    fs.mkdirSync(config.dataDir, { recursive: true });
    fs.writeFileSync(
      stateFile(config, env.CNI_CONTAINERID, env.CNI_IFNAME),
      JSON.stringify({ addresses, mac: former }),
    );
    if (mac) ip(["link", "set", "dev", env.CNI_IFNAME, "address", mac], env.CNI_NETNS);
    for (const address of addresses)
      ip(["rule", "add", "from", address, "lookup", "77", "pref", rulePreference]);
    leaveRules(addresses);
    if (is("prevresult-dropped")) return { interfaces: [], ips: [] };
    if (!mac || is("mac-untold")) return config.prevResult;
    const interfaces = (config.prevResult.interfaces ?? []).map((one) =>
      one.name === env.CNI_IFNAME && one.sandbox ? { ...one, mac } : one,
    );
    return { ...config.prevResult, interfaces };
  },

  CHECK(config) {
    if (!config.prevResult) throw new CniError(7, "CHECK needs prevResult", "");
    const held = look(["rule", "show"]).map(({ src }) => src);
    for (const { address } of config.prevResult.ips ?? []) {
      const [plain] = address.split("/");
      if (is("check-ignores-rule")) break;
      // Addresses that a later plugin added have no rule of ours.
      const own = readJson(stateFile(config, env.CNI_CONTAINERID, env.CNI_IFNAME));
      if (own && !own.addresses.includes(plain)) continue;
      if (!held.includes(plain)) throw new CniError(100, `the rule for ${plain} is missing`, "");
    }
  },

  DEL(config) {
    if (is("del-leaves-rules")) return;
    const own = stateFile(config, env.CNI_CONTAINERID, env.CNI_IFNAME);
    const mac = readJson(own)?.mac;
    if (mac && env.CNI_NETNS) ip(["link", "set", "dev", env.CNI_IFNAME, "address", mac], env.CNI_NETNS, true);
    for (const file of is("del-by-container") ? stateFilesOf(config) : [own]) releaseRules(file);
  },

  GC(config) {
    const valid = validAttachments(config);
    for (const name of listFiles(config.dataDir)) {
      const [network, containerId, rest = ""] = name.split("@");
      if (network !== config.name || valid.has(`${containerId}/${rest.replace(/\.json$/, "")}`)) continue;
      releaseRules(path.join(config.dataDir, name));
    }
  },

  STATUS() {},
};

module.exports = chainedPlugin;
