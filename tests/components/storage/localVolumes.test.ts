import assert from "node:assert/strict";
import { hostsStack } from "../../../components/hosts/stack.ts";
import { planLocalVolumes } from "../../../design/storage/localVolumes.ts";
import { hostsConfig } from "../../support/fixtures.ts";
import { record } from "../../support/mocks.ts";

describe("the component of local volumes", () => {
  const config = hostsConfig((raw) => {
    raw.localVolumes = { perHost: 2, sizeGiB: 20 };
  });

  it("registers the class before its volumes, which outlive the program", async () => {
    const plan = planLocalVolumes(config);
    const recording = await record(async () => hostsStack(config), {
      stack: "demo",
      preview: true,
    });
    const [storageClass] = recording.ofType("kubernetes:storage.k8s.io/v1:StorageClass");
    assert.deepEqual(storageClass?.inputs, plan?.storageClass);
    const volumes = recording.ofType("kubernetes:core/v1:PersistentVolume");
    assert.deepEqual(
      volumes.map(({ inputs }) => inputs),
      plan?.volumes,
    );
    for (const volume of volumes)
      assert.deepEqual(volume.dependencies, ["demo-local-volumes-local-block"]);
  });

  it("registers nothing where the stack asks for none", async () => {
    const recording = await record(async () => hostsStack(hostsConfig()), {
      stack: "demo",
      preview: true,
    });
    assert.deepEqual(recording.ofType("kubernetes:core/v1:PersistentVolume"), []);
  });
});
