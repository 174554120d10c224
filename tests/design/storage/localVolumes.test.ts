import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { planHosts } from "../../../design/hosts.ts";
import { planLocalVolumes } from "../../../design/storage/localVolumes.ts";
import { readTemplates } from "../../../templates/read.ts";
import { hostsConfig } from "../../support/fixtures.ts";
import { apiErrors } from "../../support/kubernetesSchema.ts";

const run = promisify(execFile);
const config = hostsConfig((raw) => {
  raw.localVolumes = { perHost: 2, sizeGiB: 20 };
  raw.hosts["worker-b"] = { address: "192.0.2.42", zone: "b", roles: ["worker"] };
});

describe("local volumes", () => {
  const plan = planLocalVolumes(config);

  it("are not there unless the stack asks for them", () => {
    assert.equal(planLocalVolumes(hostsConfig()), undefined);
    for (const { steps } of planHosts(hostsConfig(), readTemplates()).machines)
      assert.ok(steps.every(({ name }) => name !== "local-volumes"));
  });

  it("are so many on each worker, bound to it, and bind no claim before its pod is placed", () => {
    assert.equal(plan?.storageClass.volumeBindingMode, "WaitForFirstConsumer");
    assert.deepEqual(
      plan?.volumes.map(({ metadata, spec }) => [
        metadata.name,
        spec.local.path,
        spec.capacity.storage,
        spec.nodeAffinity.required.nodeSelectorTerms[0]?.matchExpressions[0]?.values,
      ]),
      ["worker-a", "worker-b"].flatMap((worker) =>
        [0, 1].map((number) => [
          `${worker}-volume-${number}`,
          `/var/lib/quorum-volumes/volume-${number}`,
          "20Gi",
          [worker],
        ]),
      ),
    );
  });

  it("keep their data when the claim is gone", () => {
    assert.equal(plan?.storageClass.reclaimPolicy, "Retain");
    for (const { spec } of plan?.volumes ?? [])
      assert.equal(spec.persistentVolumeReclaimPolicy, "Retain");
  });

  for (const object of [plan?.storageClass, ...(plan?.volumes ?? []).slice(0, 1)])
    it(`are made of what the API takes: ${object?.kind}`, () =>
      assert.deepEqual(object === undefined ? ["none"] : apiErrors(object), []));

  it("are asked for on workers alone, before kubelet starts", () => {
    for (const { roles, steps, preflight } of planHosts(config, readTemplates()).machines) {
      const names = steps.map(({ name }) => name);
      const isWorker = roles.includes("worker");
      assert.equal(names.includes("local-volumes"), isWorker);
      if (isWorker) assert.ok(names.indexOf("local-volumes") < names.indexOf("worker"));
      const asked = /^volumes \/var\/lib\/quorum-volumes 2 20$/m.test(preflight);
      assert.equal(asked, isWorker);
    }
  });
});

/** Two directories on different devices, which /dev/shm and the temporary directory are. */
describe("the step that makes local volumes", () => {
  const script = join(import.meta.dirname, "../../../templates/volumes/localVolumes.sh");
  let own: string;
  let disk: string;
  beforeEach(function () {
    if (!existsSync("/dev/shm")) this.skip();
    own = mkdtempSync(join(tmpdir(), "quorum-volumes-"));
    disk = mkdtempSync("/dev/shm/quorum-volumes-");
  });
  afterEach(() => {
    for (const one of [own, disk]) if (one !== undefined) rmSync(one, { recursive: true });
  });
  const step = (directory: string) => {
    const env = join(own, "volumes.env");
    writeFileSync(env, `VOLUMES_DIR=${directory}\nVOLUMES=2\n`);
    return run("bash", [script], {
      env: {
        ...process.env,
        QUORUM_VOLUMES_ENV: env,
        QUORUM_MACHINE_STATE: own,
        QUORUM_ROOT_DIR: own,
      },
    });
  };

  it("makes each once and leaves what is in it", async () => {
    await step(disk);
    writeFileSync(join(disk, "volume-1", "data"), "kept");
    await step(disk);
    assert.equal(readFileSync(join(disk, "volume-1", "data"), "utf8"), "kept");
    assert.equal(
      readFileSync(join(own, "local-volumes"), "utf8"),
      `${disk}/volume-0\n${disk}/volume-1\n`,
    );
  });

  it("refuses the machine's own disk", async () => {
    const directory = join(own, "volumes");
    await assert.rejects(step(directory), /volume-0 is on the machine's own disk: mount another/);
    assert.ok(!existsSync(directory));
  });

  it("does not put an empty volume in the place of one whose disk is not mounted", async () => {
    await step(disk);
    rmSync(join(disk, "volume-0"), { recursive: true });
    await assert.rejects(step(disk), /volume-0 is gone: mount its disk/);
    assert.ok(!existsSync(join(disk, "volume-0")));
  });

  it("carries on after it was cut off between a volume and its record", async () => {
    mkdirSync(join(disk, "volume-0"));
    await step(disk);
    assert.match(readFileSync(join(own, "local-volumes"), "utf8"), /volume-0\n.*volume-1/);
  });
});
