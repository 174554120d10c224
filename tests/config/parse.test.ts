import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { rawConfigOfEngine } from "../../config/engineConfig.ts";
import { ConfigError } from "../../config/errors.ts";
import { parseConfig } from "../../config/parse.ts";
import { rawConfigOfStackFile } from "../../config/stackFile.ts";
import { type Raw, rawEks, rawHosts } from "../support/fixtures.ts";
import { findingsOf } from "./findings.ts";

/** Ten different mistakes in one stack. */
function tenMistakes(): Raw {
  const raw = rawEks();
  raw.name = "Demo";
  raw.regoin = "us-west-2";
  raw.kubernetes.version = "1.20";
  raw.zones[2] = raw.zones[0];
  raw.network.cidr = "10.20.0.1/16";
  raw.api = { publicCidrs: ["0.0.0.0/0"] };
  raw.pools.general.nodesPerZone.desired = 9;
  raw.pools.general.instanceTypes = ["m7g.xlarge"];
  raw.storage = [{ backend: "ebs", replicas: 3 }];
  raw.logRetentionDays = 91;
  return raw;
}

/** A valid raw stack with one value somewhere replaced by anything. */
const damaged = fc
  .tuple(fc.constantFrom(rawEks, rawHosts), fc.nat(), fc.anything({ withNullPrototype: true }))
  .map(([fixture, position, value]) => {
    const raw = fixture();
    const places: [Raw, string][] = [];
    const visit = (holder: Raw): void => {
      for (const key of Object.keys(holder)) {
        places.push([holder, key]);
        if (typeof holder[key] === "object") visit(holder[key]);
      }
    };
    visit(raw);
    const place = places[position % places.length];
    if (place !== undefined) place[0][place[1]] = value;
    return raw;
  });

/** The parser either answers with an equal configuration each time, or throws a ConfigError. */
function parsesOrReports(raw: unknown): void {
  let config: unknown;
  try {
    config = parseConfig(raw);
  } catch (error) {
    assert.ok(error instanceof ConfigError, `threw ${String(error)}`);
    assert.ok(error.findings.length > 0);
    assert.ok(error.report("Pulumi.test.yaml").startsWith("Pulumi.test.yaml has "));
    return;
  }
  assert.deepEqual(parseConfig(config), config);
}

