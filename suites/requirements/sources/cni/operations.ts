import type { Section } from "#suites/requirements/sources/sentence.ts";
import { cniTexts } from "#suites/requirements/sources/texts.ts";

/** CNI specification, section 2: ADD, DEL and CHECK. */
export const operations: readonly Section[] = [
  {
    section: "2, DEL",
    texts: cniTexts("0.3.1", "main"),
    sentences: {
      "8f80fcff8563f86b1c6f8beb89f15fee7dc43a56ea8c01379090857674a21b6a": [
        "SHOULD",
        "an IPAM plugin releases an address without the network namespace",
        ["CNI-10c"],
      ],
    },
  },
  {
    section: "2, ADD",
    texts: cniTexts("0.4.0", "main"),
    sentences: {
      "7fd744005510b3c6532bb81af76d50b9c2f9a9e577ecbf9868773c32e1046bd5": [
        "MAY",
        "one container can be added to a network several times, by other interface names",
        ["CNI-20a"],
      ],
    },
  },
  {
    section: "2, CHECK",
    texts: cniTexts("0.4.0", "main"),
    sentences: {
      f1702b44f55ce8fa6870996c95b1586361617aec49b13a5c306ca311203b34d0: [
        "MAY",
        "the reference library can cache results",
        "permission",
      ],
      "1bdd9848f9ca3b295cd0d9ed4be2f45cc6d5314aae1251e5a464a12de9996494": [
        "MUST",
        "CHECK takes from prevResult what it is to find",
        ["CNI-11c", "CNI-11d", "CNI-11e"],
      ],
      "507c671d9749459032bf4940cf7a29d1b4ffdd0454bbf88e3823df6ef0fc0a5a": [
        "SHOULD",
        "CHECK fails where firewall rules, shapers, reservations and the like are missing",
        ["CNI-11g", "CNI-11h"],
      ],
      c6b46eb813274481cb9106b936424a48f71b43772227f49f99a1adf46de12eeb: [
        "REQUIRED",
        "CHECK fails where a daemon that connectivity needs is away",
        { ids: [], gap: "no plugin in the suite's reach has such a daemon, but dhcp" },
      ],
      "397042283a13514ce947498beef52401eb0a1fbc4199c88ebcd31d161a3474ac": [
        "SHOULD",
        "CHECK fails where the plugin knows that the container cannot be reached",
        ["CNI-11d", "CNI-11e", "CNI-11f", "CNI-11g"],
      ],
      e6d30d13c5f3ecda0ccaaf97eb3ac8336f36f05528da9791e194b064cadae14e: [
        "MUST",
        "CHECK works right after ADD",
        ["CNI-11a"],
      ],
      "0c0c0c2e4e62f81ba927def13673a428a70ad26b4e7547f0fc00c9fbc1b2ca2f": [
        "SHOULD",
        "CHECK calls the delegate's and passes its error on",
        ["CNI-15b", "CNI-15c"],
      ],
      "28f471531104027bcda3dc4a2c3e8685ede64f98206bcd88df52496e2b797779": [
        "MUST NOT",
        "no CHECK without an ADD before it",
        { runtime: ["R8c"] },
      ],
      "49c5bf717469a9cc61b6fb41eb9fd96d95aef1a30622ed8fd46be99d06ca3145": [
        "MUST",
        "CHECK has the result of the last ADD as prevResult",
        { runtime: ["R3d"] },
      ],
      e3f3313baa25f1efe52aea6a7f02f46b557551b766e6d4368c7352929aff5d5d: [
        "MAY",
        "the runtime can stop a CHECK at the first error",
        "permission",
      ],
      dbbbf01c273d687fd8bfce000679038ca6eacfeb8a427fa7e2539e6823f3fb3a: [
        "MAY",
        "CHECK can be called from ADD until DEL",
        "permission",
      ],
      "8310353177b051291995cdfd87abd299d05b143cccfbfd437084090b650e54f2": [
        "MAY",
        "a failed CHECK can be taken for permanent",
        "permission",
      ],
    },
  },
  {
    section: "2, DEL",
    texts: cniTexts("0.4.0", "1.1.0"),
    sentences: {
      "3408124dcb82cc38814094d211c2799c4c730eb8c9a3fe62f80877d2df5b5f72": [
        "SHOULD",
        "DEL succeeds although resources are missing",
        ["CNI-9b", "CNI-9c", "CNI-10a"],
      ],
    },
  },
  {
    section: "2, ADD",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      "8618bd6f00c7e6925607e41b4dafb4a9bd68b0188dc6b2fb48d8d48aed9f5f59": [
        "SHOULD",
        "ADD makes the interface, or changes the one that is there",
        ["CNI-5e", "CNI-6a", "CNI-7"],
      ],
      b4bdec0d4a41440bec07f9e279b44456bb8a92d4b1a4766b12e247d30944d49c: [
        "MUST",
        "a successful ADD prints its result",
        ["CNI-4a"],
      ],
      b8b7cd74e195d20b9fc61b4ef62f43a0768833e9bca13ffde3a31de4c2183969: [
        "MUST",
        "a plugin passes prevResult on, or changes it as fits",
        ["CNI-6a", "CNI-6c", "CNI-21"],
      ],
      "938be3e4d51ba242427bb750c51a256fa02d64de26e5116196496ff04a48c810": [
        "MUST",
        "ADD fails where the container has an interface of that name",
        ["CNI-8"],
      ],
      fe3635894f4ca461efc017c377771c0d0364212dd5bbc5d5bc0cc8e21487a3aa: [
        "SHOULD NOT",
        "no second ADD of the same container and interface without DEL",
        "runtime",
      ],
      f5363419ae6de19e957ddf2e78d6ab17e510f2a144d82968cbf72a34aa5c4e4d: [
        "REQUIRED",
        "ADD and CHECK have command, container id, namespace and interface name",
        ["CNI-3c"],
      ],
      c010c08f1403e3ce4b63b28453c542d9c35986b19d75e22a38f64d46f3d3ead2: [
        "OPTIONAL",
        "arguments and search path can be left out",
        "permission",
      ],
    },
  },
  {
    section: "2, DEL",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      "9d1f2975ea27dfec827b1dfaf80cca6c1a63f1e9123ae54672be4f41844ed0b8": [
        "SHOULD",
        "DEL removes the interface, or undoes the plugin's changes",
        ["CNI-10d"],
      ],
      fb1a1f6b22f0e486ff10e4447582963e403af6638be76b9975dde977b9334cff: [
        "SHOULD",
        "a DHCP release that cannot be sent is no error",
        ["CNI-10a"],
      ],
      "82ad3f91459918ffd73cee0543e5b81883f337a2889590e16d2d8b97d77b1463": [
        "SHOULD",
        "an interface plugin has its IPAM plugin release and cleans up although the namespace or interface is gone",
        ["CNI-10c", "CNI-10d", "CNI-15a"],
      ],
      "4e75231fa0e9bb5010c6d9e59967373867d0d0689559ff952dea4c976649c6ef": [
        "MUST",
        "DEL can be repeated, and succeeds where interface or changes are missing",
        ["CNI-9a", "CNI-9b"],
      ],
      "2d0870fb15226ac8747b916f34599e39e65b16231f63ed25d6171d9e91a1de78": [
        "REQUIRED",
        "DEL has command, container id and interface name",
        ["CNI-3c"],
      ],
      "71fdc4e37d171d2a00396d15d3f03d3ced43f94d81dce6f08842986bdfe7d4e4": [
        "OPTIONAL",
        "DEL can do without namespace, arguments and search path",
        ["CNI-10a"],
      ],
    },
  },
  {
    section: "2, CHECK",
    texts: cniTexts("1.0.0", "main"),
    sentences: {
      "1edf491c1a99a4b3393ea5247aae923f6acc7fc12406356319b3cdc5c3fe6fbe": [
        "MUST",
        "CHECK allows what later plugins of the chain have changed",
        ["CNI-11b"],
      ],
      efebbe1350e017219aa3a5361b6571778c477c6c3dba3a840e14bd92cf5509e9: [
        "SHOULD",
        "CHECK fails where an interface, address or route of the plugin's is missing or wrong",
        ["CNI-11d", "CNI-11e", "CNI-11f"],
      ],
      "34bbd120894e1cd82cf8ff735d04a98bcc71b1ecf4618af895dbc69c08ad5dee": [
        "MUST NOT",
        "no CHECK where disableCheck is set",
        { runtime: ["R8a"] },
      ],
      d6ef9f36920f97f07ac36ebd4b8debaa311480a19ade5b7b2ee67f40d397edf5: [
        "MUST",
        "CHECK has the parameters of its ADD, the search path apart",
        { runtime: ["R6g"] },
      ],
    },
  },
  {
    section: "2, DEL",
    texts: cniTexts("main"),
    sentences: {
      a9449b04fff2dcffa481011dde533e512b9fc122fc425c22b63fd52d1a59316a: [
        "MUST",
        "DEL has a prevResult",
        { runtime: ["R3c"] },
      ],
      "1eaca51ce086b5f21a68be647b51367eb321499f21dca3e945c764914706e472": [
        "SHOULD",
        "DEL succeeds without prevResult all the same",
        ["CNI-10b"],
      ],
      e03f7a4cdb77b52cd4836230b95c19cddbcaf822da4ac67b87a0ab788ada1b9e: [
        "SHOULD",
        "DEL does what it can and succeeds, although resources or state are missing",
        ["CNI-9b", "CNI-10a", "CNI-10c"],
      ],
    },
  },
];
