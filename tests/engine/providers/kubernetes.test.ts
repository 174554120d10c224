import assert from "node:assert/strict";
import { PartialResourceError } from "../../../engine/embedded/provider.ts";
import { providerFor } from "../../../engine/embedded/providers/index.ts";
import { type Inputs, type Outputs, Unknown } from "../../../engine/embedded/value.ts";
import { type ApiServer, apiServerPrograms, startApiServer } from "./apiServer.ts";
import { operationOn, type RecordedOperation } from "./operation.ts";

const configMapType = "kubernetes:core/v1:ConfigMap";
const secretType = "kubernetes:core/v1:Secret";
const deploymentType = "kubernetes:apps/v1:Deployment";
const serviceType = "kubernetes:core/v1:Service";
const namespaceType = "kubernetes:core/v1:Namespace";
const definitionType = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition";

const provider = providerFor(configMapType);
assert.ok(provider);

const configMap = (metadata: Inputs, data: Inputs): Inputs => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata,
  data,
});

const deployment = (name: string, labels: Inputs = { app: name }, replicas = 2): Inputs => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace: "default" },
  spec: {
    replicas,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        containers: [
          { name: "main", image: "example.invalid/app:1", resources: { limits: { cpu: "1000m" } } },
        ],
      },
    },
  },
});

describe("kubernetes kinds without a server", () => {
  const operation = (providerInputs: Inputs = {}) =>
    operationOn(configMapType, "settings", { providerInputs });
  const checked = (inputs: Inputs, oldInputs?: Inputs, settings: Inputs = {}) =>
    provider.check(configMapType, inputs, oldInputs, operation(settings));
  const diff = (from: Inputs, to: Inputs, outputs: Outputs = from, settings: Inputs = {}) =>
    provider.diff(configMapType, "default/x", from, outputs, to, operation(settings));

  it("names what has no name, marks it, and keeps the name from then on", async () => {
    const first = await checked(configMap({ labels: { a: "b" } }, {}));
    const metadata = first.metadata as Record<string, Inputs>;
    assert.match(String(metadata.name), /^settings-[0-9a-f]{8}$/);
    assert.equal(metadata.annotations?.["pulumi.com/autonamed"], "true");
    const second = await checked(configMap({}, {}), first);
    assert.equal((second.metadata as Inputs).name, metadata.name);
    const named = await checked(configMap({ name: "own" }, {}), first);
    assert.deepEqual(named.metadata, { name: "own" });
  });

  it("puts the provider's namespace on what lives in namespaces only", async () => {
    const settings = { namespace: "team" };
    const inside = await checked(configMap({ name: "a" }, {}), undefined, settings);
    assert.equal((inside.metadata as Inputs).namespace, "team");
    const outside = await provider.check(
      namespaceType,
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } },
      undefined,
      operation(settings),
    );
    assert.equal((outside.metadata as Inputs).namespace, undefined);
  });

  it("takes unknown names and settings in a preview", async () => {
    const inputs = configMap({ name: Unknown.value, namespace: Unknown.value }, {});
    assert.deepEqual(await checked(inputs, undefined, { kubeconfig: Unknown.value }), inputs);
  });

  it("lists everything wrong at once", async () => {
    await assert.rejects(
      checked(configMap({ generateName: "x-" }, {}), undefined, {
        enableServerSideApply: "false",
        renderYamlToDirectory: "out",
      }),
      (error: Error) =>
        ["generateName", "enableServerSideApply", "renderYamlToDirectory"].every((part) =>
          error.message.includes(part),
        ),
    );
  });

  it("refuses charts and YAML components, which need the real provider", () => {
    for (const type of ["kubernetes:helm.sh/v3:Release", "kubernetes:yaml/v2:ConfigGroup"]) {
      assert.equal(providerFor(type), undefined);
    }
  });

  it("replaces for a new name or namespace, first making the new where the names differ", async () => {
    const from = configMap({ name: "a", namespace: "n" }, { k: "1" });
    const renamed = await diff(from, configMap({ name: "b", namespace: "n" }, { k: "1" }));
    assert.deepEqual(renamed.replaceKeys, ["metadata"]);
    assert.equal(renamed.deleteBeforeReplace, false);
    const moved = await diff(from, configMap({ name: "a", namespace: "m" }, { k: "1" }));
    assert.deepEqual(moved.replaceKeys, ["metadata"]);
  });

  it("replaces ConfigMaps for new data unless the provider makes them mutable", async () => {
    const from = configMap({ name: "a" }, { k: "1" });
    const to = configMap({ name: "a" }, { k: "2" });
    assert.deepEqual(await diff(from, to), {
      changedKeys: ["data"],
      replaceKeys: ["data"],
      deleteBeforeReplace: true,
    });
    const mutable = await diff(from, to, from, { enableConfigMapMutable: "true" });
    assert.deepEqual(mutable.replaceKeys, []);
    assert.deepEqual(mutable.changedKeys, ["data"]);
  });

  it("does not take the default namespace, defaults, or rewritten quantities for changes", async () => {
    const inputs = deployment("web");
    const live = structuredClone(inputs) as Outputs;
    const spec = live.spec as { template: { spec: Inputs } };
    spec.template.spec = {
      containers: [
        {
          name: "main",
          image: "example.invalid/app:1",
          imagePullPolicy: "IfNotPresent",
          resources: { limits: { cpu: "1" } },
        },
      ],
      restartPolicy: "Always",
    };
    const without = { ...inputs, metadata: { name: "web" } };
    const result = await provider.diff(deploymentType, "default/web", without, live, without);
    assert.deepEqual(result.changedKeys, []);
  });

  it("sees what others changed in the live object at places that the inputs speak of", async () => {
    const inputs = deployment("web");
    const live = structuredClone(inputs) as Outputs;
    (live.spec as Inputs).replicas = 5;
    const drift = await provider.diff(deploymentType, "default/web", inputs, live, inputs);
    assert.deepEqual(drift, { changedKeys: ["spec"], replaceKeys: [], deleteBeforeReplace: false });
  });

  it("replaces a Deployment for a new selector and updates it for anything else", async () => {
    const from = deployment("web");
    const diffOf = (to: Inputs) => provider.diff(deploymentType, "default/web", from, from, to);
    assert.deepEqual((await diffOf(deployment("web", { app: "other" }))).replaceKeys, ["spec"]);
    const scaled = await diffOf(deployment("web", { app: "web" }, 3));
    assert.deepEqual(scaled, {
      changedKeys: ["spec"],
      replaceKeys: [],
      deleteBeforeReplace: false,
    });
  });

  it("compares the stringData of a Secret with the data that the server made of it", async () => {
    const inputs = (password: string): Inputs => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s" },
      stringData: { password },
    });
    const live = { ...inputs("x"), data: { password: "eA==" } };
    const same = await provider.diff(secretType, "default/s", inputs("x"), live, inputs("x"));
    assert.deepEqual(same.changedKeys, []);
    const other = await provider.diff(secretType, "default/s", inputs("x"), live, inputs("y"));
    assert.deepEqual(other.replaceKeys, ["data"]);
  });

  it("keeps the data of Secrets and every copy of inputs secret", () => {
    assert.deepEqual(provider.secretOutputs(secretType), ["__inputs", "data", "stringData"]);
    assert.deepEqual(provider.secretOutputs(configMapType), ["__inputs"]);
  });
});

