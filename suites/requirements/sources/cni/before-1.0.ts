import type { Section } from "#suites/requirements/sources/sentence.ts";
import { cniTexts } from "#suites/requirements/sources/texts.ts";

/** Sentences that the CNI specification had at 0.3.1 and 0.4.0, before it was rewritten. */
export const before10: readonly Section[] = [
  {
    section: "Overview",
    texts: cniTexts("0.3.1", "0.4.0"),
    sentences: {
      ef4e6d32bc96a6d5168d5d66f7b7f6661dc72a1de3cd5a6c43aad92dbcce2762: [
        "MAY",
        "a runtime can hand over more than the well-known fields",
        "permission",
      ],
    },
  },
  {
    section: "Parameters",
    texts: cniTexts("0.3.1", "0.4.0"),
    sentences: {
      "5adccedf5b1ac99e380d0535531f8301fb0d663b5e3c6ebf75bfca624bfc4d4d": [
        "MUST",
        "the interface in the container gets the name that was asked for, one that Linux allows",
        ["CNI-7", "CNI-19"],
      ],
      "72263c98fb9913d2e604fb01c4a3ad8ad5d9666b2c7609b8eda47957c4a1e0a6": [
        "SHOULD",
        "a DHCP release that cannot be sent is no error",
        ["CNI-10a"],
      ],
      "9065df7820254fa94affc2f7df095e3fce569e6c4c9196d0e6af0d1ba05916b0": [
        "SHOULD",
        "an interface plugin has its IPAM plugin release and cleans up although the namespace or interface is gone",
        ["CNI-10c", "CNI-10d"],
      ],
    },
  },
  {
    section: "Result",
    texts: cniTexts("0.3.1", "0.4.0"),
    sentences: {
      c9347f56a039f9e00a254660192da89fffef1612ce1cb8a22cd965d93460b184: [
        "SHOULD",
        "ips and dns are what the IPAM plugin said, with the index of the interface added",
        ["CNI-5d", "CNI-16e"],
      ],
      b949d1292284e0aab6bb633fe3a41babb058aaac6be95932764b95ff9c932f44: [
        "MUST",
        "the interface in the sandbox is called CNI_IFNAME, or the call fails",
        ["CNI-7"],
      ],
      "1e9c695a9b2bf186d5d2e1e2aa17325e2a3f5e4211e5502d42818a2e14fb26cd": [
        "OPTIONAL",
        "no MAC where layer 2 means nothing",
        "permission",
      ],
      "7e8a7d5c0b08cf577b05c889bee2e0ba752a18a328c27ecd565e2854a9bef9bd": [
        "SHOULD",
        "sandbox is the path of the network namespace",
        ["CNI-5b"],
      ],
      "3c0a738d9b49abb2b6145870e8925354ecd1be03c9e01b98bf4ed3ba3f1aff4a": [
        "SHOULD",
        "plugins for virtual machines name the machine as sandbox",
        "elsewhere",
      ],
      b1d8e1c7bdc185792119f92a7574420461dd57fa4a1ab6801d8cf3e16b1d3cdd: [
        "MUST",
        "an interface in a sandbox has the field sandbox",
        ["CNI-5a"],
      ],
      "12c9be5a204fd536febdab2404240b105118b53e609a29c2dd08f9b5ab8ed693": [
        "MUST",
        "what consumers do with DNS information is left to them",
        "explanation",
      ],
    },
  },
  {
    section: "Network Configuration",
    texts: cniTexts("0.3.1", "0.4.0"),
    sentences: {
      "140d5dbabbff54da9bdde8c3ca66c01805a2063b88f5a4f6f70ec7630f159775": [
        "SHOULD",
        "the network's name is unique on the host",
        "administrator",
      ],
      "9ef8063c29fe643796f3be8e4f4aba9bc2fd65500f2f864daed0d72d3dbe642f": [
        "MAY",
        "a plugin can have fields of its own, and refuse unknown ones",
        "permission",
      ],
    },
  },
  {
    section: "Network Configuration Lists",
    texts: cniTexts("0.3.1", "0.4.0"),
    sentences: {
      "70b71906f3cf3004a40c2e397c23d4f47c28689b481bcfd6102bce69e64371c1": [
        "MUST",
        "the runtime puts the list's name and version into each plugin's configuration",
        { runtime: ["R7b", "R7c"] },
      ],
      "72775f25961f9b619ae10dc1fa42a4bc0dc4bb56d0d9b60e5eb9630bdc1d4e6f": [
        "MAY",
        "the runtime can pass capability arguments as runtimeConfig",
        "permission",
      ],
      "4e1f6ac5457c30218fbeb3d3e01db4d807cf00dc9fc724a4d1a04e06901a377c": [
        "MUST",
        "keys of runtimeConfig are names of declared capabilities",
        { runtime: ["R7g"] },
      ],
      "166d1c07121d3bcb1e3b1db912f4a687a2977169113d61c8f4efaaefcc9fee3a": [
        "MUST",
        "a plugin knows prevResult: passes it on, changes it or leaves it out on purpose",
        ["CNI-6b"],
      ],
      "110dde9b6c975226ca8fcdf8e5872348086feefcfc191ea6a2b6667e0bc58e07": [
        "MUST",
        "all plugins of a list get the same environment",
        "runtime",
      ],
    },
  },
  {
    section: "IP Allocation",
    texts: cniTexts("0.3.1", "0.4.0"),
    sentences: {
      "2d1c587369d01410f1e2525e342ab98ddccd40ef2320c60fb19635bdb2223cd2": [
        "MAY",
        "where an IPAM plugin has its addresses from is its own affair",
        "permission",
      ],
    },
  },
  {
    section: "IP Address Management (IPAM) Interface",
    texts: cniTexts("0.3.1", "0.4.0"),
    sentences: {
      ae1b8355728a7ef5d583017d32a592bbe2992f57b31b9fa362fc5fd4fd3ffabd: [
        "MUST",
        "DHCP needs a network with broadcast",
        "administrator",
      ],
    },
  },
  {
    section: "Notes",
    texts: cniTexts("0.3.1", "0.4.0"),
    sentences: {
      "518b9cc804e10aaed4825632269dd44a73f88ac8e5a5696acf9fab6318e7b61e": [
        "MAY",
        "a default route is one to 0.0.0.0/0",
        "permission",
      ],
      "7c404328a805c7aef55e76beafc8f3888537bc39dd11cdd6c5da63ec7f59d656": [
        "SHOULD",
        "a plugin copes with a default route that another network has set",
        ["CNI-23"],
      ],
    },
  },
  {
    section: "IPs",
    texts: cniTexts("0.3.1", "0.4.0"),
    sentences: {
      "1990276216b11d6cf773e0d5f70675ccbb3bb8cf4c4956d710d96d4e45091204": [
        "OPTIONAL",
        "the fields of ips, which IPAM plugins give no interface",
        ["CNI-5d"],
      ],
      "9a7d5a3d97fb3749853db49515b477e048706378fa3a42235892fc274d5bbf66": [
        "MAY",
        "several interfaces and addresses are items of their own",
        "permission",
      ],
      "626ce8f136fc455c31867f8fba5d9aaaea30c7fe83147e4eb87f138e36a0bd4d": [
        "SHOULD",
        "a plugin tells what it knows, also where it need not",
        ["CNI-5e"],
      ],
      "3e319ca8068deda00bcbda4a32fb1b77c6d0553eaee50ceb6cadd4c527f375a6": [
        "MUST",
        "addresses and gateways fit the version beside them",
        ["CNI-5f"],
      ],
      "45e2b9ea2ad5d4d83c07474c9f776829635c37e765480fe67d32df2c6844de0c": [
        "SHOULD NOT",
        "IPAM plugins give no index of an interface",
        { ids: [], gap: "the index of an interface is looked at from 1.0.0 on, in CNI-16a" },
      ],
    },
  },
  {
    section: "Routes",
    texts: cniTexts("0.3.1", "0.4.0"),
    sentences: {
      "545d56a9c7f1915ee288b7754aea7c97945393c1557c39018428baa0eb5e8e5f": [
        "OPTIONAL",
        "the fields of routes",
        ["CNI-5e"],
      ],
      "7b0cb5679177fe86014ae872219864d722653104a4d085052227d21795e20611": [
        "MUST",
        "destination and next hop of a route are of one family",
        ["CNI-5f"],
      ],
    },
  },
  {
    section: "DNS",
    texts: cniTexts("0.3.1", "0.4.0"),
    sentences: {
      "6f763eaf517ee9279a2258d867253b921962c5f782ecdd45343192454a687790": [
        "OPTIONAL",
        "the fields of dns, all of which can be left out",
        "permission",
      ],
    },
  },
  {
    section: "Well-known Error Codes",
    texts: cniTexts("0.3.1", "0.4.0"),
    sentences: {
      "0811e27068a45229fd6f6c9016376cfc1811749cc59357357bb24b134ba8dc2d": [
        "CODE",
        "code 1: the version of the specification is not spoken",
        ["CNI-3a", "CNI-3d"],
      ],
      "628459f815f3bcd24ab629fa27d21ae1815788f09962266d8fe401f90454a884": [
        "MUST",
        "code 2: a field is not supported; key and value are told",
        { ids: ["CNI-3d"], gap: "no wrong call has a field that a plugin must refuse with code 2" },
      ],
    },
  },
];
