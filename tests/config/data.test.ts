import assert from "node:assert/strict";
import { instanceTypes, maxPods, regionZoneLetters } from "../../config/aws.ts";
import { eksVersions, selfManagedVersions } from "../../config/versions.ts";

/** Architecture, CPUs, memory GiB, pods with prefix delegation. */
const known: [string, string, number, number, number][] = [
  ["t3.small", "x86_64", 2, 2, 110],
  ["t4g.medium", "arm64", 2, 4, 110],
  ["m7i.xlarge", "x86_64", 4, 16, 110],
  ["c6g.medium", "arm64", 1, 2, 98],
  ["r8g.16xlarge", "arm64", 64, 512, 250],
  ["m5.8xlarge", "x86_64", 32, 128, 250],
];

describe("tables", () => {
  it("know the instance types as EC2 sells them", () => {
    for (const [name, architecture, cpus, memoryGiB, pods] of known) {
      const type = instanceTypes.get(name);
      assert.ok(type !== undefined, name);
      assert.deepEqual(
        [type.architecture, type.cpus, type.memoryGiB, maxPods(type)],
        [architecture, cpus, memoryGiB, pods],
        name,
      );
    }
    for (const name of ["c5.8xlarge", "m5.metal", "m4.large"])
      assert.equal(instanceTypes.has(name), false, name);
  });

  it("have three zones at least in every region", () => {
    for (const [region, letters] of Object.entries(regionZoneLetters)) {
      assert.ok(new Set(letters).size >= 3, region);
      assert.match(letters, /^[a-h]+$/, `${region}: the address plan has slots for a to h`);
    }
  });

  it("pin every add-on for every EKS minor, kube-proxy to that minor", () => {
    const names = Object.keys(eksVersions["1.36"] ?? {}).toSorted();
    for (const [minor, addons] of Object.entries(eksVersions)) {
      assert.deepEqual(Object.keys(addons).toSorted(), names, minor);
      assert.ok(addons["kube-proxy"].startsWith(`v${minor}.`), minor);
      for (const build of Object.values(addons))
        assert.match(build, /^v\d+\.\d+\.\d+-eksbuild\.\d+$/);
    }
  });

  it("name a self-managed release by its own version", () => {
    for (const [version, release] of Object.entries(selfManagedVersions))
      assert.equal(release.kubernetes, version);
  });
});
