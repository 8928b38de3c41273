// A CNI plugin in three roles (interface, chained, ipam) that keeps every rule of the suite, and breaks exactly one
// when it is told a fault. CommonJS because it starts faster, and a run of the suite starts it some hundred times.
// usage: debug-plugin.cjs ROLE [FAULT]
"use strict";
const fs = require("node:fs");
const { command, supported, call, is, CniError } = require("./common.cjs");
const { readConfig, readEnvironment } = require("./input.cjs");

function print(value) {
  const text = `${JSON.stringify(value)}\n`;
  fs.writeSync(is("result-on-stderr") && command === "ADD" && !value.code ? 2 : 1, text);
}

function main() {
  readEnvironment();
  const stdin = fs.readFileSync(0, "utf8");
  const config = readConfig(stdin);
  if (command === "VERSION") {
    if (is("version-without-list")) return print({ cniVersion: call.version });
    return print({
      cniVersion: is("version-of-its-own") ? "1.1.0" : call.version,
      supportedVersions: supported,
    });
  }
  const plugin = require(`./${process.argv[2]}.cjs`);
  const result = plugin[command](config, stdin);
  if (command === "ADD")
    print({ cniVersion: is("result-of-another-version") ? "0.2.0" : call.version, ...strip(result) });
}

function strip({ cniVersion: _own, ...result }) {
  return result;
}

try {
  main();
} catch (error) {
  if (is("crash-when-incomplete") && !(error instanceof CniError)) {
    // As a Go program does it.
    fs.writeSync(2, `panic: ${error.message}\n\ngoroutine 1 [running]:\n`);
    process.exit(2);
  }
  const report =
    error instanceof CniError ? error.report : { code: 999, msg: String(error), details: error.stack };
  const named = is("error-without-version") ? report : { cniVersion: call.version, ...report };
  const text = `${JSON.stringify(named)}\n`;
  if (!is("error-without-json")) fs.writeSync(is("error-on-stderr") ? 2 : 1, text);
  process.exitCode = is("error-exits-zero") && (report.code === 6 || report.code === 3) ? 0 : 1;
}
