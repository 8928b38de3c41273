import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { OutsideWorld } from "#harness/cluster/cluster.ts";
import type { Host } from "#harness/host/host.ts";
import { until } from "#harness/poll.ts";

/** Test zone that only the world outside knows; RFC 6761 reserves `.test`. */
export const outsideZone = "netconform.test";
/** Resolves to the outside host's management address. */
export const outsideHostName = `www.${outsideZone}`;
export const outsideHttpPort = 80;

const webServer = new URL("web-server.py", import.meta.url);
const webServerPath = "/run/netconform/web-server.py";
const webServerLog = "/run/netconform/web.log";
const dnsPidFile = "/run/netconform/dnsmasq.pid";

/**
 * Starts DNS for the test zone and the web server that answers with its client's address.
 * Idempotent; both are known to answer when it returns.
 */
export async function startOutsideWorld(outside: OutsideWorld): Promise<void> {
  await Promise.all([startDns(outside), startWebServer(outside)]);
}

async function startDns(outside: OutsideWorld): Promise<void> {
  const { address } = outside.interfaces.management;
  const dns = await outside.exec(["pgrep", "--pidfile", dnsPidFile]);
  if (dns.code !== 0) {
    await outside.run(["mkdir", "--parents", dirname(dnsPidFile)]);
    await outside.run([
      "dnsmasq",
      "--conf-file=/dev/null",
      "--no-resolv",
      "--no-hosts",
      `--listen-address=${address},127.0.0.1`,
      "--bind-interfaces",
      `--pid-file=${dnsPidFile}`,
      `--local=/${outsideZone}/`,
      `--address=/${outsideHostName}/${address}`,
    ]);
  }
}

/** Starts the web server alone, where a host of somebody's is the world outside; `stopWebServer` takes it away. */
export async function startWebServer(outside: OutsideWorld): Promise<void> {
  const { address } = outside.interfaces.management;
  await outside.files.write(webServerPath, await readFile(webServer));
  const web = await outside.exec(["pgrep", "--full", webServerOn(outside.httpPort)]);
  if (web.code !== 0) {
    await outside.run([
      "setsid",
      "--fork",
      "sh",
      "-c",
      'exec python3 "$1" "$2" >>"$3" 2>&1 </dev/null',
      "sh",
      webServerPath,
      String(outside.httpPort),
      webServerLog,
    ]);
  }
  await until({ what: "the outside web server to answer", deadlineMs: 15_000 }, async () => {
    const answer = await outside.exec([
      "curl",
      "--silent",
      "--max-time",
      "2",
      `http://${address}:${outside.httpPort}/`,
    ]);
    return answer.stdout.trim() === address;
  });
}

/** Stops the web server and removes its files. */
export async function stopWebServer(outside: Host, port: number): Promise<void> {
  await outside.exec(["pkill", "--full", webServerOn(port)]);
  const others = await outside.exec(["pgrep", "--full", webServerOn()]);
  if (others.code === 0) return;
  await outside.run(["rm", "-rf", "--", webServerPath, webServerLog]);
  await outside.exec(["rmdir", "--", dirname(webServerPath)]);
}

/** The pattern of its command line; the bracket keeps it from finding the command that looks for it, or that one's sudo. */
function webServerOn(port?: number): string {
  return `[/]${webServerPath.slice(1)}${port === undefined ? "" : ` ${port}$`}`;
}

/** Stops DNS and web server and starts them again; used after a saboteur. */
export async function stopOutsideDns(outside: OutsideWorld): Promise<void> {
  await outside.run(["pkill", "--pidfile", dnsPidFile]);
}
