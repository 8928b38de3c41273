import { moby } from "#suites/requirements/rules/moby.ts";
import { type SpecVersion, specVersions } from "#suites/requirements/spec-version.ts";

/** Versions of the CNI specification that are read sentence by sentence: the released ones, and what is to come. */
export const cniTextVersions = [...specVersions, "main"] as const;
export type CniTextVersion = SpecVersion | "main";

/** A text, as it was read. */
export interface SpecificationText {
  readonly title: string;
  readonly url: string;
  /** sha256 of the whole file, in hexadecimal. */
  readonly sha256: string;
  /** How many different sentences oblige or permit. */
  readonly sentences: number;
}

const cni = (commit: string) => `https://github.com/containernetworking/cni/blob/${commit}/SPEC.md`;

/** The texts that are pinned. main is the commit that it was when it was read. */
export const texts = {
  "cni-0.3.1": {
    title: "CNI specification 0.3.1",
    url: cni("9445711fa568010ad2e4275aadac134f5e1453e5"),
    sha256: "f07a762b34d3a8ea6be1a3c037138539e0b0a76878db5afeb208bb7b03ac4a66",
    sentences: 55,
  },
  "cni-0.4.0": {
    title: "CNI specification 0.4.0",
    url: cni("7d76556571b6cf1ab90d7026a73092ac8d5e0c23"),
    sha256: "e217714ffca64bb40a62c01a5fd25925d4f4b06b627a3e3173d691206c5701de",
    sentences: 116,
  },
  "cni-1.0.0": {
    title: "CNI specification 1.0.0",
    url: cni("5608690f77380743f29bb314458da9a9fb88c003"),
    sha256: "99703f131b5479a9d38b016953b16f2325895c77ee8f9ef3c43569573cacd53d",
    sentences: 113,
  },
  "cni-1.1.0": {
    title: "CNI specification 1.1.0",
    url: cni("df52e9460d3a819920b63e28c4d5d6f12bed6758"),
    sha256: "6091c71b3a5a1691efbd7695f07d2b4681221c733a7bd1dd7acbbfa078b3b38a",
    sentences: 149,
  },
  "cni-main": {
    title: "CNI specification, main",
    url: cni("3f51e8803ebbdba0ebeed735b42137e4c7302403"),
    sha256: "e35d42e754107bee503b60cd83dfca8a45f092d8806c18554db01e05cd3f2d81",
    sentences: 160,
  },
  "cnm-remote": {
    title: "Remote Drivers",
    url: `${moby}/daemon/libnetwork/docs/remote.md`,
    sha256: "30960292977f077c69f2e8d52a11e19231c163ad1d38c9c796c4d0542b5d8bed",
    sentences: 34,
  },
  "cnm-ipam": {
    title: "IPAM Driver",
    url: `${moby}/daemon/libnetwork/docs/ipam.md`,
    sha256: "6a0444a70967185473f90d981792626da1fd7cfbc4f636e120b4aa1c47f950be",
    sentences: 12,
  },
} as const satisfies Record<string, SpecificationText>;
export type TextName = keyof typeof texts;
export const textNames = Object.keys(texts) as TextName[];

/** The texts of the CNI specification from one version to another; without `to` that one alone. */
export function cniTexts(from: CniTextVersion, to: CniTextVersion = from): readonly TextName[] {
  return cniTextVersions
    .slice(cniTextVersions.indexOf(from), cniTextVersions.indexOf(to) + 1)
    .map((version) => `cni-${version}` as const);
}
