import type { Section } from "#suites/requirements/sources/sentence.ts";
import { cniTexts } from "#suites/requirements/sources/texts.ts";

/** CNI specification, section 2: parameters and errors; section 3: what a runtime does. */
export const execution: readonly Section[] = [
  {
    section: "3, Lifecycle & Ordering",
    texts: cniTexts("0.4.0", "main"),
    sentences: {
      "017e62ba7d3dc7a38ad6a3da419a808c65c8179cc4fd68e4eaede0f65a650695": [
        "MUST",
        "the runtime makes the network namespace before it calls a plugin",
        { runtime: ["R1a"] },
      ],
      "7fdd6d1e0b8467f4a7e5665a8c9089005d18376901886ad4ba19e66330c5d1a9": [
        "MUST NOT",
        "no two operations at once for one container; for several they can be",
        { runtime: ["R5a", "R5b"] },
      ],
    },
  },
  {
    section: "2, Parameters",
    texts: cniTexts("0.4.0", "main"),
    sentences: {
      dd53984f85709dc9441380f665178d84e5c96bc08279511d37523f1f4bd9f1ad: [
        "MUST NOT",
        "container id and interface name are not empty",
        ["CNI-3c", "CNI-19"],
      ],
    },
  },
  {
    section: "2, Overview",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      "4cdf047fe5be757ad5cb7bd870487f1fc891c9ffa2a8b394d0137f37547661e0": [
        "MAY",
        "chained plugins can make further interfaces",
        "permission",
      ],
      "6dcea5ccadad67af6318c89030cbc30e361dce01d6284d8d2ea2f20ded49fe4a": [
        "MUST",
        "plugins run in the runtime's own network namespace",
        { runtime: ["R1b"] },
      ],
    },
  },
  {
    section: "2, Parameters",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      "61ab1f9a64c12e33d85b5e747111941b7be7a3b72720c8955d68e6f46dbfa9c9": [
        "MUST",
        "container ids have letters, digits, underscore, dot and hyphen",
        ["CNI-18b"],
      ],
      "04b1886f92b95108c0fd6cf65c32c792bb1f6b3995ea0b995c5614e53ca32cdb": [
        "MUST",
        "a plugin uses CNI_IFNAME or fails",
        ["CNI-7"],
      ],
    },
  },
  {
    section: "2, Errors",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      d127482773e1597003b425091f3190fb4583b0db217bf22b082a727a20d8c6bf: [
        "MUST",
        "a plugin exits with 0 on success, and with another code on failure",
        ["CNI-1"],
      ],
      db1aca36f53c14f50c641b9272f8c1e163dea0aa1328656324f67a780ec4af5a: [
        "SHOULD",
        "a failure is told as an error structure",
        ["CNI-2a", "CNI-2c"],
      ],
    },
  },
  {
    section: "3, Execution of Network Configurations",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      "780b1e636482869e723f4203423239358c9677274030f6a7ccebc16bb0fddfe2": [
        "MAY",
        "a runtime can add, remove and check",
        "explanation",
      ],
      "5a90b7002bab944595220d9dd268cd25c50a96353818db36656a87314c6e524c": [
        "MAY",
        "container and interface name identify an attachment",
        ["CNI-20b", "CNI-20c"],
      ],
    },
  },
  {
    section: "3, Lifecycle & Ordering",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      "9ee4890285353f847ea133389d016020c3aee0929087e442f170f6ce940bac40": [
        "MUST",
        "a plugin can be called for several containers at once",
        ["CNI-17a"],
      ],
      "497334cb2d25f2a1717c66ed3422597c65a64056a23da68cdb38fb0ca6e9da35": [
        "MUST",
        "a plugin locks what its calls share",
        ["CNI-17b"],
      ],
      d6cb4d99769aa943d04c77d6b7ca1733fba1cb70ab46f920e9bd006db7c1bb56: [
        "MUST",
        "every add is followed by a delete at some time",
        { runtime: ["R2d"] },
      ],
      ec73472b595e8fbe029a49185b8feca80a50daf5aaf1b488c4770b414c562592: [
        "MUST",
        "a failed add is followed by a delete all the same",
        { runtime: ["R4c"] },
      ],
      da3859acabe72a9d827a1f7e8b409a324c77efe3a97c05388a8c3fe0e2cc4591: [
        "MAY",
        "a delete can be followed by others",
        ["CNI-9a"],
      ],
      "85b330242bd5c077a695f94f4298feef9dba2c57989c5daf6a2ceab8f19050c6": [
        "SHOULD NOT",
        "the configuration stays the same between add and delete",
        "administrator",
      ],
      c87d4448dc212f72fdb8ee8f80eb90d9b6f479fceb4499dd8451e6b9dee78915: [
        "SHOULD NOT",
        "the configuration stays the same between attachments",
        "administrator",
      ],
    },
  },
  {
    section: "3, Attachment Parameters",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      "6263f5b87662ec1e80133797957c8c992fac587bbb69a89f192ab9ab2adde27a": [
        "SHOULD NOT",
        "some parameters belong to an attachment",
        "explanation",
      ],
      "0330450f29c86027e37f2d8538acaa0c35bc0905797ce413e4bee4c8af1156c2": [
        "MUST",
        "the runtime knows where plugins are",
        "runtime",
      ],
      "2b964b81145b6df90dd4c4056a59164c84db206441757b3dd0a03f1de560f32b": [
        "MUST",
        "plugins are told those folders as CNI_PATH",
        { runtime: ["R6c"] },
      ],
    },
  },
  {
    section: "3, Adding an attachment",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      f2934a8adf3abccfd0ed4f767f5cf5975ab912c630b8715ed06d82c9dc46e9c2: [
        "MUST",
        "the runtime keeps the last result for check and delete",
        { runtime: ["R3e", "R3f"] },
      ],
    },
  },
  {
    section: "3, Checking an attachment",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      "8ef22a578fa776a0ec721e67dacfe7fe634e2367e3c30c9219f7ada4c998d488": [
        "MAY",
        "the runtime can ask whether an attachment still works",
        "permission",
      ],
      f75e64f244842c692d3ab5d0c8bbfae1869703f470bf82fbf38f329dd56fc845: [
        "MUST",
        "a check has the parameters of its add",
        { runtime: ["R6g"] },
      ],
    },
  },
  {
    section: "3, Deriving request configuration from plugin configuration",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      b050b860e8621a51e41858ef3d2795b97094e1fc6b10a34fc642fbb4f19ff5f4: [
        "MUST",
        "the runtime makes a plugin's configuration from the network's",
        { runtime: ["R7a"] },
      ],
    },
  },
  {
    section: "3, Deriving execution configuration from plugin configuration",
    texts: cniTexts("1.0.0"),
    sentences: {
      e82a0eab95a54a32fb177c4b858d019bbd36156a0eda9d6a80cb88bc26a49029: [
        "MUST",
        "the runtime sets cniVersion, name, runtimeConfig and prevResult",
        { runtime: ["R3b", "R3c", "R3d", "R7b", "R7c", "R7f"] },
      ],
      d2d3580f0c75315bf697e47f89eb8550c02c15f275851537ac7d0f030183d902: [
        "MUST",
        "the runtime takes capabilities out",
        { runtime: ["R7e"] },
      ],
      "1ac9792afac6e91a83f9077fdfb04a326d8f2ee8dfd595b3b989ec3fb93784a9": [
        "SHOULD",
        "the runtime passes all else on as it is",
        { runtime: ["R7d"] },
      ],
    },
  },
  {
    section: "3, Deriving runtimeConfig",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      a48b077d04aac87dd7e7837af90198bb821524fce3af4980edd5f9992a363289: [
        "OPTIONAL",
        "capabilities can be left out",
        "permission",
      ],
      "2b6bd066037bc4da56c1f6832377b136244fcd09f9a74f1a8e907f82608b28a1": [
        "SHOULD",
        "a capability that both have goes into runtimeConfig",
        { runtime: ["R7f"] },
      ],
    },
  },
  {
    section: "3, Lifecycle & Ordering",
    texts: cniTexts("1.1.0", "main"),
    sentences: {
      bb3966c776849a46b8a8507b897a605e28164916e43d6cd22131c5da68d3bcb6: [
        "MUST",
        "gc never runs beside add and delete",
        { runtime: ["R5c"] },
      ],
      "7cea56548d0a0135fc1f01d6be62717dba04d0ee0003173043ecc32df49a7b65": [
        "MUST",
        "gc waits for them, and they for it",
        { runtime: ["R5c"] },
      ],
    },
  },
  {
    section: "3, Garbage-collecting a network",
    texts: cniTexts("1.1.0", "main"),
    sentences: {
      "03105bb2c7aadd8c6720521d2d019859288401485f68e6d38cf5b7b9b65c5899": [
        "MAY",
        "the runtime can ask for stale resources to be removed",
        "permission",
      ],
    },
  },
  {
    section: "3, Deriving request configuration from plugin configuration",
    texts: cniTexts("1.1.0", "main"),
    sentences: {
      "53a2cf76cbcbe948ab945b3aace0a79dc4fd1bd63d0ad147a29fad56789e0661": [
        "MUST",
        "the runtime sets runtimeConfig to the capabilities of both",
        { runtime: ["R7f", "R7g"] },
      ],
      "237e12dd387a0d0ebcf175424290b75b880ddfa2b5259fcf857137970c61f3b5": [
        "MUST",
        "the runtime sets prevResult",
        { runtime: ["R3b", "R3c", "R3d"] },
      ],
      "76d372898090e6aca7f0679113b86ee7e5e59bac938cc880c80ffc9ec9674a00": [
        "MUST NOT",
        "the first add of a chain has no prevResult",
        { runtime: ["R3a"] },
      ],
      "13e1c8781bc3bb78e9a27e8afc5d831bef4a2109aee221b49fb30952ae2f4868": [
        "MUST NOT",
        "the runtime takes capabilities out",
        { runtime: ["R7e"] },
      ],
      e913a9e8d13a101e4b3187729428ad91b671cfa66ccc450977225e283a05da79: [
        "SHOULD",
        "the runtime passes all else on as it is, but for cni.dev/",
        { runtime: ["R7d", "R7h"] },
      ],
    },
  },
];
