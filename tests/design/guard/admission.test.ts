import assert from "node:assert/strict";
import { planGuard } from "../../../design/guard/guard.ts";
import { planNamespace } from "../../../design/guard/namespace.ts";
import { planDeployment } from "../../../design/workloads/deployment.ts";
import { priorityClasses } from "../../../design/workloads/priorities.ts";
import { planStatefulSet } from "../../../design/workloads/statefulSet.ts";
import {
  type ApiServer,
  apiServerPrograms,
  startApiServer,
} from "../../engine/providers/apiServer.ts";
import type { Raw } from "../../support/fixtures.ts";
import { deployment, examples, zoneApart } from "../../support/guardExamples.ts";
import { statefulWorkload, workload } from "../../support/workloads.ts";

/** Path of a kind's collection; NS stands for the namespace. */
const collections: Record<string, string> = {
  Namespace: "/api/v1/namespaces",
  ResourceQuota: "/api/v1/namespaces/NS/resourcequotas",
  LimitRange: "/api/v1/namespaces/NS/limitranges",
  Service: "/api/v1/namespaces/NS/services",
  Deployment: "/apis/apps/v1/namespaces/NS/deployments",
  StatefulSet: "/apis/apps/v1/namespaces/NS/statefulsets",
  DaemonSet: "/apis/apps/v1/namespaces/NS/daemonsets",
  PodDisruptionBudget: "/apis/policy/v1/namespaces/NS/poddisruptionbudgets",
  PriorityClass: "/apis/scheduling.k8s.io/v1/priorityclasses",
  MutatingAdmissionPolicy: "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies",
  MutatingAdmissionPolicyBinding:
    "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings",
  ValidatingAdmissionPolicy: "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
  ValidatingAdmissionPolicyBinding:
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
};

const bare = (kind: "Deployment" | "StatefulSet" | "DaemonSet", change = (_: Raw) => {}): Raw => {
  const object: Raw = {
    apiVersion: "apps/v1",
    kind,
    metadata: { name: "plain", namespace: "helped" },
    spec: {
      ...(kind === "DaemonSet" ? {} : { replicas: 3 }),
      ...(kind === "StatefulSet" ? { serviceName: "plain" } : {}),
      selector: { matchLabels: { app: "plain" } },
      template: {
        metadata: { labels: { app: "plain" } },
        spec: {
          containers: [
            { name: "main", image: "main:1" },
            { name: "side", image: "side:1", resources: { requests: { cpu: "2" } } },
          ],
        },
      },
    },
  };
  change(object);
  return object;
};

