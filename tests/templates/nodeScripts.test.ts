import assert from "node:assert/strict";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { planHosts } from "../../design/hosts.ts";
import { readTemplates } from "../../templates/read.ts";
import { hostsConfig } from "../support/fixtures.ts";
import { needs, run } from "../support/tools.ts";

const root = join(import.meta.dirname, "../..");
const folders = [
  "artifacts",
  "containerd",
  "kubeadm",
  "manifests",
  "node",
  "podNetwork",
  "workers",
];
const templates = readTemplates();
const scripts = [...templates.keys()].filter(
  (path) => folders.includes(path.split("/")[0] ?? "") && path.endsWith(".sh"),
);

describe("scripts for nodes", () => {
  it("pass shellcheck, each in the shell that its first line names", function () {
    needs(this, "shellcheck");
    this.timeout(120_000);
    assert.ok(scripts.length > 25);
    // What is sourced is made on the machine, and so are the variables in it.
    const { status, output } = run(
      "sh",
      ["-c", `cd ${root}/templates && shellcheck -x -e SC1091,SC2154 ${scripts.join(" ")}`],
      { timeoutSeconds: 110 },
    );
    assert.equal(status, 0, output);
  });

  it("reset kubeadm in one place, and never by its phase that empties /var/lib/etcd", () => {
    const resets = scripts.filter((path) => / reset --force/.test(templates.get(path) ?? ""));
    assert.deepEqual(resets, ["kubeadm/resetKubeadm.sh"]);
    assert.match(
      templates.get("kubeadm/resetKubeadm.sh") ?? "",
      /--skip-phases remove-etcd-member/,
    );
  });

  it("ask timedatectl by options that systemd 252 has, so that a clock is seen on Debian 12", () => {
    const asked = [...templates.values()].flatMap(
      (one) => one.match(/timedatectl show [^)|]*/g) ?? [],
    );
    assert.ok(asked.length >= 2);
    for (const words of asked) assert.match(words, /--property=NTPSynchronized --value/);
  });

  it("pass no token and no key as an argument", () => {
    for (const path of scripts) {
      assert.doesNotMatch(templates.get(path) ?? "", /--token[ =]|--certificate-key/, path);
    }
  });
});

describe("what runs in the cluster for the cluster", () => {
  // biome-ignore lint/suspicious/noExplicitAny: objects of Kubernetes' own shapes.
  const objects = (path: string): any[] => {
    const files = planHosts(hostsConfig(), templates)
      .machines.filter(({ name }) => name === "control-a")
      .flatMap(({ steps }) => steps.flatMap((step) => step.files));
    const text = files.find((file) => file.path === `/etc/quorum/manifests/${path}`)?.text ?? "";
    return parseAllDocuments(text).map((one) => one.toJS());
  };
  const coredns = (kind: string) => objects("coredns.yaml").find((one) => one.kind === kind);

  it("is DNS once in each zone, also while the first zone is the only one", () => {
    const { replicas, template } = coredns("Deployment").spec;
    assert.equal(replicas, 3);
    const spread = template.spec.topologySpreadConstraints[0];
    assert.equal(spread.topologyKey, "topology.kubernetes.io/zone");
    assert.equal(spread.whenUnsatisfiable, "DoNotSchedule");
    assert.equal(spread.minDomains, 3);
    assert.equal(spread.nodeTaintsPolicy, "Honor");
  });

  it("lets one DNS pod at a time be taken away, and none be held back by an ill one", () => {
    const { spec } = coredns("PodDisruptionBudget");
    assert.equal(spec.maxUnavailable, 1);
    assert.equal(spec.unhealthyPodEvictionPolicy, "AlwaysAllow");
    assert.deepEqual(spec.selector, coredns("Deployment").spec.selector);
  });

  it("lets a host read the join token and the nodes, and nothing more", () => {
    const rules = objects("hostAccess.yaml").flatMap((one) => one.rules ?? []);
    assert.deepEqual(rules, [
      { apiGroups: [""], resources: ["secrets"], resourceNames: ["quorum-join"], verbs: ["get"] },
      { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch"] },
    ]);
  });
});
