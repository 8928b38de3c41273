import { relative } from "node:path";
import Table from "cli-table3";
import { type Claim, holds, type Proof } from "#harness/proof/proof.ts";
import type { Unproved } from "./coverage.ts";

/** What is claimed, as a table for people. */
export function describeClaims(claims: readonly Claim[]): string {
  const table = newTable(["tier", "fault", "on", "must fail", "may follow", "what it does"]);
  for (const { tier, name, on, detectedBy, mayFollow, breaks } of claims) {
    table.push([tier, name, on, detectedBy.join(" "), mayFollow.join(" "), breaks]);
  }
  return table.toString();
}

export interface Proved {
  readonly claims: readonly Claim[];
  readonly proofs: readonly Proof[];
  readonly unproved: readonly Unproved[];
  readonly durationMs: number;
  /** Where the report was written. */
  readonly path: string;
}

/** How everything came out, for people. A claim that was not tested and a MUST without a fault or reason count as failed. */
export function describeProofs(proved: Proved): { text: string; passed: number; failed: number } {
  const { claims, proofs, unproved } = proved;
  const proofOf = (claim: Claim) =>
    proofs.find(({ tier, name, on }) => tier === claim.tier && name === claim.name && on === claim.on);
  const extra = proofs.filter(({ tier, name, on }) =>
    claims.every((claim) => tier !== claim.tier || name !== claim.name || on !== claim.on),
  );
  const rows = [
    ...claims.map((claim) => ({ claim, proof: proofOf(claim) })),
    ...extra.map((proof) => ({ claim: proof, proof })),
  ];
  const table = newTable(["tier", "fault", "on", "must fail", "followed", "result", "time"]);
  for (const { claim, proof } of rows) {
    const { tier, name, on, detectedBy } = claim;
    const [good, bad] = detectedBy.length === 0 ? ["green", "NOT GREEN"] : ["caught", "MISSED"];
    const result = proof ? (holds(proof) ? good : bad) : "not run";
    const seconds = proof ? `${(proof.durationMs / 1000).toFixed(1)} s` : "";
    table.push([tier, name, on, detectedBy.join(" "), proof?.followed.join(" ") ?? "", result, seconds]);
  }
  const inapplicable = proofs.flatMap(({ on, notApplicable = [] }) =>
    notApplicable.map(
      ({ requirement, outcome, reason }) => `${requirement} on ${on} is ${outcome}: ${reason}`,
    ),
  );
  const passed = proofs.filter(holds).length;
  const gaps = unproved.filter(({ reason }) => reason === undefined).length;
  return {
    passed,
    failed: rows.length - passed + gaps,
    text: [
      table.toString(),
      ...inapplicable,
      ...unproved.map(
        ({ requirement, reason }) => `${requirement} is not proved: ${reason ?? "NO FAULT AND NO REASON"}`,
      ),
      `Report: ${relative(process.cwd(), proved.path)}; ${(proved.durationMs / 1000).toFixed(0)} s in all`,
    ].join("\n"),
  };
}

function newTable(head: string[]) {
  return new Table({ head, style: { head: [], border: [] } });
}