describe("the guard on a real API server", function () {
  this.timeout(180_000);
  let server: ApiServer;

  const create = (object: Raw, namespace = "team", query = "") => {
    const path = (collections[object.kind] ?? "").replace("NS", namespace);
    const { namespace: _, ...metadata } = object.metadata;
    return server.call("POST", `${path}${query}`, { ...object, metadata });
  };
  const dryRun = (object: Raw, namespace = "team") =>
    create(object, namespace, "?dryRun=All&fieldValidation=Strict");
  const namespace = (name: string, guard?: "enforce" | "warn" | "off") =>
    create(planNamespace({ name, ...(guard === undefined ? {} : { guard }) }).namespace);
  const noSpread = deployment(
    (object) => delete object.spec.template.spec.topologySpreadConstraints,
  );

  before(async function () {
    if (apiServerPrograms() === undefined) {
      console.error("      NOT CHECKED: no kube-apiserver in the toolchain cache");
      this.skip();
    }
    server = await startApiServer();
    await namespace("team", "enforce");
    await namespace("silent");
    await namespace("lenient", "warn");
    await namespace("free", "off");
    await create(planNamespace({ name: "helped", guard: "enforce", defaults: true }).namespace);
    const { policies, bindings, defaults } = planGuard({ defaultMode: "warn", defaults: true });
    const written = [...defaults.policies, ...defaults.bindings];
    for (const object of [...priorityClasses(), ...written, ...policies, ...bindings])
      await create(object);
    // The server reads its policies from a cache that follows; the last rule comes last.
    for (let tries = 0; tries < 300; tries++) {
      const stillOpen = await Promise.all(
        Object.values(examples).map(({ refused }) =>
          dryRun(refused[0]?.[1]).then(
            () => true,
            () => false,
          ),
        ),
      );
      const helped = await dryRun(bare("Deployment"), "helped").then(
        () => true,
        () => false,
      );
      if (!stillOpen.includes(true) && helped) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  });
  after(() => server?.stop());

  for (const [rule, { accepted, refused }] of Object.entries(examples)) {
    for (const [what, object] of accepted)
      it(`${rule} accepts ${what}`, async () => void (await dryRun(object)));
    for (const [what, object] of refused)
      it(`${rule} refuses ${what}`, () =>
        assert.rejects(dryRun(object), new RegExp(`ValidatingAdmissionPolicy 'quorum-${rule}'`)));
  }

  const helped = async (object: Raw): Promise<Raw> =>
    ((await dryRun(object, "helped")) as Raw).spec.template.spec;

  it("writes what a Deployment leaves out, so that the guard lets it pass", async () => {
    await assert.rejects(dryRun(bare("Deployment"), "team"), /ValidatingAdmissionPolicy .quorum-/);
    const spec = await helped(bare("Deployment"));
    const labelSelector = { matchLabels: { app: "plain" } };
    assert.deepEqual(spec.topologySpreadConstraints, [
      {
        maxSkew: 1,
        topologyKey: "topology.kubernetes.io/zone",
        whenUnsatisfiable: "DoNotSchedule",
        nodeTaintsPolicy: "Honor",
        matchLabelKeys: ["pod-template-hash"],
        labelSelector,
      },
    ]);
    assert.deepEqual(spec.affinity.podAntiAffinity, {
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight: 100,
          podAffinityTerm: { topologyKey: "kubernetes.io/hostname", labelSelector },
        },
      ],
    });
    assert.deepEqual(
      spec.containers.map(({ resources }: Raw) => resources.requests),
      [
        { cpu: "100m", memory: "128Mi" },
        { cpu: "2", memory: "128Mi" },
      ],
    );
  });

  it("writes the same into a StatefulSet, but for the label that its pods do not have", async () => {
    const spec = await helped(bare("StatefulSet"));
    assert.equal(spec.topologySpreadConstraints.length, 1);
    assert.equal(spec.topologySpreadConstraints[0].matchLabelKeys, undefined);
  });

  it("writes requests alone into a DaemonSet, and no spread for one replica", async () => {
    const daemons = await helped(bare("DaemonSet"));
    assert.equal(daemons.topologySpreadConstraints, undefined);
    assert.equal(daemons.containers[0].resources.requests.cpu, "100m");
    const alone = bare("Deployment", (object) => {
      object.spec.replicas = 1;
      object.metadata.annotations = { "quorum.dev/single-replica": "accepted" };
    });
    assert.equal((await helped(alone)).topologySpreadConstraints, undefined);
  });

  it("never overrules what was said", async () => {
    const said = bare("Deployment", zoneApart);
    const spec = await helped(said);
    assert.equal(spec.topologySpreadConstraints, undefined);
    assert.deepEqual(spec.affinity, said.spec.template.spec.affinity);
    const own = { requests: { cpu: "1", memory: "1Gi" } };
    const full = bare("Deployment", (object) => {
      for (const one of object.spec.template.spec.containers) one.resources = own;
      object.spec.template.spec.affinity = { nodeAffinity: {} };
    });
    const { containers, affinity } = await helped(full);
    assert.deepEqual(
      containers.map(({ resources }: Raw) => resources),
      [own, own],
    );
    assert.ok("podAntiAffinity" in affinity && "nodeAffinity" in affinity);
  });

  it("leaves our own workloads as they are", async () => {
    const ours = planDeployment(workload()).deployment;
    const found = await helped(ours);
    const { topologySpreadConstraints, affinity } = ours.spec.template.spec;
    assert.deepEqual(
      [found.topologySpreadConstraints, found.affinity],
      [topologySpreadConstraints, affinity],
    );
  });

  it("writes nothing where the namespace does not ask for it", async () => {
    const { spec } = ((await dryRun(bare("Deployment"), "free")) as Raw).spec.template;
    assert.deepEqual([spec.topologySpreadConstraints, spec.affinity], [undefined, undefined]);
  });

  it("asks the same of a change as of a new object", async () => {
    await create(deployment());
    const path = `${(collections.Deployment ?? "").replace("NS", "team")}/shop?dryRun=All`;
    const patch = (replicas: number) =>
      server.call("PATCH", path, { spec: { replicas } }, "application/merge-patch+json");
    await patch(5);
    await assert.rejects(patch(1), /ValidatingAdmissionPolicy 'quorum-single-replica'/);
  });

  for (const [where, what] of [
    ["lenient", "that asks for warnings"],
    ["silent", "that says nothing"],
  ] as const)
    it(`warns, and admits, in a namespace ${what}`, async () => {
      const before = server.warnings.length;
      await dryRun(noSpread, where);
      assert.match(server.warnings.slice(before).join("\n"), /All replicas may stand in one zone/);
    });

  for (const where of ["free", "kube-system"])
    it(`says nothing in ${where}`, async () => {
      const before = server.warnings.length;
      await dryRun(noSpread, where);
      assert.deepEqual(server.warnings.slice(before), []);
    });

  for (const object of [
    ...Object.values(planDeployment(workload({ name: "dry", apart: "required" }))),
    ...Object.values(planStatefulSet(statefulWorkload({ name: "dry-set" }))),
    ...Object.values(
      planNamespace({
        name: "dry",
        guard: "enforce",
        quota: { cpus: 4, memoryGiB: 8, pods: 10, storageGiB: 100 },
        containers: { defaultCpuMilli: 100, defaultMemoryMiB: 128, maxCpuMilli: 2000 },
      }),
    ),
  ] as Raw[])
    it(`takes ${object.kind} ${object.metadata.name} as we make it, field by field`, async () =>
      void (await dryRun(object)));
});
