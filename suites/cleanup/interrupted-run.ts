// A run that never ends by itself: brings up a cluster, says so, and waits to be killed.
import { setInterval } from "node:timers";
import { openTarget } from "#harness/conformance/run/target.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { readSettings } from "#harness/core/settings/settings.ts";

const [driver = "", engine = ""] = process.argv.slice(2);
const target = await openTarget(readSettings(), progressOn(process.stderr), driver, JSON.parse(engine));
console.log(`up ${target.state.id}`);
setInterval(() => {}, 1_000_000);