describe("kubernetes kinds against a real API server", function () {
  this.timeout(120_000);
  let server: ApiServer;

  before(async function () {
    if (apiServerPrograms() === undefined) {
      console.warn(
        "SKIPPED: kubernetes against a real API server: no toolchain cache (make toolchain)",
      );
      this.skip();
    }
    server = await startApiServer();
  });

  after(async () => server?.stop());

  function operation(type: string, name: string, signal?: AbortSignal): RecordedOperation {
    return operationOn(type, name, {
      providerInputs: { kubeconfig: server.kubeconfig },
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async function create(type: string, inputs: Inputs, name = "thing", signal?: AbortSignal) {
    assert.ok(provider);
    const context = operation(type, name, signal);
    const checked = await provider.check(type, inputs, undefined, context);
    return { inputs: checked, ...(await provider.create(type, checked, context)) };
  }

  const live = (path: string) => server.call("GET", path) as Promise<Record<string, Inputs>>;

  it("makes, updates, reads and deletes an object, under the id namespace/name", async () => {
    const inputs = configMap({ name: "life" }, { a: "1", b: "2" });
    const made = await create(configMapType, inputs);
    assert.equal(made.id, "default/life");
    const { __inputs, __initialApiVersion, __fieldManager } = made.outputs;
    assert.deepEqual(__inputs, made.inputs);
    assert.equal(__initialApiVersion, "v1");
    assert.match(String(__fieldManager), /^pulumi-kubernetes-[0-9a-f]{8}$/);
    const context = operation(configMapType, "thing");
    const next = configMap({ name: "life" }, { a: "9" });
    const updated = await provider.update(
      configMapType,
      made.id,
      made.inputs,
      made.outputs,
      next,
      context,
    );
    assert.deepEqual(updated.data, { a: "9" });
    const seen = await provider.read(configMapType, made.id, next, updated, context);
    assert.deepEqual(seen?.data, { a: "9" });
    assert.deepEqual(
      (await provider.diff(configMapType, made.id, next, seen ?? {}, next)).changedKeys,
      [],
    );
    await provider.delete(configMapType, made.id, next, updated, context);
    assert.equal(await provider.read(configMapType, made.id, next, updated, context), undefined);
    await provider.delete(configMapType, made.id, next, updated, context);
  });

  it("repeats a create without making a second object or a second owner", async () => {
    const inputs = configMap({ name: "twice" }, { a: "1" });
    await create(configMapType, inputs);
    const { outputs } = await create(configMapType, inputs);
    const { managedFields } = outputs.metadata as { managedFields: Inputs[] };
    assert.equal(managedFields.length, 1);
  });

  it("does not take fields from another owner unless told to", async () => {
    await create(configMapType, configMap({ name: "shared" }, { a: "1" }), "first");
    const second = configMap({ name: "shared" }, { a: "2" });
    await assert.rejects(create(configMapType, second, "second"), /conflict.*patchForce/s);
    const annotations = { "pulumi.com/patchForce": "true" };
    const forced = configMap({ name: "shared", annotations }, { a: "2" });
    const { outputs } = await create(configMapType, forced, "second");
    assert.deepEqual(outputs.data, { a: "2" });
  });

  it("patches an object of others and gives its fields up on delete", async () => {
    const patchType = "kubernetes:core/v1:ConfigMapPatch";
    await create(configMapType, configMap({ name: "base" }, { own: "1" }), "base");
    const patch = configMap({ name: "base" }, { added: "2" });
    const made = await create(patchType, patch, "patch");
    assert.deepEqual(made.outputs.data, { added: "2", own: "1" });
    await provider.delete(patchType, made.id, patch, made.outputs, operation(patchType, "patch"));
    assert.deepEqual((await live("/api/v1/namespaces/default/configmaps/base")).data, { own: "1" });
    await assert.rejects(create(patchType, configMap({ name: "none" }, {})), /nothing to patch/);
  });

  it("gives cluster-wide objects their name as id and waits until a namespace is gone", async () => {
    const inputs = { apiVersion: "v1", kind: "Namespace", metadata: { name: "brief" } };
    const made = await create(namespaceType, inputs);
    assert.equal(made.id, "brief");
    const removal = provider.delete(
      namespaceType,
      made.id,
      inputs,
      made.outputs,
      operation(namespaceType, "thing"),
    );
    const path = "/api/v1/namespaces/brief";
    await until(async () => (await live(path)).metadata?.deletionTimestamp !== undefined);
    // The namespace controller's part: it lets go of the namespace.
    await server.call("PUT", "/api/v1/namespaces/brief/finalize", {
      ...(await live("/api/v1/namespaces/brief")),
      spec: { finalizers: [] },
    });
    await removal;
    await assert.rejects(live("/api/v1/namespaces/brief"), /404/);
  });

  it("waits for the rollout of a Deployment and reports its progress", async () => {
    const context = operation(deploymentType, "rollout");
    const inputs = deployment("rollout");
    const making = provider.create(deploymentType, inputs, context);
    await until(() => context.lines.some((line) => /not seen the change/.test(line)));
    const status = (available: number) =>
      server.call(
        "PATCH",
        "/apis/apps/v1/namespaces/default/deployments/rollout/status",
        {
          status: {
            observedGeneration: 1,
            replicas: 2,
            updatedReplicas: 2,
            readyReplicas: available,
            availableReplicas: available,
          },
        },
        "application/merge-patch+json",
      );
    await status(1);
    await until(() => context.lines.some((line) => /1 of 2 replicas are available/.test(line)));
    await status(2);
    const { outputs } = await making;
    assert.equal((outputs.status as Inputs).availableReplicas, 2);
    const repeat = await provider.diff(deploymentType, "default/rollout", inputs, outputs, inputs);
    assert.deepEqual(repeat.changedKeys, []);
  });

  it("remembers what exists when the rollout fails, when time is over, and on cancel", async () => {
    const failing = provider.create(
      deploymentType,
      deployment("failing"),
      operation(deploymentType, "failing"),
    );
    failing.catch(() => {});
    await until(() =>
      live("/apis/apps/v1/namespaces/default/deployments/failing").then(
        () => true,
        () => false,
      ),
    );
    const condition = {
      type: "Progressing",
      status: "False",
      reason: "ProgressDeadlineExceeded",
      message: "took too long",
    };
    await server.call(
      "PATCH",
      "/apis/apps/v1/namespaces/default/deployments/failing/status",
      { status: { observedGeneration: 1, conditions: [condition] } },
      "application/merge-patch+json",
    );
    await assert.rejects(failing, (error: unknown) => {
      assert.ok(error instanceof PartialResourceError);
      assert.match(error.message, /took too long/);
      assert.equal(error.id, "default/failing");
      assert.deepEqual(error.outputs.__inputs, deployment("failing"));
      return true;
    });
    const slow = deployment("slow");
    (slow.metadata as Inputs).annotations = { "pulumi.com/timeoutSeconds": "1" };
    await assert.rejects(create(deploymentType, slow), /after 1 s/);
    const cancel = new AbortController();
    const cancelled = create(deploymentType, deployment("cancelled"), "c", cancel.signal);
    cancelled.catch(() => {});
    await until(() =>
      live("/apis/apps/v1/namespaces/default/deployments/cancelled").then(
        () => true,
        () => false,
      ),
    );
    cancel.abort();
    await assert.rejects(cancelled, PartialResourceError);
  });

  it("does not wait for what is annotated skipAwait", async () => {
    const inputs = deployment("hasty");
    (inputs.metadata as Inputs).annotations = { "pulumi.com/skipAwait": "true" };
    assert.equal((await create(deploymentType, inputs)).id, "default/hasty");
  });

  it("waits until a Service has a ready endpoint, and not at all without a selector", async () => {
    const service = (name: string, spec: Inputs): Inputs => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: { ports: [{ port: 80 }], ...spec },
    });
    await create(serviceType, service("bare", {}));
    const context = operation(serviceType, "selecting");
    const making = provider.create(
      serviceType,
      service("selecting", { selector: { a: "b" } }),
      context,
    );
    await until(() => context.lines.some((line) => /no pod behind it is ready/.test(line)));
    await server.call("POST", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "selecting-1", labels: { "kubernetes.io/service-name": "selecting" } },
      addressType: "IPv4",
      endpoints: [{ addresses: ["192.0.2.1"], conditions: { ready: true } }],
      ports: [{ port: 80, name: "" }],
    });
    assert.equal((await making).id, "default/selecting");
  });

  it("makes objects of a kind that was defined a moment ago", async () => {
    const schema = {
      type: "object",
      properties: { spec: { type: "object", x_kubernetes_preserve_unknown_fields: true } },
    };
    const definition: Inputs = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "gadgets.test.example" },
      spec: {
        group: "test.example",
        scope: "Cluster",
        names: { plural: "gadgets", singular: "gadget", kind: "Gadget", listKind: "GadgetList" },
        versions: [
          { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } },
        ],
      },
    };
    const made = await create(definitionType, definition);
    const again = await provider.diff(
      definitionType,
      made.id,
      made.inputs,
      made.outputs,
      made.inputs,
    );
    assert.deepEqual(again.changedKeys, []);
    const gadgetType = "kubernetes:test.example/v1:Gadget";
    const gadget = await create(gadgetType, {
      apiVersion: "test.example/v1",
      kind: "Gadget",
      metadata: { name: "one" },
      spec: { free: { form: [1, "two"] } },
    });
    assert.equal(gadget.id, "one");
    assert.deepEqual((gadget.outputs.spec as Inputs).free, { form: [1, "two"] });
  });

  it("names the server's objections and the way out for immutable fields", async () => {
    await assert.rejects(
      create(configMapType, configMap({ name: "Not_A_Name" }, {})),
      /ConfigMap Not_A_Name: .*Invalid value/,
    );
    const inputs = deployment("fixed");
    (inputs.metadata as Inputs).annotations = { "pulumi.com/skipAwait": "true" };
    const made = await create(deploymentType, inputs, "fixed");
    const changed = { ...deployment("fixed", { app: "other" }), metadata: inputs.metadata ?? null };
    await assert.rejects(
      provider.update(
        deploymentType,
        made.id,
        made.inputs,
        made.outputs,
        changed,
        operation(deploymentType, "fixed"),
      ),
      /immutable.*replaceOnChanges/s,
    );
  });

  it("forgets objects of an unreachable cluster only when told to", async () => {
    const gone = (further: Inputs) =>
      operationOn(configMapType, "lost", {
        providerInputs: {
          kubeconfig: server.kubeconfig.replace(/127\.0\.0\.1:\d+/, "127.0.0.1:1"),
          ...further,
        },
      });
    const inputs = configMap({ name: "lost", namespace: "default" }, {});
    const remove = (further: Inputs) =>
      provider.delete(configMapType, "default/lost", inputs, inputs, gone(further));
    await assert.rejects(remove({}), /cannot reach the API server/);
    await remove({ deleteUnreachable: "true" });
  });
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("the awaited state did not come");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
