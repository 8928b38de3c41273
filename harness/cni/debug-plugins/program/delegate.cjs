"use strict";
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { env, command, is, CniError } = require("./common.cjs");

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
  if (!is("delegate-stderr-dropped")) process.stderr.write(done.stderr ?? "");
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

module.exports = { delegate };
