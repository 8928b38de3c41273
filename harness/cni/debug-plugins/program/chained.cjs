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
  let addresses = [];
  try {
    addresses = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    // Nothing was added, or somebody removed it: then nothing is left to undo.
  }
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
  if (is("rule6-kept"))
    ip(["-6", "rule", "add", "from", `fd77::${address.split(".").pop()}`, "lookup", "77"]);
}

const chainedPlugin = {
  ADD(config) {
    if (!config.prevResult)
      throw new CniError(7, "must be called after another plugin", "prevResult is missing");
    const addresses = (config.prevResult.ips ?? []).map(({ address }) => address.split("/")[0]);
    if (is("del-keeps-record") && fs.existsSync(stateFile(config, env.CNI_CONTAINERID, env.CNI_IFNAME))) {
      throw new CniError(100, `${env.CNI_CONTAINERID} is attached already`, "");
    }
    fs.mkdirSync(config.dataDir, { recursive: true });
    fs.writeFileSync(stateFile(config, env.CNI_CONTAINERID, env.CNI_IFNAME), JSON.stringify(addresses));
    for (const address of addresses)
      ip(["rule", "add", "from", address, "lookup", "77", "pref", rulePreference]);
    leaveRules(addresses);
    if (is("prevresult-dropped")) return { interfaces: [], ips: [] };
    return config.prevResult;
  },

  CHECK(config) {
    if (!config.prevResult) throw new CniError(7, "CHECK needs prevResult", "");
    const held = look(["rule", "show"]).map(({ src }) => src);
    for (const { address } of config.prevResult.ips ?? []) {
      const [plain] = address.split("/");
      if (is("check-ignores-rule")) break;
      // Addresses that a later plugin added have no rule of ours.
      const own = readJson(stateFile(config, env.CNI_CONTAINERID, env.CNI_IFNAME));
      if (own && !own.includes(plain)) continue;
      if (!held.includes(plain)) throw new CniError(100, `the rule for ${plain} is missing`, "");
    }
  },

  DEL(config) {
    if (is("del-leaves-rules")) return;
    const own = stateFile(config, env.CNI_CONTAINERID, env.CNI_IFNAME);
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
