import { readSettings } from "./settings.ts";

let factor: number | undefined;

/** A deadline in milliseconds as it is on this cluster: `PATIENCE` times as long, for machines that are emulated. */
export function scaled(milliseconds: number): number {
  factor ??= readSettings().PATIENCE;
  return milliseconds * factor;
}

/** Another `PATIENCE` for this process than that of its environment; `undefined` for that of its environment again. */
export function setPatience(patience: number | undefined): void {
  factor = patience;
}
