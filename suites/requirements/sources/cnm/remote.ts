import type { Section } from "#suites/requirements/sources/sentence.ts";

/** Remote Drivers, the protocol of network drivers. */
export const remote: readonly Section[] = [
  {
    section: "Usage",
    texts: ["cnm-remote"],
    sentences: {
      beaff1422de04552f8682577ba8d60feea85c6f678a03c39fc71b87ceb564f95: [
        "MAY",
        "options and labels can change what a driver does",
        "permission",
      ],
    },
  },
  {
    section: "Errors",
    texts: ["cnm-remote"],
    sentences: {
      "96e7e182c4f15557dc612bbf90fe8accff79ff530aced5f9e137262edc7be996": [
        "MUST",
        "a request that cannot be decoded gets a status of 4xx or 5xx",
        ["CNM-3"],
      ],
      f3718a14ee604789b96767600d27a1a45c9633cf5a073e1221ccab6426d809b1: [
        "SHOULD",
        "an unknown URI gets 404",
        ["CNM-4"],
      ],
      "99be6628a2afe04359172710389e9134dd6c63aa39ea8262f87a6ac7a5dc7210": [
        "MUST",
        "what cannot be done is answered with Err",
        ["CNM-5"],
      ],
      e39fe4f01e2faf91ec5d50c102ead80ce90340491abfa3f20afc581205650e6a: [
        "SHOULD NOT",
        "Err has nothing confidential",
        ["CNM-5b"],
      ],
    },
  },
  {
    section: "Handshake",
    texts: ["cnm-remote"],
    sentences: {
      "1993841cd11359fd8a2a0fb06ee0bd4834b981b6a19158db32f7ad7d8ef582e7": [
        "MUST",
        "Plugin.Activate is answered with what the plugin implements",
        ["CNM-1"],
      ],
      "05201cfb1e8cb8d09d0fa825ef0550d10d152327e0dec81a0e3bc10dcb427369": [
        "SHOULD",
        "other entries can be listed; NetworkDriver is a network driver",
        ["CNM-1"],
      ],
    },
  },
  {
    section: "Set capability",
    texts: ["cnm-remote"],
    sentences: {
      "2134379df6dc533d19dee56df1d7d33e0ed374306f125612ed3063f07c7b4b49": [
        "SHOULD",
        "GetCapabilities answers Scope, ConnectivityScope and GwAllocChecker",
        ["CNM-2"],
      ],
      "70d91b8ac7fa70ca103ffe102eca14630087d8f33a3d820e124d0c805df1fad2": [
        "SHOULD",
        "Scope is local or global",
        ["CNM-2"],
      ],
      c200d5a881d3dbbc5b6069008960105cc2f91d7259e50120a5b36cde38d26070: [
        "SHOULD",
        "ConnectivityScope is local or global",
        ["CNM-2"],
      ],
      d02fa67367b8d9b0fd3e6124890d717911e5290751965a1021c825d11cd386a1: [
        "SHOULD",
        "without ConnectivityScope that of Scope counts",
        ["CNM-2"],
      ],
    },
  },
  {
    section: "Gateway Allocation Check",
    texts: ["cnm-remote"],
    sentences: {
      "06ca3993c624170278ecdde8be5f237437b6ecc606097ea4c322ab94fda1a4e3": [
        "MUST",
        "an engine calls GwAllocCheck of a driver that declares it",
        ["CNM-7"],
      ],
      e8a344ee66a8ad8fdbd58eea5e20fe3da5d24f4ac29a92bef27e24b44cb78ad3: [
        "MUST",
        "GwAllocCheck answers SkipIPv4 and SkipIPv6",
        ["CNM-7"],
      ],
    },
  },
  {
    section: "Create network",
    texts: ["cnm-remote"],
    sentences: {
      "36bd4e35d92f8cf68be75b24d29bf9169c87ba742b4915ee6c06cfd3c0b2dedc": [
        "MUST",
        "CreateNetwork gets id, address data and options",
        ["CNM-4", "CNM-6"],
      ],
      "45d3e3f9667bf3cf2fa23ea330a2366f3ac12e83407a70fe71940961da807008": [
        "MAY",
        "a gateway can be given for a pool",
        "permission",
      ],
    },
  },
  {
    section: "Delete network",
    texts: ["cnm-remote"],
    sentences: {
      "36b44928ec0c7d1a7b459e585f4bcc267b44bf19b42931344157baaec2e2115d": [
        "MUST",
        "DeleteNetwork gets the network's id",
        ["CNM-4", "CNM-15b"],
      ],
    },
  },
  {
    section: "Create endpoint",
    texts: ["cnm-remote"],
    sentences: {
      "3107f24d900441b366cfbdd05de0232d0f7574e8a9f9fa3625a0efef614abb01": [
        "MUST",
        "CreateEndpoint gets ids, options and interface",
        ["CNM-4", "CNM-8"],
      ],
      "4cf3706d7d2dafc64697259dd868f8a6f7f5f2d3fc73e418482f67c746ef310d": [
        "MAY",
        "the interface can be empty, in part or whole",
        ["CNM-8"],
      ],
      "22e32b35c26865b87ec0a34dce7b77a82f090502db8ce1defadebe04bb3f08f6": [
        "MUST",
        "what the engine left empty the driver gives: MAC and an address",
        ["CNM-8", "CNM-9"],
      ],
      "1bd007bfe446806431478d31e993a12151e4f38ed82496a7cb99ec81e5b3b105": [
        "MUST",
        "what the engine gave is not given back",
        ["CNM-8"],
      ],
    },
  },
  {
    section: "Endpoint operational info",
    texts: ["cnm-remote"],
    sentences: {
      f91fdb982147525dbf59c8ce17b4d970da959a51402406635be856421fd0be11: [
        "MAY",
        "an engine can ask for operational information",
        "explanation",
      ],
      "6f540c46b4ddf1b0fe0c2cc21c71da60332d5d23a857c5d383dfc3242539f9f8": [
        "MUST",
        "EndpointOperInfo gets both ids",
        ["CNM-14"],
      ],
      "3df7cee1dc0b655328d5bb65b4b81174acbae6517e5bdba3e7ea572361cd7b54": [
        "MUST",
        "EndpointOperInfo answers a map",
        ["CNM-14"],
      ],
    },
  },
  {
    section: "Delete endpoint",
    texts: ["cnm-remote"],
    sentences: {
      "5d02942f080b94ad231dcdeaf41d501af082eda719da20fced0426187f9a0ae5": [
        "MUST",
        "DeleteEndpoint gets both ids",
        ["CNM-4", "CNM-15b"],
      ],
    },
  },
  {
    section: "Join",
    texts: ["cnm-remote"],
    sentences: {
      cc5a2d6b538ad0446a834c17749a1af83b19badb2551e79f95a19c945bbafa3c: [
        "MUST",
        "Join gets ids, sandbox and options",
        ["CNM-10"],
      ],
      "73cfa512db983383bd037c1efeea084bcb2114908660b81516f451d0f6d5ed81": [
        "MUST",
        "Join answers interface names, gateways and routes",
        ["CNM-5c", "CNM-10", "CNM-11"],
      ],
      "92ac09e8dcfaf20e0de4fb4aba3349791a217e0b5ee019ad091405fbe61616ee": [
        "OPTIONAL",
        "the IPv4 gateway can be left out",
        ["CNM-11", "CNM-12"],
      ],
      "5e21c6d3bfa7b0d42648e977778a13a34356fa6f0df81de752d49cac55da5335": [
        "OPTIONAL",
        "the IPv6 gateway can be left out",
        ["CNM-11", "CNM-12"],
      ],
      "73552929b2546c04041c880ae916986212ca12a91a774b440dea59c930ff16a0": [
        "SHOULD",
        "SrcName is an interface that the engine moves into the sandbox; DstPrefix is how its name there begins",
        ["CNM-10"],
      ],
      "7876fa11f0204239fdc65941abe41d4f8d9e61c11b2481292dffd8e75a8df802": [
        "SHOULD",
        "static routes are for the interface once it is in the sandbox",
        ["CNM-11"],
      ],
      abc1e5de3442a56a1353bfbf5851045f04871efd56cce6a632c6d5dbb2efd0b9: [
        "MAY",
        "routes come in any number and order",
        "permission",
      ],
    },
  },
  {
    section: "Leave",
    texts: ["cnm-remote"],
    sentences: {
      a09703ab517d9c706f4f37c6d8ad4094e6809031c20528f2a4466824b4b51c25: [
        "MUST",
        "Leave gets both ids",
        ["CNM-4", "CNM-11b"],
      ],
    },
  },
  {
    section: "DiscoverNew Notification",
    texts: ["cnm-remote"],
    sentences: {
      "3c836eae3ff3860175850aabc91d902e59f7ee874bf79fa8c220827b7acece2f": [
        "MUST",
        "DiscoverNew gets type and data",
        ["CNM-4"],
      ],
    },
  },
  {
    section: "DiscoverDelete Notification",
    texts: ["cnm-remote"],
    sentences: {
      bc9c96f8c1c4bf9564c713106b66843e5b6acc695c635b653f1fbeb9cb8988a1: [
        "MUST",
        "DiscoverDelete gets type and data",
        ["CNM-4"],
      ],
    },
  },
];
