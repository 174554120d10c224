import assert from "node:assert/strict";
import { ConfigError } from "../../config/errors.ts";
import { parseConfig } from "../../config/parse.ts";
import { type Raw, rawEc2, rawWorkers } from "../support/fixtures.ts";

/** Keys of what is wrong with a raw config after `change`. */
function keysOf(raw: Raw, change: (raw: Raw) => void): string[] {
  change(raw);
  try {
    parseConfig(raw);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.findings.map(({ key }) => key);
  }
}

describe("rules for workers of another stack's cluster", () => {
  const cases: [string, (raw: Raw) => void, string[]][] = [
    ["take a valid one", () => {}, []],
    ["want a stack's whole name", (raw) => (raw.attachTo.stack = "hybrid"), ["attachTo.stack"]],
    [
      "want a region and an account",
      (raw) => Object.assign(raw.attachTo, { region: "moon-1", accountId: "1" }),
      ["attachTo.region", "attachTo.accountId"],
    ],
    ["want a host", (raw) => (raw.hosts = {}), ["hosts"]],
    [
      "refuse a name that the cluster takes for a machine of its cloud",
      (raw) => (raw.hosts["i-0a1"] = { address: "192.0.2.13", zone: "rack-1" }),
      ["hosts.i-0a1"],
    ],
    [
      "refuse one address for two, and what is none",
      (raw) => {
        raw.hosts["branch-2"].address = "192.0.2.11";
        raw.hosts["branch-3"] = { address: "branch.example", zone: "rack-1" };
      },
      ["hosts.branch-2.address", "hosts.branch-3.address"],
    ],
    [
      "refuse roles: they are workers",
      (raw) => (raw.hosts["branch-1"].roles = ["etcd"]),
      ["hosts.branch-1.roles"],
    ],
    ["know how large a packet may be", (raw) => (raw.podMtuBytes = 9000), ["podMtuBytes"]],
    [
      "want a release that was tried",
      (raw) => (raw.kubernetes.version = "1.20.0"),
      ["kubernetes.version"],
    ],
  ];
  for (const [promise, change, expected] of cases)
    it(promise, () => assert.deepEqual(keysOf(rawWorkers(), change), expected));
});

describe("rules for remote workers of a cluster on EC2", () => {
  const remote = (more: object) => (raw: Raw) =>
    (raw.remoteWorkers = { cidrs: ["192.0.2.0/24"], ...more });
  const cases: [string, (raw: Raw) => void, string[]][] = [
    ["take a range", remote({}), []],
    ["want a range", remote({ cidrs: [] }), ["remoteWorkers.cidrs"]],
    [
      "want ranges apart from the VPC, Services and pods, and from each other",
      remote({ cidrs: ["10.30.4.0/24", "172.20.0.0/24", "192.0.2.0/24", "192.0.2.0/25"] }),
      ["remoteWorkers.cidrs[0]", "remoteWorkers.cidrs[1]", "remoteWorkers.cidrs[3]"],
    ],
    [
      "refuse the whole world",
      remote({ cidrs: ["0.0.0.0/0"] }),
      [
        "remoteWorkers.cidrs[0]",
        "remoteWorkers.cidrs[0]",
        "remoteWorkers.cidrs[0]",
        "remoteWorkers.cidrs[0]",
      ],
    ],
    ["know how large a packet may be", remote({ podMtuBytes: 100 }), ["remoteWorkers.podMtuBytes"]],
    [
      "need the overlay",
      (raw) => {
        remote({})(raw);
        raw.podNetwork = "none";
      },
      ["remoteWorkers"],
    ],
  ];
  for (const [promise, change, expected] of cases)
    it(promise, () => assert.deepEqual(keysOf(rawEc2(), change), expected));
});
