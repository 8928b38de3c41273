import type { Section } from "#suites/requirements/sources/sentence.ts";
import { cniTexts } from "#suites/requirements/sources/texts.ts";

/** CNI specification, sections 4 and 5: delegation, results and errors. */
export const results: readonly Section[] = [
  {
    section: "4, Plugin Delegation",
    texts: cniTexts("0.3.1", "main"),
    sentences: {
      "40f911445ff324acb695a5e8eccde4815c8161148ae7a33033fdeef883cbf59e": [
        "MAY",
        "why address management is a plugin of its own",
        "explanation",
      ],
    },
  },
  {
    section: "5, ADD Success",
    texts: cniTexts("0.3.1", "main"),
    sentences: {
      ed8e0733a5ee1ca51665d717a4d5f4ee912857bd5ecd5c94578deb8129df5f07: [
        "SHOULD",
        "interface is the index of the interface that has the address",
        ["CNI-5d", "CNI-5e"],
      ],
    },
  },
  {
    section: "4, Plugin Delegation",
    texts: cniTexts("0.4.0", "main"),
    sentences: {
      "500e44bfa02868f92dff0560c33b3e6284488031426a80070a08d034308be9ec": [
        "MUST",
        "an IPAM plugin answers address, gateway and routes",
        ["CNI-4a", "CNI-5d"],
      ],
    },
  },
  {
    section: "4, Plugin Delegation",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      "47e564d18bbd5c0f5634e7f48d5320299054ee4886b17ec2eeb33d0058873ee4": [
        "MAY",
        "a plugin can have another one do part of its work",
        "permission",
      ],
      "92860e7d679b95287b224b9b8d349df3b28df9117978d48e8ead4dd09f4ed8dd": [
        "MAY",
        "a plugin can have another one manage addresses",
        "permission",
      ],
      "3fb6e7b590a1a33c01a3355c868b4d8c983b9e82af672fdca1ee402798f2ff17": [
        "MAY",
        "where an IPAM plugin has its addresses from is its own affair",
        "permission",
      ],
    },
  },
  {
    section: "4, Delegated Plugin protocol",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      "95109492e86dde85dd782b371fdc6f1e1ef96355e48f2772734e0d5e2e6e5950": [
        "MUST",
        "a delegate gets the plugin's environment, also variables that nobody knows",
        ["CNI-16b"],
      ],
    },
  },
  {
    section: "4, Delegated plugin execution procedure",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      "3a56fe688143bd4c5cf3be8bc557533733ddfc12581b1c5c5ef6b95e6a15d32d": [
        "SHOULD",
        "a plugin finds its delegate in CNI_PATH, calls it with its own environment and configuration, and passes its stderr on",
        ["CNI-16b", "CNI-16c", "CNI-16d"],
      ],
      "6e939f50ff71ff5611ed6f6168502db13f7c63c4e844a8b327bb5edc494b66ab": [
        "SHOULD",
        "a delegate's error is the plugin's",
        ["CNI-15c"],
      ],
      "956827c06b5ee7b3d985340c5a923d5f575072f0e1d280f6dcebc78e1a885dd5": [
        "SHOULD",
        "after a failed ADD of the delegate the plugin calls its DEL",
        ["CNI-15d"],
      ],
    },
  },
  {
    section: "4, Delegated plugin execution procedure",
    texts: cniTexts("1.0.0"),
    sentences: {
      "798527803d048884c65f550937c4552183b8758d8f691e4551746dbc89f55275": [
        "MUST",
        "CHECK and DEL call the delegates too",
        ["CNI-15a", "CNI-15b"],
      ],
    },
  },
  {
    section: "5, ADD Success",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      "6368ccf0a846615507bd3694d1aad0ffca4c67e3bef8979617d5dc61b98eddfc": [
        "MUST",
        "a plugin with prevResult answers it with its own changes",
        ["CNI-6a", "CNI-6c"],
      ],
      "2d8b3259395e08b8b64078c9f71b9b2d427cf71a56778a01ddc2c58e7e63e005": [
        "MUST",
        "a plugin that changes nothing answers prevResult",
        ["CNI-6a"],
      ],
      b35cccc33c6eb79a3ce040797b3e8759832976954583c3eed1b39c8d0d857a91: [
        "SHOULD",
        "the sandbox is CNI_NETNS",
        ["CNI-5b"],
      ],
      cc08cdf2d29d0d73be095ce3b630cd5641e84997e05c2dbdd54fbd701125c930: [
        "MAY",
        "a result can have addresses outside of the container",
        "permission",
      ],
      a19e4040cc04e7fac934283a915921c84d4b7fbc9cd99c705864ee9818c495d4: [
        "MAY",
        "without a next hop the gateway of the address can stand for it",
        "permission",
      ],
    },
  },
  {
    section: "5, Success",
    texts: cniTexts("1.0.0"),
    sentences: {
      ad6b7685dbcba8de6cdea771ff5615d675587acf03fff1fd1fa150dcdd34de76: [
        "MUST",
        "the keys of a result of ADD",
        ["CNI-4a", "CNI-4b", "CNI-5a", "CNI-5c", "CNI-5d", "CNI-5e"],
      ],
    },
  },
  {
    section: "5, Delegated plugins (IPAM)",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      a53228bddf82374cfae0f480cd425624bf9a351997f71ec4b2d85d8206a626c6: [
        "MAY",
        "a delegate can leave out what does not concern it",
        "permission",
      ],
      e315f34b90c85cbdb2606f15dce48646b5d9eb5521c743211246ef1d21d86f3a: [
        "MUST",
        "an IPAM plugin answers neither interfaces nor an index of one",
        ["CNI-16a"],
      ],
    },
  },
  {
    section: "5, Error",
    texts: cniTexts("1.0.0"),
    sentences: {
      fa25283f40806570fa7c49c7d0cdccbb59536d4e54db7be92048f320a4be65d8: [
        "SHOULD",
        "the keys of an error",
        ["CNI-2a", "CNI-2b"],
      ],
    },
  },
  {
    section: "5, Error",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      "047b3e087a2c233d58284d7d73664e012f945d339ec9a850abb647d311fb6e3d": [
        "CODE",
        "code 1: the version of the specification is not spoken",
        ["CNI-3a", "CNI-3d"],
      ],
      "43c0ba210c89acb8ca1d4945ae706f421d98c36298b171f231b901266b01f617": [
        "MUST",
        "code 2: a field is not supported; key and value are told",
        { ids: ["CNI-3d"], gap: "no wrong call has a field that a plugin must refuse with code 2" },
      ],
      "0e9ca1e707fcd75f06d4fb1d15974818162f9d254dc85015e2b9044e25ff017c": [
        "CODE",
        "code 3: the container is unknown",
        ["CNI-3d"],
      ],
      b39953b6d912a5ade148ece0f5241e69efc8510c44a2c834f97bad6b1470b31a: [
        "MUST",
        "code 4: variables are invalid; they are named",
        ["CNI-3c", "CNI-3d"],
      ],
      "6c70469ae41e576f628df481790209e779de797e9c817f177e52cf6fc339cd4a": [
        "CODE",
        "code 5: reading or writing failed",
        ["CNI-3d"],
      ],
      "4f3e91c31486f063e3d995f6f67ff016a5d2eb764ac75e05fe8c61abfd4d50a7": [
        "CODE",
        "code 6: the content cannot be decoded",
        ["CNI-3b", "CNI-3d"],
      ],
      "4b04e586f720283c893ad3412eef7ad92871e92a4f230394c7ccd24185c225d6": [
        "CODE",
        "code 7: the configuration is invalid",
        ["CNI-3d"],
      ],
      "7c5a44212281fe66f6b01e48e6ba37d04660714286c30db4edbfff8fafb663c4": [
        "SHOULD",
        "code 11: try again later",
        ["CNI-3d"],
      ],
    },
  },
  {
    section: "5, VERSION Success",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      c64aa183316bdc683267657a8de58d9ecb87f1c458421845ce31de51789ca138: [
        "MUST",
        "VERSION answers the cniVersion of its input, and the versions that the plugin speaks",
        ["CNI-12a", "CNI-12b"],
      ],
    },
  },
  {
    section: "4, Delegated plugin execution procedure",
    texts: cniTexts("1.1.0", "main"),
    sentences: {
      "289edd6a3f5658851a6122a3324c40b9a2f89f2f6c3f5419ffc834b085424458": [
        "MUST",
        "CHECK, DEL and GC call the delegates too",
        ["CNI-15a", "CNI-15b", "CNI-14a"],
      ],
    },
  },
  {
    section: "5, Result Types",
    texts: cniTexts("1.1.0", "main"),
    sentences: {
      "36be242f5f20c1e576a9fd88a95c3653f8f66312b798b6e6fa1118f818063df6": [
        "MUST",
        "some calls have a result",
        ["CNI-4a", "CNI-12a"],
      ],
      b38319d72df6ee4f8ab2102a483e6b55f9f7b39ebccc5a7f2f0464a8cfac43ac: [
        "SHOULD",
        "a result is JSON on stdout",
        ["CNI-4a", "CNI-12a"],
      ],
    },
  },
  {
    section: "5, ADD Success",
    texts: cniTexts("1.1.0", "main"),
    sentences: {
      "028c6d159448f4c5eb6e76d41eeb36d02074898b43cb7e3cca867e86939e369a": [
        "MUST",
        "the keys of a result of ADD, with the MTU and further attributes of routes",
        {
          ids: ["CNI-4a", "CNI-4b", "CNI-5a", "CNI-5c", "CNI-5d", "CNI-5e"],
          gap: "no test compares mtu, advmss, priority, table and scope with what there is",
        },
      ],
      "568c5ac0649c15cbeb924ce2b939d34c691cec0850fd22a880729d6730c63f1e": [
        "OPTIONAL",
        "socketPath can be left out",
        "permission",
      ],
      f71065e0afe72ae0f804e99ceeddb3a1b8fcfcad12b2f22f85298ee3f58f3c57: [
        "OPTIONAL",
        "pciID can be left out",
        "permission",
      ],
    },
  },
  {
    section: "5, Error",
    texts: cniTexts("1.1.0", "main"),
    sentences: {
      eaab90fbfa45b93aa71e0e370bcb70a5c1716d3e12b7c303240b745fa31fee99: [
        "SHOULD",
        "the keys of an error",
        ["CNI-2a", "CNI-2b"],
      ],
    },
  },
  {
    section: "5, Error",
    texts: cniTexts("main"),
    sentences: {
      ca3a865286b0fa104a2acb9b4a1878cf0f7b42ca0752af6a1856b61d27702631: [
        "CODE",
        "code 50: the plugin cannot serve ADD",
        ["CNI-3d"],
      ],
      "87487d519d5735d0d9e8da33030e077d7ef36fff5af05432d8281f0bb34c7d67": [
        "MAY",
        "code 51: nor can existing containers be sure of their network",
        ["CNI-3d"],
      ],
    },
  },
];
