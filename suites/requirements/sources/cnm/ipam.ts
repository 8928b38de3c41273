import type { Section } from "#suites/requirements/sources/sentence.ts";

/** IPAM Driver, the protocol of address managers. */
export const ipam: readonly Section[] = [
  {
    section: "Ipam Contract",
    texts: ["cnm-ipam"],
    sentences: {
      "74a08de67f27e5ddb1657a050ca31dfa2e470c093cf849f718089524f0271ece": [
        "MUST",
        "an IPAM driver has these five calls",
        ["CNM-4"],
      ],
    },
  },
  {
    section: "IPAM Configuration and flow",
    texts: ["cnm-ipam"],
    sentences: {
      b22af79f4802d55482af1e29599b95a87036bbe6bbff9d1dfc507e8382333685: [
        "MAY",
        "the caller can give address space and pools",
        "permission",
      ],
      "87ca2bd2ba8754b3a83d4ff56b33511509c118440be0a88ea647e6c9146fea1c": [
        "MUST",
        "what a network's address configuration holds",
        "explanation",
      ],
    },
  },
  {
    section: "GetDefaultAddressSpaces",
    texts: ["cnm-ipam"],
    sentences: {
      "931d14db63cbb4ee57ec53492758f032a9eb3dd249dddda75717c499427e4b0a": [
        "SHOULD",
        "GetDefaultAddressSpaces answers both",
        ["CNM-28"],
      ],
    },
  },
  {
    section: "RequestPool",
    texts: ["cnm-ipam"],
    sentences: {
      fd8fe5920c5e00c3ef7b32a0caf7b25076ce39a1bbe35d661c99c58ef8862397: [
        "MUST",
        "the same request for a pool has the same answer",
        ["CNM-18"],
      ],
      "8fee24b504b9312093b3b3347d54bc58c7ddb89de22afb0ac2665a32ccbd978b": [
        "MAY",
        "without a pool the driver chooses one",
        ["CNM-20", "CNM-26"],
      ],
      a92369544b74f72ba1cfb65a2ddc35fcabc6f13ff557d7cb5874fa70f5f72b9d: [
        "MUST",
        "V6 asks for an IPv6 pool",
        ["CNM-20"],
      ],
      "60e697fe73e12509a309b540dafdaba356ba192813b7a3a17b8381a46874dcf5": [
        "SHOULD",
        "a SubPool without a Pool is refused",
        ["CNM-19"],
      ],
      dac518eb4198f08140b1c3a8223b68ad6598e89dbbb98500ba8590b6a5565bf0: [
        "SHOULD",
        "V6 is set where the network needs IPv6",
        ["CNM-20"],
      ],
      f25fd6d3d3a74934316b7b289806de2228e8e3beecc523e167c95fef65e4a46f: [
        "MUST",
        "the same pool has the same id",
        ["CNM-18"],
      ],
    },
  },
  {
    section: "RequestAddress",
    texts: ["cnm-ipam"],
    sentences: {
      "69a0cb876a4cb9a9a67c7eada076c2b9331f31f0575c67b2fcffc93187f6791c": [
        "REQUIRED",
        "RequestAddress can ask for one address",
        ["CNM-22"],
      ],
    },
  },
  {
    section: "GetCapabilities",
    texts: ["cnm-ipam"],
    sentences: {
      "1bc7ea80d86ee1486cbb38f544fb6975ce4d7334a5cc619478bf0543f1725436": [
        "SHOULD",
        "GetCapabilities answers RequiresMACAddress and RequiresRequestReplay",
        ["CNM-24", "CNM-25"],
      ],
    },
  },
];
