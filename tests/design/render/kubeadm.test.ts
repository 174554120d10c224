import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { clusterTimings } from "../../../design/clusterTimings.ts";
import { planHosts } from "../../../design/hosts.ts";
import { initFile } from "../../../design/render/kubeadm.ts";
import { readTemplates } from "../../../templates/read.ts";
import { hostsConfig } from "../../support/fixtures.ts";
import { run } from "../../support/tools.ts";

const plan = planHosts(hostsConfig(), readTemplates());

function fileOf(machine: string, path: string): string {
  const files = plan.machines
    .filter(({ name }) => name === machine)
    .flatMap(({ steps }) => steps.flatMap((step) => step.files));
  const found = files.find((file) => file.path === path);
  assert.ok(found, `${machine} has no ${path}`);
  return found.text;
}

// biome-ignore lint/suspicious/noExplicitAny: documents of kubeadm's own shapes.
const documents = (text: string): any[] => parseAllDocuments(text).map((one) => one.toJS());
const initDocument = (kind: string) =>
  documents(fileOf("control-a", "/etc/quorum/kubeadm/init.yaml")).find((one) => one.kind === kind);

function flags(component: "apiServer" | "controllerManager"): Map<string, string> {
  const { extraArgs } = initDocument("ClusterConfiguration")[component];
  return new Map(extraArgs.map((arg: { name: string; value: string }) => [arg.name, arg.value]));
}

/** The pinned kubeadm of the lab's tool cache, or the one on PATH. */
function kubeadm(): string | undefined {
  const cache = join(process.env.QUORUM_CACHE_DIR ?? "/var/cache/quorum", "toolchain");
  const cached = existsSync(cache)
    ? readdirSync(cache)
        .filter((name) => name.startsWith("kubernetes-1.36.3"))
        .map((name) => join(cache, name, "kubeadm"))
        .find((path) => existsSync(path))
    : undefined;
  return cached ?? (run("sh", ["-c", "command -v kubeadm"]).output.trim() || undefined);
}

describe("kubeadm's files", () => {
  it("are what kubeadm itself takes", function () {
    const program = kubeadm();
    if (program === undefined) {
      console.error("      NOT CHECKED: kubeadm is not installed");
      this.skip();
    }
    const folder = mkdtempSync(join(tmpdir(), "quorum-kubeadm-"));
    try {
      // kubeadm wants the discovery file to exist.
      const discovery = join(folder, "discovery");
      writeFileSync(discovery, "");
      for (const [machine, name] of [
        ["control-a", "init"],
        ["control-b", "join"],
        ["worker-a", "join"],
      ] as const) {
        const file = join(folder, `${machine}-${name}.yaml`);
        const text = fileOf(machine, `/etc/quorum/kubeadm/${name}.yaml`);
        writeFileSync(file, text.replace("/run/quorum-join.conf", discovery));
        const result = run(program, ["config", "validate", "--config", file]);
        assert.equal(result.status, 0, `${machine} ${name}: ${result.error}`);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("keep etcd's trouble out of the API server's liveness, and give it time to leave", () => {
    const path = "/etc/quorum/kubeadm/patches/kube-apiserver0+strategic.yaml";
    const [patch] = documents(fileOf("control-a", path));
    const [container] = patch.spec.containers;
    assert.equal(container.livenessProbe.httpGet.path, "/livez?exclude=etcd");
    assert.equal(container.startupProbe.httpGet.path, "/livez?exclude=etcd");
    const seconds = (name: string) => Number.parseInt(flags("apiServer").get(name) ?? "", 10);
    const needed =
      seconds("shutdown-delay-duration") + seconds("shutdown-watch-termination-grace-period");
    // A request may take 60 s.
    assert.ok(patch.spec.terminationGracePeriodSeconds >= needed + 60);
    const [kubelet] = documents(
      fileOf("control-a", "/etc/quorum/kubeadm/patches/kubeletconfiguration0+strategic.yaml"),
    );
    assert.ok(
      Number.parseInt(kubelet.shutdownGracePeriodCriticalPods, 10) >
        patch.spec.terminationGracePeriodSeconds,
    );
  });

  it("let anonymous callers ask for health and nothing else", () => {
    const [rules] = documents(fileOf("control-a", "/etc/quorum/apiserver/authentication.yaml"));
    assert.deepEqual(
      rules.anonymous.conditions.map(({ path }: { path: string }) => path),
      ["/livez", "/readyz", "/healthz"],
    );
    assert.ok(!flags("apiServer").has("anonymous-auth"));
    assert.equal(
      flags("apiServer").get("authentication-config"),
      "/etc/quorum/apiserver/authentication.yaml",
    );
  });

  it("encrypt Secrets at rest before anything else may write them", () => {
    const [file] = documents(fileOf("control-a", "/etc/quorum/kubeadm/encryption.yaml"));
    assert.deepEqual(file.resources[0].resources, ["secrets"]);
    assert.deepEqual(Object.keys(file.resources[0].providers[0]), ["secretbox"]);
    assert.ok(flags("apiServer").has("encryption-provider-config"));
  });

  it("mount every file that a flag of the API server names", () => {
    const { extraVolumes } = initDocument("ClusterConfiguration").apiServer;
    const mounts = extraVolumes.map((one: { mountPath: string }) => one.mountPath);
    const paths = [...flags("apiServer").values()].filter((value) => value.startsWith("/"));
    for (const path of paths.filter((one) => !one.startsWith("/etc/kubernetes/pki/"))) {
      assert.ok(
        mounts.some((mount: string) => path.startsWith(`${mount}/`)),
        path,
      );
    }
  });

  it("outlast an etcd that stalls for 40 s, and replace a lost node's pods within 90", () => {
    const seconds = (text: string | undefined) => Number.parseInt(text ?? "", 10);
    const grace = seconds(flags("controllerManager").get("node-monitor-grace-period"));
    const tolerated = seconds(flags("apiServer").get("default-unreachable-toleration-seconds"));
    const renewal = clusterTimings.leaseSeconds / 4;
    assert.ok(grace >= 40 + renewal + renewal, "stalled etcd");
    // client-go gives a silent connection up after 30 + 15 s.
    assert.ok(grace >= 45 + renewal, "kubelets behind a silent API server");
    assert.ok(grace + tolerated + clusterTimings.nodeMonitorSeconds <= 75, "leaves 15 s to start");
    assert.equal(
      tolerated,
      seconds(flags("apiServer").get("default-not-ready-toleration-seconds")),
    );
  });

  it("take no volume from a machine that is only silent, unless a cloud answers for it", () => {
    const flag = "disable-force-detach-on-timeout";
    assert.equal(flags("controllerManager").get(flag), "true");
    const { kubernetes, etcd } = plan;
    const [node] = kubernetes.controlPlanes;
    assert.ok(node !== undefined);
    const inCloud = initFile({ ...kubernetes, cloud: { region: "eu-west-1" } }, etcd, node);
    assert.ok(inCloud.text.includes("node-monitor-grace-period"));
    assert.ok(!inCloud.text.includes(flag));
  });

  it("say where a node stands, in labels that a node may give itself", () => {
    const join = documents(fileOf("worker-a", "/etc/quorum/kubeadm/join.yaml"))[0];
    const args = join.nodeRegistration.kubeletExtraArgs as { name: string; value: string }[];
    assert.equal(
      args.find(({ name }) => name === "node-labels")?.value,
      "topology.kubernetes.io/region=demo,topology.kubernetes.io/zone=a",
    );
    assert.deepEqual(join.nodeRegistration.taints, []);
  });
});
