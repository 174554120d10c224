import assert from "node:assert/strict";
import { join } from "node:path";
import { selfManagedVersions } from "../../config/versions.ts";
import { clusterNodes } from "../../lab/cluster.ts";
import { ApiClient } from "../../lab/faults/api.ts";
import { waitUntilHealthy } from "../../lab/faults/health.ts";
import { type LabCluster, OwnLab } from "../../lab/ownLab.ts";
import { Prober } from "../../lab/prober.ts";
import { sleep } from "../../lab/process.ts";

const [newer, older] = Object.keys(selfManagedVersions);
/** An older release is built first, which takes as long as the newer one did. */
const full = process.env.QUORUM_LAB_FULL === "1" ? describe : describe.skip;

interface PodList {
  items: { metadata: { name: string }; spec: { containers: { image: string }[] } }[];
}

full(`patch upgrade, ${older} to ${newer}, by one line of the stack file`, function () {
  this.timeout(1_800_000);
  const lab = new OwnLab("uptest", 79);
  let cluster: LabCluster;

  before(async () => {
    lab.writeStack({}, older);
    cluster = await lab.cluster();
  });
  after(() => lab.down());

  /** Releases that kubelets, and the images of kubeadm's own pods, are of. */
  async function releases(): Promise<{ kubelets: Set<string>; pods: Set<string> }> {
    const nodes = await clusterNodes(cluster.lab);
    const { body } = await new ApiClient(cluster.kubeconfig).ask(
      "/api/v1/namespaces/kube-system/pods",
    );
    const images = (JSON.parse(body) as PodList).items
      .filter(({ metadata }) => metadata.name.startsWith("kube-"))
      .flatMap(({ spec }) => spec.containers.map(({ image }) => image.split(":").at(-1) ?? image));
    return { kubelets: new Set(nodes.map(({ version }) => version)), pods: new Set(images) };
  }

  /** Until `stop`: every moment at which a worker's kubelet was newer than a control plane's. */
  async function skews(stop: AbortSignal): Promise<string[]> {
    const found: string[] = [];
    while (!stop.aborted) {
      const nodes = await clusterNodes(cluster.lab).catch(() => []);
      const behind = nodes.filter((node) => node.controlPlane && node.version === `v${older}`);
      const ahead = nodes.filter((node) => !node.controlPlane && node.version === `v${newer}`);
      if (behind.length > 0)
        found.push(...ahead.map(({ name }) => `${name} before ${behind[0]?.name}`));
      await sleep(500);
    }
    return found;
  }

  it("rolls through every machine under load, control planes first, and no acknowledged write is lost", async () => {
    assert.ok(older !== undefined && newer !== undefined);
    const only = (version: string) => ({
      kubelets: new Set([`v${version}`]),
      pods: new Set([`v${version}`]),
    });
    assert.deepEqual(await releases(), only(older));
    const prober = new Prober({
      binary: cluster.prober,
      historyFile: join(cluster.historyDir, "upgrade.jsonl"),
      target: cluster.target(),
      seed: 1,
      durationSeconds: 1500,
    });
    const rolled = new AbortController();
    const skewed = skews(rolled.signal);
    try {
      await prober.waitUntilSteady(50);
      lab.writeStack({}, newer);
      await lab.up();
      await waitUntilHealthy(cluster.problems, 300);
    } finally {
      rolled.abort();
      await prober.stop();
    }
    assert.deepEqual(await skewed, []);
    const verdict = await prober.judge();
    assert.equal(verdict.verdict, "pass", (verdict.reasons ?? []).join("; "));
    assert.deepEqual(await releases(), only(newer));
  });
});
