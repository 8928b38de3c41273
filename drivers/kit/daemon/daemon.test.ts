import { describe, expect, it } from "vitest";
import { UsageError } from "#harness/core/errors.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { Daemon } from "./daemon.ts";

const node = new LocalHost("node1");
const ready = "/run/docker/plugins/mine.sock";

describe("a daemon", () => {
  it("is named after its program, and so is its log, which is evidence", () => {
    const { name, log } = new Daemon({ node, argv: ["/opt/bin/mine", "--debug"], ready });
    expect([name, log]).toEqual(["mine", "/var/log/netconform-mine/mine.log"]);
  });

  it("may share a folder for logs with others", () => {
    const log = "/var/log/netconform-mine/agent.log";
    expect(new Daemon({ node, argv: ["agent"], ready, log }).log).toBe(log);
  });

  it.each([
    "/var/log/mine.log",
    "mine.log",
    "/var/log/netconform-mine/a/b.log",
    "/var/log/netconform-mine/log",
  ])("refuses the log %s, which would be no evidence", (log) => {
    const make = () => new Daemon({ node, argv: ["mine"], ready, log });
    expect(make).toThrow(UsageError);
    expect(make).toThrow(`mine: expected a log /var/log/netconform-FOLDER/FILE.log, which is collected`);
  });

  it("refuses an empty command", () => {
    expect(() => new Daemon({ node, argv: [], ready })).toThrow(/a daemon on node1: expected a program/);
  });

  it("says that there is no such program", async () => {
    const absent = new Daemon({ node, argv: ["/opt/nosuch/program"], ready });
    await expect(absent.start()).rejects.toThrow("node1: there is no program /opt/nosuch/program");
  });
});
