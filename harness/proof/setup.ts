import { readSettings } from "#harness/core/settings/settings.ts";
import { injectWhenConnected } from "./inject.ts";

// A setup file of vitest's, in the worker: the chapters know nothing of faults.
const { FAULT } = readSettings();
if (FAULT) injectWhenConnected(FAULT);
