import type { Section } from "#suites/requirements/sources/sentence.ts";
import { cniTexts } from "#suites/requirements/sources/texts.ts";

/** CNI specification, section 1 and what comes before it. */
export const configuration: readonly Section[] = [
  {
    section: "Released versions",
    texts: cniTexts("0.4.0", "main"),
    sentences: {
      "677e9225330efdea7fb29099a7799ecadb494580e944d2ee9f3a4c0fd7c3c374": [
        "MAY",
        "which commit a tag names can change",
        "explanation",
      ],
    },
  },
  {
    section: "Overview",
    texts: cniTexts("0.4.0", "main"),
    sentences: {
      ca97946b190f3c3feac5e0ebcde692ed7f1196c8e1fd1839d1c9d0727cb35d64: [
        "MUST NOT",
        "the words are meant as RFC 2119 has them",
        "explanation",
      ],
    },
  },
  {
    section: "1, Plugin configuration objects",
    texts: cniTexts("0.4.0", "main"),
    sentences: {
      "92e5245e6b636e9214b1f42c11f705589bb89223f8ac46a398920dd9ca9efcad": [
        "OPTIONAL",
        "dns can be left out",
        "permission",
      ],
      "2a6322a07be460618213f5ad960ca240dde1a50fe62e0448e19413342c667e55": [
        "OPTIONAL",
        "name servers can be left out",
        "permission",
      ],
      "50f809b62ed922513661620c855b4fda6a07f5297d2f1dd920a3ee6b3bceb6c5": [
        "OPTIONAL",
        "the domain can be left out",
        "permission",
      ],
      "751820b26712558f1a0c087c6302fb7f3796acbb35f68aa93c625c4a50eef81d": [
        "OPTIONAL",
        "search domains can be left out",
        "permission",
      ],
      b7d2706f47b31cacee804d728f57c2a06c7de8ca42dd357d12b9d6307e5724b3: [
        "OPTIONAL",
        "resolver options can be left out",
        "permission",
      ],
    },
  },
  {
    section: "1, Configuration format",
    texts: cniTexts("0.4.0", "main"),
    sentences: {
      f11edaedb51c456f53c3d6e3223054ed655e18fd3aa099fb66a01f6e80a93ae8: [
        "MUST NOT",
        "no CHECK where disableCheck is set",
        { runtime: ["R8a"] },
      ],
    },
  },
  {
    section: "1, Configuration format",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      bc141201c21cd045d439c245fa9b9eecf08a7a810febd09a308178519e019e06: [
        "SHOULD",
        "the network's name is unique on the host",
        "administrator",
      ],
      "857bcc6fd00844bf11b94f7aa2a04ce426380b7b2723b02a093e6c3f458e225b": [
        "MUST",
        "the network's name has letters, digits, underscore, dot and hyphen",
        "administrator",
      ],
    },
  },
  {
    section: "1, Plugin configuration objects",
    texts: cniTexts("1.0.0", "1.1.0"),
    sentences: {
      "2a70d80b063cc7f7922b7b61b62ffa70f390ffcc667f072ee37cc42c165894cf": [
        "MAY",
        "a plugin's configuration can have further fields",
        "permission",
      ],
      "8ed54331bef30159b8fdc07e1f3a34350b0ccde3590b9c91206aaa4e15aa71ff": [
        "MUST",
        "the runtime passes unknown fields on as they are",
        { runtime: ["R7d"] },
      ],
    },
  },
  {
    section: "1, Plugin configuration objects",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      "50b6791901ab7823d126da821dd228d73d95c1596e41bbf780fc398c77c4eb46": [
        "REQUIRED",
        "type is the name of the executable",
        "administrator",
      ],
      ec731e731ce9df25857fa24dcaa679f09052ecf3154971aee84cfb1504d26228: [
        "MUST NOT",
        "type has no character that a file name cannot have",
        "administrator",
      ],
      e428437a98f9c0f66debc48152c39d914661706648a9ccf78069e5ee3b5e891c: [
        "OPTIONAL",
        "capabilities can be left out",
        "permission",
      ],
      "4cb5cbab3b4e21f251003e29fc6aa2a46a47d2dfe82f67c6f2d6319aa7a15050": [
        "SHOULD NOT",
        "reserved keys are the runtime's and not for configurations",
        "administrator",
      ],
      "79fbc156ab2362add361c6dea996110289793df5427c97ad8d1311b988a0c7b1": [
        "OPTIONAL",
        "well-known keys mean the same to all plugins",
        "permission",
      ],
      b8031f77a64e2e3f6d579499a4c7456e00b04d0d18eab84140a91d7d85812cc8: [
        "SHOULD",
        "a plugin gives well-known keys their meaning",
        { ids: ["CNI-15a", "CNI-16c"], gap: "ipMasq and dns are not tested by themselves" },
      ],
      "7313b431fc1af1b4dc94ba9679213e48aeffe76d9ebe021ebe7516251cdac6bf": [
        "MAY",
        "a plugin can have fields of its own, and refuse unknown ones",
        "permission",
      ],
      "3850b1461119bcd39bfd3880768bfa75aea3458e8cf9f1ff5fa8438724b51977": [
        "MUST",
        "the runtime keeps unknown fields",
        { runtime: ["R7d"] },
      ],
    },
  },
  {
    section: "1, Version considerations",
    texts: cniTexts("1.1.0", "main"),
    sentences: {
      "611f9cbab05128e6339873de08999e4b346268fa21c730072b86b14c5aee4504": [
        "MAY",
        "runtime, plugin and configuration can each know several versions",
        "permission",
      ],
      "61db5293d04d5a9c0761b0626cfd12def184173b0895e9f2a0c9645c7cf98fc4": [
        "MUST",
        "the runtime takes the highest version of the configuration",
        { runtime: ["R7b"] },
      ],
      "5fc347d59b6abc7db93105b23a2162ba183c920de0c7539b491f072d455e7843": [
        "MAY",
        "the runtime can ask plugins for their versions",
        "permission",
      ],
      c37b093a7c1d2a2e39413c117ea41bf6221d4e5b75d37940a9d0b5e6190c4448: [
        "MUST",
        "configurations of one major version stay compatible",
        "explanation",
      ],
    },
  },
  {
    section: "1, Configuration format",
    texts: cniTexts("main"),
    sentences: {
      d369418462ebc4e84bfb2e563d363a0242ef268047d1a10194e3adf948e3fab8: [
        "MUST NOT",
        "the network's name has no character that a file name cannot have",
        "administrator",
      ],
      "0cd7dc6ba8bc932a9e9d199aa4a2b8322d9967597d896ca6a104195d34a859e6": [
        "MUST NOT",
        "no GC where disableGC is set",
        { runtime: ["R8b"] },
      ],
      "43633abc46c62560229e845205e4d0763d16895724e8fb05a04ffad486b0e6cd": [
        "MAY",
        "why an administrator would set disableGC",
        "explanation",
      ],
      "47ddfa774a7b678513647200b4efe7f6b4af33eb555098ec0b271f1337fa8fab": [
        "MUST",
        "with loadOnlyInlinedPlugins false plugins from other sources come after those of the list",
        "runtime",
      ],
      f0f6a8bd8596e5839837ce07e0a0d3bccb8d5e56e71fe86b1f0e07aaaaa08cce: [
        "MUST",
        "which plugins a network has where loadOnlyInlinedPlugins is set",
        "runtime",
      ],
    },
  },
  {
    section: "1, Plugin configuration objects",
    texts: cniTexts("main"),
    sentences: {
      b1f4e9252bb89cdf45f878bdb0865d38eebba6d21fbe089ef5d6df3c6ac6baae: [
        "MUST",
        "the runtime can gather plugins from several sources, each for one network",
        "runtime",
      ],
      "2c231f3c61d45e9e1a0806abd8f38bbb677131e65c65bfb5651ec89482997326": [
        "MUST",
        "all gathered configurations are checked, and all valid ones called",
        "runtime",
      ],
      "9a3a488cade3bdf9a29e4d2426df5ace0a487db19656bbff17446167f93d3d9b": [
        "MAY",
        "a plugin's configuration can have further fields",
        "permission",
      ],
      b5aae9359adb5091e71c22c9ef0c237ba0541c69c2576355892e465b6a881426: [
        "MUST",
        "the runtime passes unknown fields on as they are",
        { runtime: ["R7d"] },
      ],
    },
  },
];
