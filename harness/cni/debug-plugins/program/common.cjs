"use strict";
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");

const env = process.env;
const command = env.CNI_COMMAND;
const supported = ["0.3.1", "0.4.0", "1.0.0", "1.1.0"];
/** The version of the call, once its configuration has been read. */
const call = { version: "1.1.0" };

/** Whether this plugin has the fault. */
const is = (name) => process.argv[3] === name;
const atLeast = (version, since) => supported.indexOf(version) >= supported.indexOf(since);

/** A failure as it is reported. */
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

module.exports = {
  env,
  command,
  supported,
  call,
  is,
  atLeast,
  CniError,
  ip,
  batch,
  look,
  listFiles,
  readJson,
  validAttachments,
  quietly,
};
