import type { Section } from "#suites/requirements/sources/sentence.ts";
import { cniTexts } from "#suites/requirements/sources/texts.ts";

/** CNI specification, section 2: VERSION, STATUS and GC. */
export const upkeep: readonly Section[] = [
  {
    section: "2, VERSION",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      "94a9ab2c567da6424eb493513ce19658a02c8324b59d8f3a77d47fa92ba3fee0": [
        "SHOULD",
        "VERSION prints its answer as JSON",
        ["CNI-12a"],
      ],
      b5bef57d95883624cc8da7e35e297a46e2e9869128a5ff0b82c3ee6fdb3f9a1d: [
        "REQUIRED",
        "VERSION, STATUS have the command alone",
        ["CNI-12a"],
      ],
    },
  },
  {
    section: "2, STATUS",
    texts: cniTexts("1.1.0", "main"),
    sentences: {
      d04077bcd485c77105bec1a07dea4cf0ba53c6accb8bcf9f345f124240e27135: [
        "MUST",
        "STATUS succeeds while ADD can be served",
        ["CNI-13a"],
      ],
      "5e9278daad8d8e74be16a8d8a68b8f5242d65c5274204f22be4448fee15115dd": [
        "MUST",
        "STATUS is an error on stdout when the plugin knows that it cannot serve ADD",
        ["CNI-13b"],
      ],
      df31e9f5339f7efa070cc04ec0ea99da34ef9c796ad70bb751d2a8bac6383a40: [
        "SHOULD",
        "STATUS fails where a daemon that the plugin needs is away",
        { ids: [], gap: "no plugin in the suite's reach has such a daemon, but dhcp" },
      ],
      "0fc1f866c93af1606ca8c9f3921a68827ae24c832f51ddeed2c72d76275297f7": [
        "SHOULD",
        "STATUS fails where addresses or the like are used up",
        ["CNI-13e"],
      ],
      "24fe79c891160fad43fa2ca64c850098cb1fcd9aab3b99425436b749eb8d4d60": [
        "CODE",
        "code 50: the plugin cannot serve ADD",
        ["CNI-3d"],
      ],
      "9027cb9c847c82b4110a98bfba1abefc1f68d06e1571f304cb77a872ca8659a9": [
        "MAY",
        "code 51: nor can existing containers be sure of their network",
        ["CNI-3d"],
      ],
      "7144cdcbc84011bc273cb92df8978d1ca86d5cf399e678b536b7152e79477d4d": [
        "MUST NOT",
        "a plugin works although nobody calls STATUS",
        ["CNI-4a"],
      ],
      "44e02ee95ce0b4420dd351a4194b9bd3507c981c32dc4e39102939274bed16bf": [
        "SHOULD",
        "after a failed STATUS other calls can come all the same",
        ["CNI-13f"],
      ],
      fa7fc936a73633d5ec0a0a643ea9ffb24211c71f43b1e1c2ef7b37baf11b3b2d: [
        "MUST",
        "STATUS calls the delegate's",
        ["CNI-13c"],
      ],
      dfd6ff35dea1be4424e831ff9932f0d27f0f7bd6e0c95fa7017ed997c320dcd7: [
        "SHOULD",
        "an error of the delegate's STATUS is the plugin's",
        ["CNI-13d"],
      ],
      f97d7fe178c28034f91ed85a9496bc9f4f50e5a3692ef385d8f34b89cb17beeb: [
        "OPTIONAL",
        "STATUS can do without the search path",
        "permission",
      ],
    },
  },
  {
    section: "2, GC",
    texts: cniTexts("1.1.0", "main"),
    sentences: {
      edd58a44871a6aaab4264a9da474a65331d932235a5b9428440485443b7d7486: [
        "MAY",
        "GC can remove what belongs to no listed attachment",
        ["CNI-14b", "CNI-14c"],
      ],
      "38239123ed7881991bab6e2906a8176f373f76231755807e2d2fb118a00a521a": [
        "MAY",
        "what GC can find: reservations, firewall rules",
        ["CNI-14b"],
      ],
      "11a0dea405964b09cdde86ae795b98455393dfab09dd6f7f7564151d73472eef": [
        "SHOULD",
        "GC removes as much as it can",
        ["CNI-14b"],
      ],
      bce39ee282b5b54ac25f3b7c0c17508e1bd8ad7f99c9eba4b0292b1069b51993: [
        "SHOULD",
        "GC releases addresses of attachments that are not listed",
        ["CNI-14b"],
      ],
      da27d99b4e2aa6b239a081c787681e3af8f6d40fe5f77a6a9908de71fe18a03b: [
        "MAY",
        "GC can take it that the namespace is gone",
        "permission",
      ],
      "0534be1e2d64895deff84bdc10be396d39df5a61dca3e15723184b832d3a20ad": [
        "SHOULD",
        "GC succeeds",
        ["CNI-14b", "CNI-14c"],
      ],
      "311764928e72f1ffdc3257c47e2563966081a1eda01b8d96295142586461c100": [
        "SHOULD",
        "GC goes on after an error, removes what it can and reports it",
        { ids: ["CNI-14d"], gap: "no test looks at what is removed after an error" },
      ],
      "45b5fade08056ff55a7b18e92070624da1d8134b340af20d62edb9936ea72162": [
        "MUST",
        "GC calls the delegate's",
        ["CNI-14a"],
      ],
      "2faae52a50fb10420cd371cfbbbe8dd25fce80f141b94fdaef24389d662f6bf0": [
        "MUST NOT",
        "GC takes no DEL's place",
        { runtime: ["R9b"] },
      ],
      "42c707b436becd30fccbdf671dc02419e0ce88482a4c2b52fd911bbc69a6c6c5": [
        "MAY",
        "GC can be unable to remove what DEL would",
        "permission",
      ],
      f8f866660e2860997a319789607cd2c98bb23924582e7d1c442c835d02cead3c: [
        "MUST",
        "GC has a plugin's configuration on stdin",
        { runtime: ["R7a", "R9a"] },
      ],
      "07da1efc8c0dc99a954fe63e2bcb190742fc66972086a25bea939178150f04e4": [
        "REQUIRED",
        "GC has command and search path",
        { runtime: ["R6c"] },
      ],
    },
  },
];
