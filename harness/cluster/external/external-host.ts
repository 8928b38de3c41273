import { dirname } from "node:path";
import type { ExternalHost } from "#harness/cluster/cluster.ts";
import { until } from "#harness/core/async/poll.ts";
import { programFile } from "#harness/host/agent/program.ts";
import type { Host } from "#harness/host/host.ts";

/** Test zone that only the external host knows; RFC 6761 reserves `.test`. */
const externalZone = "netconform.test";
/** Resolves to the external host's management address. */
export const externalHostName = `www.${externalZone}`;
export const externalHttpPort = 80;

const webServerPath = "/run/netconform/web-server.py";
const webServerLog = "/run/netconform/web.log";
const dnsPidFile = "/run/netconform/dnsmasq.pid";

/**
 * Starts DNS for the test zone and the web server that answers with its client's address.
 * Idempotent; both are known to answer when it returns.
 */
export async function startExternalHost(external: ExternalHost): Promise<void> {
  await Promise.all([startDns(external), startWebServer(external)]);
}

async function startDns(external: ExternalHost): Promise<void> {
  const { address } = external.interfaces.management;
  const dns = await external.exec(["pgrep", "--pidfile", dnsPidFile]);
  if (dns.code !== 0) {
    await external.run(["mkdir", "--parents", dirname(dnsPidFile)]);
    await external.run([
      "dnsmasq",
      "--conf-file=/dev/null",
      "--no-resolv",
      "--no-hosts",
      `--listen-address=${address},127.0.0.1`,
      "--bind-interfaces",
      `--pid-file=${dnsPidFile}`,
      `--local=/${externalZone}/`,
      `--address=/${externalHostName}/${address}`,
    ]);
  }
}

/** Starts the web server alone, where a host of somebody's is the external host; `stopWebServer` takes it away. */
export async function startWebServer(external: ExternalHost): Promise<void> {
  const { address } = external.interfaces.management;
  await external.files.write(webServerPath, programFile(["web-server"]));
  const web = await external.exec(["pgrep", "--full", webServerOn(external.httpPort)]);
  if (web.code !== 0) {
    await external.run([
      "setsid",
      "--fork",
      "sh",
      "-c",
      'exec python3 "$1" "$2" >>"$3" 2>&1 </dev/null',
      "sh",
      webServerPath,
      String(external.httpPort),
      webServerLog,
    ]);
  }
  await until({ what: "the external host's web server to answer", deadlineMs: 15_000 }, async () => {
    const answer = await external.exec([
      "curl",
      "--silent",
      "--max-time",
      "2",
      `http://${address}:${external.httpPort}/`,
    ]);
    return answer.stdout.trim() === address;
  });
}

/** Stops the web server and removes its files. */
export async function stopWebServer(external: Host, port: number): Promise<void> {
  await external.exec(["pkill", "--full", webServerOn(port)]);
  const others = await external.exec(["pgrep", "--full", webServerOn()]);
  if (others.code === 0) return;
  await external.run(["rm", "-rf", "--", webServerPath, webServerLog]);
  await external.exec(["rmdir", "--", dirname(webServerPath)]);
}

/** The pattern of its command line; the bracket keeps it from finding the command that looks for it, or that one's sudo. */
function webServerOn(port?: number): string {
  return `[/]${webServerPath.slice(1)}${port === undefined ? "" : ` ${port}$`}`;
}

/** Stops DNS and web server and starts them again; used after a fault. */
export async function stopExternalDns(external: ExternalHost): Promise<void> {
  await external.run(["pkill", "--pidfile", dnsPidFile]);
}