describe("parseConfig", () => {
  it("fills in every default", () => {
    const config = parseConfig(rawEks());
    assert.ok(config.platform === "eks");
    assert.deepEqual(config.pools.general, {
      ...rawEks().pools.general,
      volumeGiB: 50,
      podsPerNode: 58,
      capacity: "on-demand",
      labels: {},
      taints: [],
    });
    assert.deepEqual(config.storage, [{ backend: "ebs", replicas: 1, deleteData: false }]);
    assert.deepEqual(config.api, { publicCidrs: [], privateCidrs: [] });
    assert.equal(config.kubernetes.serviceCidr, "172.20.0.0/16");
    assert.equal(config.logRetentionDays, 90);
    assert.equal(config.deletionProtection, true);
  });

  it("fills in the defaults of hosts", () => {
    const config = parseConfig(rawHosts());
    assert.ok(config.platform === "hosts");
    assert.deepEqual(config.ssh, {
      user: "root",
      port: 22,
      privateKeyFile: "/root/.ssh/id_ed25519",
    });
    assert.deepEqual(config.api, { vip: "192.0.2.10", port: 6443 });
    assert.deepEqual(config.etcd, {
      quotaGiB: 8,
      dataDir: "/var/lib/etcd",
      snapshots: { intervalMinutes: 15, keep: 96 },
    });
  });

  it("reports ten mistakes as ten findings, in one error", () => {
    const findings = findingsOf(tenMistakes());
    assert.deepEqual(
      findings.map(({ key }) => key).toSorted(),
      [
        "api.publicCidrs[0]",
        "kubernetes.version",
        "logRetentionDays",
        "name",
        "network.cidr",
        "pools.general.instanceTypes[0]",
        "pools.general.nodesPerZone",
        "regoin",
        "storage[0].replicas",
        "zones[2]",
      ].toSorted(),
    );
  });

  it("writes key, value, remedy and rule, one line a finding", () => {
    const raw = rawEks();
    raw.zone = 1;
    raw.logRetentionDays = 2;
    const error = (() => {
      try {
        parseConfig(raw);
      } catch (caught) {
        return caught;
      }
    })();
    assert.ok(error instanceof ConfigError);
    assert.equal(
      error.report("Pulumi.prod.yaml"),
      `Pulumi.prod.yaml has 2 problems:
  quorum:zone = 1: There is no such key; did you mean "zones"? A key that is not read would change nothing, so it is an error.
  quorum:logRetentionDays = 2: Use one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653. CloudWatch Logs keeps groups for these periods only.`,
    );
  });

  it("names the nearest known key at every depth", () => {
    const raw = rawEks();
    raw.pools.general.nodesPerZone.dessired = 2;
    raw.storage = [{ backend: "ebs", replica: 1 }];
    assert.deepEqual(
      findingsOf(raw).map(({ key, remedy }) => [key, remedy]),
      [
        ["pools.general.nodesPerZone.dessired", 'There is no such key; did you mean "desired"?'],
        ["storage[0].replica", 'There is no such key; did you mean "replicas"?'],
      ],
    );
  });

  it("refuses a misspelt namespace, and takes those of others", () => {
    const file = (key: string) =>
      findingsOf({ ...rawEks(), ...rawConfigOfStackFile(`config: { "${key}": 1 }`) });
    for (const namespace of ["qourum", "quorom", "Quorum"])
      assert.match(file(`${namespace}:zones`)[0]?.remedy ?? "", /misspelt; write "quorum:zones"/);
    for (const namespace of ["aws", "pulumi", "kubernetes"])
      assert.deepEqual(file(`${namespace}:zones`), []);
  });

  it("still checks the rest of a value that has an unknown key", () => {
    const raw = rawEks();
    raw.pools.general.nope = 1;
    raw.pools.general.volumeGiB = 1;
    assert.deepEqual(
      findingsOf(raw).map(({ key }) => key),
      ["pools.general.nope", "pools.general.volumeGiB"],
    );
  });

  it("never throws anything but a ConfigError, whatever it is given", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withSparseArray: true }), parsesOrReports),
    );
  });

  it("never throws anything but a ConfigError when any one value is replaced by anything", () => {
    fc.assert(fc.property(damaged, parsesOrReports), { numRuns: 500 });
  });

  it("takes a zone named as a property of every object is", () => {
    const raw: Raw = rawHosts();
    for (const host of Object.values(raw.hosts) as { zone: string }[])
      if (host.zone === "b") host.zone = "constructor";
    assert.equal(parseConfig(raw).platform, "hosts");
  });

  it("never throws anything but a ConfigError for what no file can hold", () => {
    const cycle: Raw = rawEks();
    cycle.pools.general = cycle;
    const throwing = Object.defineProperty(rawEks(), "zones", {
      enumerable: true,
      get: () => {
        throw new TypeError("no");
      },
    });
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    for (const raw of [cycle, throwing, revoked.proxy, () => 1, Symbol("x"), 1n, new Map()])
      assert.ok(findingsOf(raw).length > 0);
  });

  it("parses what it returned to an equal configuration", () => {
    for (const fixture of [rawEks, rawHosts]) {
      const config = parseConfig(fixture());
      assert.deepEqual(parseConfig(JSON.parse(JSON.stringify(config))), config);
    }
  });

  it("leaves its argument alone", () => {
    const raw = tenMistakes();
    const before = structuredClone(raw);
    findingsOf(raw);
    assert.deepEqual(raw, before);
  });
});

describe("stack files", () => {
  for (const stack of ["prod", "staging"])
    it(`${stack}: the file and the engine give the same valid configuration`, () => {
      const raw = rawConfigOfStackFile(readFileSync(`Pulumi.${stack}.yaml`, "utf8"));
      const asEngine = Object.fromEntries(
        Object.entries(raw).map(([key, value]) => [
          `quorum:${key}`,
          typeof value === "string" ? value : JSON.stringify(value),
        ]),
      );
      const all = { ...asEngine, "pulumi:disable-default-providers": '["*"]' };
      assert.deepEqual(parseConfig(rawConfigOfEngine(all)), parseConfig(raw));
    });
});
