import type { Section } from "#suites/requirements/sources/sentence.ts";
import { cniTexts } from "#suites/requirements/sources/texts.ts";

/** Sentences that the CNI specification had at 0.4.0 alone. */
export const only04: readonly Section[] = [
  {
    section: "General considerations",
    texts: cniTexts("0.4.0"),
    sentences: {
      "3caa2af7c7ba34838866c138c7a5107e920771217cdcc40421ae9098fb6742a7": [
        "MUST",
        "the runtime settles the networks of a container and their plugins",
        "runtime",
      ],
      bb3adcfaaf0eca3418d98af0512f31a94e3dd3ff8b47b856cae67e1a81ab2947: [
        "MUST",
        "what varies between calls goes into args",
        "runtime",
      ],
      "212a5cad7a4c7d53f9405fe3c70b20e6db5521ecf67e5e70c6aaeb7e19dab33a": [
        "MUST",
        "the runtime adds a container to its networks one after the other",
        "runtime",
      ],
      "92811d2b36b09b2da735d3c98d2fc65bba243601ed0aef077070ecf15332c59b": [
        "MUST",
        "the runtime removes a container from its networks in reverse order",
        "runtime",
      ],
      cb934f6cb9c4a010e3f661c1c74e29e9ce5cf39f4c0f20b7665e1298a6873c00: [
        "MUST",
        "every ADD is followed by a DEL at some time",
        { runtime: ["R2d"] },
      ],
      "4394f1739f068647bde39e06f1d2a1eeb9d7d1efb0c2de8f354bfb9ab473977e": [
        "SHOULD",
        "a plugin takes further DELs after the first",
        ["CNI-9c"],
      ],
      "36a3f01285d23a72858e00b9b2c46e26164aa6b0b2d40ef45c569efb265f2620": [
        "MUST",
        "a container is known by its id alone",
        "runtime",
      ],
      "091984bb5375212bc49a9197c0412f1b98acf96d4d673703e67c55b20ed3ed6d": [
        "SHOULD",
        "a plugin keeps its state by network, container and interface name",
        { ids: ["CNI-20c"], gap: "no test attaches one container to two networks" },
      ],
      c48b89c4c9ca7a11f619f4fc9727338a6bec87d82089317f8a0ea4977067d19f: [
        "MUST NOT",
        "no second ADD of the same network, container and interface without DEL",
        "runtime",
      ],
      "7ef31194d64e47a9492f8307d90be14db030d62522d3d00a9b635e77a439fbb7": [
        "REQUIRED",
        "a field is there unless it is said to be optional",
        ["CNI-4a", "CNI-12a"],
      ],
    },
  },
  {
    section: "Overview",
    texts: cniTexts("0.4.0"),
    sentences: {
      d1535ea5dec2c91797064fbda7bedb72751bcefabff6c4139cbffdb2323661b3: [
        "MUST",
        "a plugin is an executable",
        ["CNI-1"],
      ],
      "51f34af59c16db837ea1b9a2d9ae69afce70ae05dc4fc7620e19e2f4874f740d": [
        "SHOULD",
        "an interface plugin has its IPAM plugin give the address, and sets address and routes",
        ["CNI-5e"],
      ],
    },
  },
  {
    section: "Parameters",
    texts: cniTexts("0.4.0"),
    sentences: {
      "0cc0c7d43e97d39ad208c5f99954f9e8a48aa400b435741f24aaa2ad697c337b": [
        "MUST",
        "a plugin has ADD, DEL, CHECK and VERSION, with these parameters and results",
        ["CNI-4a", "CNI-10d", "CNI-11a", "CNI-12a"],
      ],
      "5ca06223fdc8155d9193a88a00c1429f08a2bc126e1e82204b5fc0047a405b4d": [
        "SHOULD",
        "DEL has the parameters of its ADD",
        { runtime: ["R6f"] },
      ],
      "3557d14918d2e53d725bfd8dd22364767348dcf42272e78c15db1c5837eca736": [
        "SHOULD",
        "DEL releases all that the container holds in the network",
        ["CNI-10d"],
      ],
      "1ac89420d191c1f9d4876b108fdeeb98b17782be74ce3a90b36c0d4d2a1652b7": [
        "MUST",
        "DEL has the result of the last ADD as prevResult, where there was one",
        { runtime: ["R3c"] },
      ],
      d12fa4ac18a02f939308bff5e81a489e53edb1d5ed025c64b14cda2627e72926: [
        "SHOULD",
        "without network namespace or prevResult DEL cleans up what it can and succeeds",
        ["CNI-10a", "CNI-10b", "CNI-10c"],
      ],
      c0476d4d8bf42ae10dfde1f3181e9e6f4e6ea37e289cf15aa381d0f011d22120: [
        "MUST",
        "a cached result goes with a successful DEL",
        { runtime: ["R3g"] },
      ],
      "8fc238a9fb1ae071d355e8abcc0195802997d8146e465a36abee555077b9f776": [
        "MUST",
        "CHECK has the result of the last ADD as prevResult",
        { runtime: ["R3d"] },
      ],
      "1c13e1acb2312799f922899085c4a970c54ea7f2c26c999db8df8676ddc57bb8": [
        "MUST",
        "CHECK answers nothing, or an error",
        { ids: ["CNI-11a"], gap: "no test looks at what a successful CHECK prints" },
      ],
      c5850f14c797af6bf0247b7cbe69dbfef976b9f449c640bd1572b2bf2ebe656d: [
        "MUST",
        "CHECK allows what later plugins of the chain have changed",
        ["CNI-11b"],
      ],
      "8d74496cd6083852908d42cbcbe0a7d030a25fdee3a7446843f0517805191031": [
        "SHOULD",
        "CHECK fails where an interface, address or route of the plugin's is missing or wrong",
        ["CNI-11d", "CNI-11e", "CNI-11f"],
      ],
      "59673e190203149cca0db85b0f03af6d13541d07eb44095ffb1240609e582b7e": [
        "MUST NOT",
        "no CHECK where disableCheck is set",
        { runtime: ["R8a"] },
      ],
      "32918d282a186766161934e95ecdfc2e853e40eaccd5501178425fa69c51f943": [
        "MUST",
        "the runtime takes the type for the name of the executable",
        "runtime",
      ],
      "135fa0ab9f48f3f40f2d4af897d205183367aae27e5c603a178492c94277b194": [
        "SHOULD",
        "the runtime looks for the executable in its folders",
        { runtime: ["R6c"] },
      ],
      "9e1a1abc047bdec12c522ae01cb5f0fd3a1b979f9727a748ce2d66eb6dd7a3e6": [
        "MUST",
        "the runtime passes its arguments in these variables",
        { runtime: ["R6a"] },
      ],
      ad54555b6373dd44a0bc70c768742113b8280d758cd7c2268f7d404bfe85a7d3: [
        "MUST",
        "a plugin uses CNI_IFNAME or fails",
        ["CNI-7"],
      ],
      c62276c06d9be1eae07583778eee9e110a0ae84fd443e9ab05724373beda5cc9: [
        "MUST",
        "the configuration comes by stdin, as JSON",
        { runtime: ["R7a"] },
      ],
      "2874e1a7e8a005175b00a64bdbf52970d033002536e8a859aa33f52d0c79ab62": [
        "MAY",
        "a configuration need not be a file",
        "explanation",
      ],
    },
  },
  {
    section: "Result",
    texts: cniTexts("0.4.0"),
    sentences: {
      ed649fd8c1f5aa5827e5a8093ff72cdfbc29766a87550b4c28b3b36a0bef0e87: [
        "SHOULD",
        "IPAM plugins answer the abbreviated result",
        ["CNI-16f"],
      ],
      a0813a3a69206d9b2168bd32d1bea3d067a480089a483a762c2b878ebbc8afbb: [
        "MUST",
        "success is exit code 0, and the result of ADD is on stdout",
        ["CNI-1", "CNI-4a"],
      ],
      fd360dfaaf93cd69443da10a70a104a19e2d4560890ebb57e9867b8fdfcfb712: [
        "REQUIRED",
        "the fields of a result: sandbox for interfaces in a container, others can be left out",
        ["CNI-5a", "CNI-5d"],
      ],
      "122e621ea190bf13b023cc83bb06fae76bf3fc9a82f4c5fe216d344fa8a5acce": [
        "MUST",
        "the result has the cniVersion of the configuration",
        ["CNI-4b"],
      ],
      "69f87017f8221dd95ada7041fd946a866735747f4bd4933399b3f108899bf867": [
        "SHOULD",
        "a version that the plugin does not speak is error 1",
        ["CNI-3a"],
      ],
      feccd407ae22082b4a8c855f352f3d92def69cb46a573858ec62d30e847784fd: [
        "MUST",
        "an error is an exit code other than 0 and a JSON object on stdout",
        ["CNI-1", "CNI-2a"],
      ],
    },
  },
  {
    section: "Network Configuration",
    texts: cniTexts("0.4.0"),
    sentences: {
      "1343c4c47f812e94b67c2f822ee0b496250b7a7334fb7311d7bd42f9bd6a29d6": [
        "MAY",
        "where the configuration is kept is the runtime's affair",
        "permission",
      ],
      cd6b019fcd511a1e9406699ad5f9036c74189165600158780d9a8dcec54a992b: [
        "OPTIONAL",
        "args can be left out",
        "permission",
      ],
      cec499b485c8ebfe9692aadbd85716d601cb6af203184e421b2d81788e066b83: [
        "OPTIONAL",
        "ipMasq can be left out",
        "permission",
      ],
      "221a55cb831c61f1a30727a25a72faa42bbbe32be2f7b0031627f21d6a48d73b": [
        "OPTIONAL",
        "ipam can be left out; its type names the IPAM plugin",
        "permission",
      ],
      e3b75311bcdfe47d6db7546f6798862fe117d5a6282957a21f0be9ff84cdc2d2: [
        "SHOULD",
        "a plugin ignores args that it does not understand",
        ["CNI-22"],
      ],
    },
  },
  {
    section: "Network Configuration Lists",
    texts: cniTexts("0.4.0"),
    sentences: {
      "9173c9bd8059b4f5ca58f70035b4586f6dfe095e8ee626c0b129843540e2ac01": [
        "MUST",
        "from the second plugin on ADD has the result of the one before as prevResult",
        { runtime: ["R3b"] },
      ],
      "6c6edaca1f06e3db3dc833b6a45011f8d05296b007215b447f16ecc233bc90bb": [
        "MUST",
        "CHECK and DEL have the result of the last ADD as prevResult; DEL can do without",
        { runtime: ["R3c", "R3d"] },
      ],
      "1796375b70540f89f4df41e49e738e4534a4d8835f43cef740322f8b09dfc5cd": [
        "SHOULD",
        "a plugin passes prevResult on unless it changes it",
        ["CNI-6b"],
      ],
      dc261a01f0c0759d19f92aabd9cfdaa68eb90c98b6674f1518e9e62f21ce95a0: [
        "MUST",
        "DEL goes through the list backwards",
        { runtime: ["R2b"] },
      ],
    },
  },
  {
    section: "Network Configuration List Error Handling",
    texts: cniTexts("0.4.0"),
    sentences: {
      ea25dd063b7e41d378d32191487500b1fe86fcaaa50fc48cda0542075d297cc6: [
        "MUST",
        "the runtime stops at the first error of a list",
        { runtime: ["R4a", "R4e"] },
      ],
      "4c06320559da2be9761bce7ffefeea700839eef2b4e0c193f0e19bab4cadbefd": [
        "SHOULD",
        "after a failed ADD the runtime calls DEL of every plugin",
        { runtime: ["R4d"] },
      ],
    },
  },
  {
    section: "IP Address Management (IPAM) Interface",
    texts: cniTexts("0.4.0"),
    sentences: {
      "38e8047d9cd49efa81f61c971e1f6e7fc96b8f719a936b946b810ff67d7ed33e": [
        "MUST",
        "the IPAM plugin gets the plugin's environment",
        ["CNI-16b"],
      ],
      a649d0978e7a6e418d3b69708fb8a1e1b8d4913e63e60ed59743c1dd76ebe535: [
        "MUST",
        "an IPAM plugin succeeds with exit code 0 and its result on stdout",
        ["CNI-1", "CNI-4a"],
      ],
      f346a4e7dca46d8261d975a198fbf78909f81ee6d632a48a96dfb869558befb0: [
        "REQUIRED",
        "an IPAM plugin answers no interfaces",
        ["CNI-16f"],
      ],
      "024aae3b2ca43b9af727a4a9c425afa170d7c2fcea37d80c342e948f903bba80": [
        "MUST",
        "an IPAM plugin's result has the cniVersion of the configuration",
        ["CNI-4b"],
      ],
      "0957290812e199cfdb46d1a4451a3686b78b53d2afda6b963313746fa047c878": [
        "SHOULD",
        "an IPAM plugin that does not speak the version fails with error 1",
        ["CNI-3a"],
      ],
    },
  },
  {
    section: "Routes",
    texts: cniTexts("0.4.0"),
    sentences: {
      "4abe809c7bf8e24ba49cc0455e16adc22ff84496a8788793e3c908d6ab1f2aed": [
        "MUST",
        "routes concern the interface in the sandbox",
        ["CNI-5e"],
      ],
    },
  },
  {
    section: "Well-known Error Codes",
    texts: cniTexts("0.4.0"),
    sentences: {
      "54ec8800ff8b172058cff146fd4aab242730e5e5ab899ab3b245523667b720f3": [
        "MUST NOT",
        "codes 1 to 99 are used as defined, and no others of them",
        ["CNI-3d"],
      ],
      "3e75fc45439d9c8df5e707604d7edab8655d4499ef12daecbb17a87265ce137b": [
        "CODE",
        "code 3: the container is unknown",
        ["CNI-3d"],
      ],
      "800761129e3cbc24073976bdcfb2f7fcd0ef2dbcf13cc81db5ee86c228fb8bdb": [
        "SHOULD",
        "code 11: try again later",
        ["CNI-3d"],
      ],
    },
  },
];
