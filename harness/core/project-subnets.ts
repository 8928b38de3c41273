/** Subnets of the tutorial's networks. */
export const tutorialSubnets = ["10.1.2.0/24", "10.1.3.0/24", "10.1.6.0/24", "30.1.1.0/24"] as const;
/** The range from which all other subnets of the chapters are taken, clear of the tutorial's. */
export const freshRange = "10.128.0.0/12";
/** The same over IPv6: a unique local prefix (RFC 4193) of the project's own. */
export const freshRange6 = "fd6e:6334:6f6e::/48";
