"use strict";
const { env, command, supported, call, is, atLeast, CniError } = require("./common.cjs");

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
    call.version = version;
    return config;
  }
  if (!supported.includes(version)) {
    throw new CniError(is("version-error-code") ? 7 : 1, "incompatible CNI version", version);
  }
  call.version = version;
  const since = { CHECK: "0.4.0", GC: "1.1.0", STATUS: "1.1.0" }[command];
  const lax =
    (is("check-below-0.4.0") && command === "CHECK") || (is("gc-below-1.1.0") && command !== "CHECK");
  if (since && !atLeast(version, since) && !lax)
    throw new CniError(1, `${command} needs CNI ${since}`, version);
  if (typeof config.name !== "string" || !/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(config.name)) {
    throw new CniError(7, "invalid network name", JSON.stringify(config.name));
  }
  if (is("args-refused") && config.args) throw new CniError(2, "a field is not supported", "args");
  return config;
}

module.exports = { readEnvironment, readConfig };
