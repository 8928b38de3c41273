import { LocalHost } from "#harness/host/local-host.ts";
import { ReferencePlugin } from "#drivers/reference/plugin.ts";
const host = new LocalHost("local");
const plugin = new ReferencePlugin([{ host, control: { device: "lo", address: "127.0.0.1" }, data: { device: "lo" } }], { dataplane: "links", stateFile: "/tmp/ref/state.json" });
for (const f of (process.env.FAULTS ?? "").split(",").filter(Boolean)) plugin.faults.add(f);
await plugin.start();
plugin.server("local").http.listen("/tmp/ref/p.sock", () => console.log("ready"));
process.on("SIGTERM", async () => { await plugin.uninstall(); process.exit(0); });
