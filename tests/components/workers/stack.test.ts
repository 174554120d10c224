import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ec2Stack } from "../../../components/ec2/stack.ts";
import { parseConfig } from "../../../config/parse.ts";
import type { WorkersConfig } from "../../../config/schema.ts";
import { joinDifferences } from "../../../design/joinFacts.ts";
import { renderBundle } from "../../../design/render/bundle.ts";
import { planWorkers } from "../../../design/workers.ts";
import { readTemplates } from "../../../templates/read.ts";
import { ec2Config, rawWorkers } from "../../support/fixtures.ts";
import { record } from "../../support/mocks.ts";
import type { PreviewJson } from "../../support/plannedGraph.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../..");
const templates = readTemplates();
const plan = planWorkers(parseConfig(rawWorkers()) as WorkersConfig, templates);

const published = {
  platform: "ec2",
  certificateAuthority: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
  join: {
    apiName: "api.quorum-hybrid.internal",
    apiPort: 6443,
    dnsAddress: "172.20.0.10",
    kubernetesVersion: "1.36.3",
    podCidr: "10.244.0.0/16",
    serviceCidr: "172.20.0.0/16",
    tokenParameter: "/k8s/quorum-hybrid/worker/bootstrap-token",
  },
};

describe("workers of another stack's cluster", function () {
  this.timeout(120_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "quorum-outputs-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** The worked example by the embedded engine; `outputs` of the cluster's stack, if it has any. */
  const preview = async (outputs?: object): Promise<PreviewJson> => {
    rmSync(join(folder, "hybrid.json"), { force: true });
    if (outputs !== undefined) writeFileSync(join(folder, "hybrid.json"), JSON.stringify(outputs));
    const args = ["preview", "--stack", "branch", "--engine", "embedded", "--fresh", "--json"];
    const { stdout } = await run(join(root, "bin/quorum"), [...args, "--show-sames"], {
      cwd: root,
      env: { ...process.env, QUORUM_STACK_OUTPUTS: folder },
      maxBuffer: 2 ** 26,
    });
    return JSON.parse(stdout);
  };
  const urns = ({ steps }: PreviewJson) =>
    steps.map(({ newState }) => newState?.urn.split("::").slice(2).join(" ")).toSorted();

  it("are planned before their cluster has outputs, and no differently after", async () => {
    const before = await preview();
    const after = await preview(published);
    assert.deepEqual(urns(before), urns(after));
    const machine = (name: string) => [
      `quorum:workers:Workers$quorum:hosts:Machine ${name}`,
      ...["bundle", "preflight", "ready", "secrets", "token"].map(
        (what) =>
          `quorum:workers:Workers$quorum:hosts:Machine$command:remote:Command ${name}-${what}`,
      ),
    ];
    assert.deepEqual(
      urns(after),
      [
        "pulumi:pulumi:Stack quorum-branch",
        "pulumi:pulumi:StackReference organization/quorum/hybrid",
        "pulumi:providers:aws quorum-hybrid-aws",
        "quorum:workers:Workers quorum-hybrid-workers",
        ...machine("branch-1"),
        ...machine("branch-2"),
      ].toSorted(),
    );
    const references = after.steps.flatMap(({ newState }) =>
      newState?.type === "pulumi:pulumi:StackReference" ? [newState] : [],
    ) as unknown as { outputs: { outputs: object } }[];
    assert.deepEqual(
      references.map(({ outputs }) => outputs.outputs),
      [published],
    );
  });

  it("are refused by a cluster that is another than their stack file says", async () => {
    const other = { ...published, join: { ...published.join, kubernetesVersion: "1.36.1" } };
    await assert.rejects(preview(other), (error: Error & { stdout: string; stderr: string }) => {
      assert.match(
        `${error.stdout}${error.stderr}`,
        /is another cluster than this stack file says:[\s\S]*kubernetesVersion is 1\.36\.1 there and 1\.36\.3 here/,
      );
      return true;
    });
  });

  it("understand what the cluster's stack really exports", async () => {
    const { outputs } = await record(
      async () =>
        ec2Stack(
          ec2Config((raw) => {
            raw.name = "quorum-hybrid";
          }),
        ),
      { stack: "demo", preview: false },
    );
    const join = outputs?.join as typeof published.join;
    assert.deepEqual(joinDifferences(plan.facts, join), []);
    assert.deepEqual(Object.keys(join).toSorted(), Object.keys(published.join).toSorted());
    assert.deepEqual(joinDifferences(plan.facts, { ...join, dnsAddress: "10.0.0.10" }), [
      "dnsAddress is 10.0.0.10 there and 172.20.0.10 here",
    ]);
  });

  it("have no more key material than the cluster's certificate, and no token in a file of theirs", () => {
    for (const machine of plan.machines) {
      assert.deepEqual(machine.secrets, ["kubernetes-ca.crt"]);
      assert.equal(machine.hasHostCertificate, false);
      assert.doesNotMatch(
        renderBundle(templates, machine),
        /PRIVATE KEY|[a-z0-9]{6}\.[a-z0-9]{16}\b/,
      );
    }
  });

  it("are nodes that the cloud's controller does not know: it would delete them by name", () => {
    for (const machine of plan.machines) {
      const files = machine.steps.flatMap((step) => step.files);
      const text = (end: string) => files.find(({ path }) => path.endsWith(end))?.text ?? "";
      assert.match(
        text("kubeletconfiguration0+strategic.yaml"),
        new RegExp(`providerID: quorum://quorum-hybrid/${machine.name}\\n`),
      );
      assert.doesNotMatch(text("join.yaml"), /cloud-provider/);
      assert.match(text("far-nodes.env"), /FAR_MTU="?1300"?/);
    }
  });
});
