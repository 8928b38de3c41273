import { workerSettings } from "#harness/conformance/suite/worker-settings.ts";
import { injectWhenConnected } from "./inject.ts";

// A setup file of vitest's, in the worker: the chapters know nothing of faults.
const settings = workerSettings();
if (settings.FAULT || settings.MEND) injectWhenConnected(settings);
