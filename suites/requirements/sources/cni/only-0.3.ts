import type { Section } from "#suites/requirements/sources/sentence.ts";
import { cniTexts } from "#suites/requirements/sources/texts.ts";

/** Sentences that the CNI specification had at 0.3.1 alone. */
export const only03: readonly Section[] = [
  {
    section: "General considerations",
    texts: cniTexts("0.3.1"),
    sentences: {
      "0f246d6e8555398c4591567b70138b6dc1add5e6d3c4e5c52326339536d86d65": [
        "MUST",
        "the runtime settles which networks a container joins, and which plugin each needs",
        "runtime",
      ],
      "4cfa7b9d58a8b5d910c8cb2726fb4f272315d525589d872016cbcba94b7931c6": [
        "SHOULD",
        "what varies between calls goes into args",
        "runtime",
      ],
    },
  },
  {
    section: "Overview",
    texts: cniTexts("0.3.1"),
    sentences: {
      "576a0b0ebb58d16026ffe0b6fb2657159d20ae3e20501cec4988981d163f5ad5": [
        "SHOULD",
        "an interface plugin has its IPAM plugin give the address, and sets address and routes",
        ["CNI-5e"],
      ],
    },
  },
  {
    section: "Parameters",
    texts: cniTexts("0.3.1"),
    sentences: {
      "1b188c606bf9139c7236d06dda492b45e253cef47c25ba03f8af090cce945383": [
        "SHOULD",
        "the container id can be left out; it is unique while the container lives",
        "runtime",
      ],
      "8c0ddcdcc6a720e7cfbfafeb0844f8b4e5591c7fd68b83c772f27c792add61b9": [
        "MAY",
        "why an environment would demand ids",
        "explanation",
      ],
      cc82f5b9fc7ff6f628b686c1dfa4ae9f043ec7eca64e5864f0721f7b4472d11d: [
        "MUST",
        "a plugin uses CNI_IFNAME or fails",
        ["CNI-7"],
      ],
    },
  },
  {
    section: "Result",
    texts: cniTexts("0.3.1"),
    sentences: {
      ba559c2a674ba59552a473e7196d329660bf150041c780311ee0b95278f1bee3: [
        "REQUIRED",
        "the fields of a result: sandbox for interfaces in a container, others can be left out",
        ["CNI-5a", "CNI-5d"],
      ],
      d57287a6faa70f5e3ca5d0fedc2469f53c13d0c2ba141277a6c59467702573c8: [
        "OPTIONAL",
        "an error can do without details",
        ["CNI-2a"],
      ],
    },
  },
  {
    section: "Network Configuration",
    texts: cniTexts("0.3.1"),
    sentences: {
      "06efadf29404fc7030536255c78e4d1842b595bb9d91f9a3941c98c68b51c02e": [
        "OPTIONAL",
        "args are further arguments of the runtime",
        "permission",
      ],
      "632316a2b8dc4523cb53c90fcee92fc6535d93afebe0c7545d637202513355c5": [
        "OPTIONAL",
        "ipMasq can be left out",
        "permission",
      ],
      "68d8a2068128664e2970c8b60d375cf1e4c7c533098b4c94d734b842abddbfed": [
        "MAY",
        "a plugin can ignore args",
        "permission",
      ],
    },
  },
  {
    section: "Network Configuration Lists",
    texts: cniTexts("0.3.1"),
    sentences: {
      "95eeacdfa43d3fdfb634203913b22c1dd499da6968beb1636d564d0b89c38298": [
        "MUST",
        "from the second plugin on ADD has the result of the one before as prevResult",
        { runtime: ["R3b"] },
      ],
      e53df980ac8a4b44432755616969eceaa81c5466f90eb0f48e299931076f4376: [
        "SHOULD",
        "a plugin passes prevResult on unless it changes it",
        ["CNI-6b"],
      ],
      "9904762a0a57a33e7d1625019352baae6c391b7bb487c8569e015fd685790d6b": [
        "MUST",
        "DEL goes through the list backwards",
        { runtime: ["R2b"] },
      ],
    },
  },
  {
    section: "Network Configuration List Error Handling",
    texts: cniTexts("0.3.1"),
    sentences: {
      "6a6026c7d333e773e30550a8a2f06dcc4e91392ebdde0daff3d458ba966047cf": [
        "MUST",
        "the runtime stops at the first error of a list",
        { runtime: ["R4a", "R4e"] },
      ],
      "3dc901c34b9bea1910532b690c3f8b6c617533646938314b7df44386246709df": [
        "SHOULD",
        "after a failed ADD the runtime calls DEL of every plugin",
        { runtime: ["R4d"] },
      ],
      "40476a6ba939e8660e3a513221cde45e8145c214f01088a4c7efad08a452eeac": [
        "SHOULD",
        "DEL succeeds although resources are missing",
        ["CNI-9c"],
      ],
    },
  },
  {
    section: "Network configuration list runtime examples",
    texts: cniTexts("0.3.1"),
    sentences: {
      f8092c33b62429081e18120863141a7eaaedfa477629e8d28f14c36bc9a1dc46: [
        "REQUIRED",
        "DEL needs no prevResult",
        ["CNI-10b"],
      ],
    },
  },
  {
    section: "IP Address Management (IPAM) Interface",
    texts: cniTexts("0.3.1"),
    sentences: {
      "34f240f9900f70f8c510cfd36a24c00d46c6f7f53c69186ea5b061a6f80e4d9b": [
        "OPTIONAL",
        "the fields of an IPAM plugin's result",
        ["CNI-5d"],
      ],
      "116d3ee003642f6ab16e1e3c2f764722410b880af016717e7cb02569d4edba18": [
        "REQUIRED",
        "an IPAM plugin answers no interfaces",
        ["CNI-16f"],
      ],
    },
  },
];
